"""`python -m lab.data pack | list | show`: pack image sets and inspect them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import tyro

from lab.cli import run_commands
from lab.config import RESOLUTIONS, RESOLUTIONS_IN_WORDS, DataConfig
from lab.data.lookup import find, load_source
from lab.data.named import NAMED
from lab.data.pack import Pack, damaged, is_pack, open_pack, stored_fingerprint
from lab.data.sheet import write_sheet
from lab.data.write import write_pack
from lab.errors import InputError


def pack(
    source: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE")],
    out: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="OUT")],
    resolution: int = 32,
    root: str | None = None,
) -> int:
    """Pack a named set, a folder or a zip of images into a folder.

    Args:
        source: A named set (see list), or the path of a folder or a zip of images.
        out: The pack's folder; it must not exist yet.
        resolution: Side of the square images in pixels, a power of two from 16 to 1,024, or 28;
            others are cropped and resized.
        root: Folder that already holds the named set's original files.
    """
    _require_resolution(resolution)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists already; remove it or give another folder for the pack")
    load = load_source(DataConfig(source=source, resolution=resolution, root=root))
    write_pack(load, out, resolution)
    card = open_pack(out).card
    print(
        f"packed {card.num_images:,} images of {card.name} into {out}; "
        f"train on it with data.source={out} data.resolution={resolution}"
    )
    return 0


def list_sets() -> int:
    """List the named sets."""
    for name, entry in NAMED.items():
        print(f"{name:14} {entry.about}")
    print("The path of a pack, a folder or a zip of images is a data set as well.")
    return 0


def show(
    source: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE")],
    resolution: int = 32,
    root: str | None = None,
    grid: Path | None = None,
) -> int:
    """Show a pack's card, check its pixels against its fingerprint, and draw a contact sheet.

    Args:
        source: The path of a pack, or anything that can be packed.
        resolution: Which resolution of a set to show; a pack has its own.
        root: Folder that already holds the named set's original files.
        grid: Write a sheet of training images, a row for each class, to this .webp or .png.
    """
    _require_resolution(resolution)
    path = Path(source).expanduser()
    if source not in NAMED and is_pack(path):
        opened = open_pack(path)
    else:
        opened = find(DataConfig(source=source, resolution=resolution, root=root))
    for name, value in opened.card.model_dump().items():
        print(f"{name:12} {_plain(value)}")
    print(f"{'folder':12} {opened.folder}")
    _verify(opened)
    if grid is not None:
        write_sheet(opened.train, opened.num_classes, grid)
        print(f"{'grid':12} {grid}")
    return 0


def _require_resolution(side: int) -> None:
    if side not in RESOLUTIONS:
        raise InputError(f"--resolution is {side}; it must be {RESOLUTIONS_IN_WORDS}")


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {start}..{stop}" for name, (start, stop) in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _verify(opened: Pack) -> None:
    """Read every pixel; raises InputError when they are not the ones that were packed."""
    if stored_fingerprint(opened) != opened.card.fingerprint:
        raise damaged(opened.folder, "its pixels, labels or texts do not match its fingerprint")
    print(f"{'verified':12} pixels, labels, texts and splits match the fingerprint")


def main(args: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    commands: dict[str, Callable[..., int]] = {"pack": pack, "list": list_sets, "show": show}
    return run_commands(commands, prog="python -m lab.data", args=args)


if __name__ == "__main__":
    sys.exit(main())
