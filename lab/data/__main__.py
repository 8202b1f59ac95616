"""`python -m lab.data pack | list | show`: pack image sets and inspect them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import tyro

from lab.cli import run_commands
from lab.config import RESOLUTIONS, RESOLUTIONS_IN_WORDS, DataConfig
from lab.data.folders import LabelChoice
from lab.data.lookup import find, load_source
from lab.data.named import NAMED
from lab.data.pack import SPLITS, Pack, damaged, is_pack, open_pack, stored_fingerprint
from lab.data.sheet import write_sheet
from lab.data.write import write_pack
from lab.errors import InputError

_FEW_VALUES = 8


def pack(
    source: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE")],
    out: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="OUT")],
    resolution: int = 32,
    root: str | None = None,
    captions: Path | None = None,
    attributes: tuple[str, ...] = (),
    labels: LabelChoice = "auto",
    skip_broken: bool = False,
) -> int:
    """Pack a named set, a folder or a zip of images into a folder.

    Args:
        source: A named set (see list), the path of a folder or a zip of images, or a folder that
            the package datasets saved.
        out: The pack's folder; it must not exist yet.
        resolution: Side of the square images in pixels, a power of two from 16 to 1,024, or 28;
            others are cropped and resized.
        root: Folder that already holds the named set's original files.
        captions: Captions of the images in COCO's JSON, or a .csv, .tsv or .parquet with the
            columns file and caption; without it those in .txt files beside the images.
        attributes: Columns of that table that are attributes, say gender and age.
        labels: Whether sub-folders are classes; auto takes dataset.json where there is one, and
            refuses sub-folders that do not look like classes.
        skip_broken: Leave out images that cannot be read, and record which.
    """
    _require_resolution(resolution)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists already; remove it or give another folder for the pack")
    config = DataConfig(source=source, resolution=resolution, root=root)
    load = load_source(config, captions, attributes, labels)
    write_pack(load, out, resolution, skip_broken=skip_broken)
    card = open_pack(out).card
    if card.labels_from:
        print(f"labels: {card.num_classes:,} classes ({card.labels_from})")
    for name, values in card.attributes.items():
        print(f"attribute {name}: {len(values):,} values")
    if card.num_captions:
        print(f"{card.num_captions:,} captions")
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
    out: Annotated[Path | None, tyro.conf.arg(aliases=["--grid"])] = None,
    seed: int | None = None,
) -> int:
    """Show a pack's card, check its files against its fingerprint, and draw a contact sheet.

    Args:
        source: The path of a pack, or anything that can be packed.
        resolution: Which resolution of a set to show; a pack has its own.
        root: Folder that already holds the named set's original files.
        out: Write a sheet of training images with their captions, a row for each class, to this
            .webp or .png.
        seed: Draw the images of the sheet at random; without it they are the first ones.
    """
    _require_resolution(resolution)
    path = Path(source).expanduser()
    if source not in NAMED and is_pack(path):
        opened = open_pack(path)
    else:
        opened = find(DataConfig(source=source, resolution=resolution, root=root))
    card = opened.card.model_dump()
    notes = card.pop("notes", ())
    for name, value in card.items():
        print(f"{name:12} {_plain(value)}")
    for note in notes:
        print(f"{'note':12} {note}")
    for name, part in zip(SPLITS, opened.parts, strict=False):
        if part.captions is not None:
            missing = int((part.captions.counts == 0).sum())
            print(f"{name:12} {part.captions.num_captions:,} captions; {missing:,} images without")
    print(f"{'folder':12} {opened.folder}")
    _verify(opened)
    if out is not None:
        write_sheet(opened.train, opened.card.class_names, out, seed)
        print(f"{'sheet':12} {out}")
    return 0


def _require_resolution(side: int) -> None:
    if side not in RESOLUTIONS:
        raise InputError(f"--resolution is {side}; it must be {RESOLUTIONS_IN_WORDS}")


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(_plain_entry(name, entry) for name, entry in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _plain_entry(name: str, entry: tuple[int, int] | tuple[str, ...]) -> str:
    """A split's rows, or an attribute's values."""
    if isinstance(entry[0], int):
        return f"{name} {entry[0]}..{entry[1]}"
    few = ", ".join(map(str, entry[:_FEW_VALUES]))
    more = f" and {len(entry) - _FEW_VALUES} more" if len(entry) > _FEW_VALUES else ""
    return f"{name} ({few}{more})"


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
