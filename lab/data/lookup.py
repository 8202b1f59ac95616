"""From a configuration's `data` section to an opened pack, packing on first use."""

from __future__ import annotations

import functools
import hashlib
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from lab.config import DataConfig, cache_folder
from lab.data.image_files import Shelf, broken_image, folder_shelf, image_source, zip_shelf
from lab.data.named import NAMED
from lab.data.pack import Pack, is_pack, open_pack
from lab.data.source import Source
from lab.data.write import write_pack
from lab.errors import InputError, unknown

_RECIPE = 1
"""Rises when packing changes the content of a pack: older packs are then packed again."""


def find(config: DataConfig) -> Pack:
    """The pack that `config.source` names, packed into the cache at `config.resolution` if needed.

    A named set goes before a path of the same name (write ./mnist for the folder). A folder or a
    zip is packed again when its files changed.
    Raises InputError with one sentence for an unknown set, broken images, or a damaged pack.
    """
    path = Path(config.source).expanduser()
    if config.source not in NAMED and is_pack(path):
        return _at_resolution(open_pack(path), config)
    if config.source in NAMED:
        folder = _cached(config.source, config.resolution)
        load = load_source(config)
    else:
        shelf = _shelf(config)
        folder = _cached(_slug(shelf.path.stem), config.resolution, _signature(shelf))
        load = functools.partial(image_source, shelf)
    if not folder.exists():
        write_pack(load, folder, config.resolution)
    return open_pack(folder)


def load_source(config: DataConfig) -> Callable[[], Source]:
    """How to read the original images that `config.source` names.

    Raises InputError for an unknown set, and for a pack, which has no originals.
    """
    if config.source in NAMED:
        root = Path(config.root).expanduser() if config.root else None
        return functools.partial(NAMED[config.source].load, root)
    return functools.partial(image_source, _shelf(config))


def _shelf(config: DataConfig) -> Shelf:
    path = Path(config.source).expanduser()
    if is_pack(path):
        raise InputError(f"{path} is a pack already; pack the originals it was made from")
    if path.is_dir():
        return folder_shelf(path.resolve())
    if zipfile.is_zipfile(path):
        return zip_shelf(path.resolve())
    if path.exists() or path.suffix == ".zip" or "/" in config.source:
        what = "neither a folder nor a zip" if path.exists() else "not there"
        raise InputError(
            f"the data set {path} is {what}; give a pack, or a folder or zip of images"
        )
    raise unknown("the data set", config.source, NAMED)


def _cached(name: str, resolution: int, signature: str = "") -> Path:
    """<cache>/packs/cifar10-32-v1"""
    ending = f"-{signature}" if signature else ""
    return cache_folder() / "packs" / f"{name}-{resolution}-v{_RECIPE}{ending}"


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "images"


def _signature(shelf: Shelf) -> str:
    """Changes with the place, names, sizes and times of a shelf's files."""
    digest = hashlib.blake2b(str(shelf.path).encode(), digest_size=6)
    for name in [""] if shelf.path.is_file() else shelf.names:
        try:
            facts = (shelf.path / name).stat()
        except OSError as error:
            raise broken_image(shelf, name, error) from error
        digest.update(f"{name}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def _at_resolution(pack: Pack, config: DataConfig) -> Pack:
    if pack.resolution != config.resolution:
        raise InputError(
            f"data.resolution is {config.resolution} but the pack {pack.folder} holds "
            f"{pack.resolution}x{pack.resolution} images; set data.resolution to "
            f"{pack.resolution} or pack the originals again"
        )
    return pack
