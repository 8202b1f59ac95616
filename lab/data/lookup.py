"""From a configuration's `data` section to an opened pack, packing on first use."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from lab.config import DataConfig, cache_folder
from lab.data.beside import describing_files
from lab.data.folders import LabelChoice
from lab.data.image_files import image_source
from lab.data.named import NAMED
from lab.data.pack import Pack, is_pack, open_pack
from lab.data.saved_dataset import arrow_files, is_saved_dataset, saved_dataset
from lab.data.shelf import BrokenImage, Shelf, folder_shelf, zip_shelf
from lab.data.source import Source
from lab.data.write import write_pack
from lab.errors import InputError, unknown

_RECIPE, _OWN_RECIPE = 1, 2
"""Of named sets and of a person's own images. They rise when packing changes the content of a
pack: older packs are then packed again."""


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
    elif is_saved_dataset(path):
        path = path.resolve()
        signature = _signature(path, arrow_files(path))
        folder = _cached(_slug(path.stem), config.resolution, signature)
        load = functools.partial(saved_dataset, path)
    else:
        shelf = _shelf(config)
        signature = _signature(shelf.path, _files(shelf))
        folder = _cached(_slug(shelf.path.stem), config.resolution, signature)
        load = functools.partial(image_source, shelf)
    if not folder.exists():
        write_pack(load, folder, config.resolution)
    return open_pack(folder)


def load_source(
    config: DataConfig,
    captions: Path | None = None,
    attributes: Sequence[str] = (),
    labels: LabelChoice = "auto",
) -> Callable[[], Source]:
    """How to read the original images that `config.source` names.

    `captions` is a file with those of a folder or a zip of images, `attributes` are columns of it;
    `labels` chooses whether sub-folders are classes.
    Raises InputError for an unknown set, and for a pack, which has no originals.
    """
    path = Path(config.source).expanduser()
    is_named = config.source in NAMED
    if captions is not None and (is_named or is_saved_dataset(path)):
        raise InputError(
            f"--captions is for a folder or a zip of images; {config.source} brings its own texts "
            "if it has any, so leave it out"
        )
    if labels != "auto" and (is_named or is_saved_dataset(path)):
        raise InputError(
            f"--labels is for a folder or a zip of images; {config.source} brings its own labels "
            "if it has any, so leave it out"
        )
    if attributes and captions is None:
        raise InputError("--attributes are columns of a table; give it with --captions")
    if is_named:
        root = Path(config.root).expanduser() if config.root else None
        return functools.partial(NAMED[config.source].load, root)
    if is_saved_dataset(path):
        return functools.partial(saved_dataset, path.resolve())
    return functools.partial(image_source, _shelf(config), captions, attributes, labels)


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
    version = f"v{_OWN_RECIPE}-{signature}" if signature else f"v{_RECIPE}"
    return cache_folder() / "packs" / f"{name}-{resolution}-{version}"


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "images"


def _files(shelf: Shelf) -> Iterable[Path]:
    """The zip, or the images and the files that describe them."""
    if shelf.path.is_file():
        return [shelf.path]
    return (shelf.path / name for name in (*shelf.names, *describing_files(shelf)))


def _signature(path: Path, files: Iterable[Path]) -> str:
    """Changes with the path of a data set, and with names, sizes and times of its files."""
    digest = hashlib.blake2b(os.fsencode(path), digest_size=6)
    for file in files:
        try:
            facts = file.stat()
        except OSError as error:
            raise BrokenImage(file, error) from error
        name = "" if file == path else file.relative_to(path).as_posix()
        digest.update(os.fsencode(f"{name}\0{facts.st_size}\0{facts.st_mtime_ns}\0"))
    return digest.hexdigest()


def _at_resolution(pack: Pack, config: DataConfig) -> Pack:
    if pack.resolution != config.resolution:
        raise InputError(
            f"data.resolution is {config.resolution} but the pack {pack.folder} holds "
            f"{pack.resolution}x{pack.resolution} images; set data.resolution to "
            f"{pack.resolution} or pack the originals again"
        )
    return pack
