"""From a configuration's `data` section to an opened pack, packing on first use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lab.config import DataConfig, InputError, cache_folder, unknown
from lab.data.fashion import fashion_mini
from lab.data.pack import Pack, is_pack, open_pack
from lab.data.source import Source
from lab.data.write import write_pack

_RECIPE = 1
"""Rises when packing changes what a pack of the same originals holds: old ones are packed anew."""

NAMED: dict[str, Callable[[Path | None], Source]] = {"fashion-mini": lambda root: fashion_mini()}


def find(config: DataConfig) -> Pack:
    """The pack that `config.source` names, packed into the cache at `config.resolution` if needed.

    A named set goes before a path of the same name (write ./mnist for the folder).
    Raises InputError with one sentence for an unknown set, broken images, or a damaged pack.
    """
    if config.source in NAMED:
        folder = cache_folder() / "packs" / f"{config.source}-{config.resolution}-v{_RECIPE}"
        if not folder.exists():
            root = Path(config.root).expanduser() if config.root else None
            write_pack(NAMED[config.source](root), folder, config.resolution)
        return open_pack(folder)
    path = Path(config.source).expanduser()
    if is_pack(path):
        return _at_resolution(open_pack(path), config)
    raise unknown("the data set", config.source, NAMED)


def _at_resolution(pack: Pack, config: DataConfig) -> Pack:
    if pack.resolution != config.resolution:
        raise InputError(
            f"data.resolution is {config.resolution} but the pack {pack.folder} holds "
            f"{pack.resolution}x{pack.resolution} images; set data.resolution to "
            f"{pack.resolution} or pack the originals again"
        )
    return pack
