"""What the sub-folders of image files mean: the splits of a set, its classes, or nothing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.data.shelf import Shelf
from lab.errors import InputError, printable

LabelChoice = Literal["auto", "folders", "none"]
HELDOUT = ("validation", "valid", "val", "test")
"""Names of the split that is held out, the first that is there."""

_SPLIT = re.compile(
    r"(?:im(?:age|g)s?[-_ ]?)?(train|validation|valid|val|test)(?:ing)?"
    r"(?:[-_ ]?(?:im(?:age|g)s?|set|data|split|\d{4}))?",
    re.IGNORECASE,
)
"""train, Training, val2017, test_images, images-test"""
_NEARLY_SPLIT = re.compile(r"(?:train|valid|val|test)(?:ing)?[-_ ]?[A-Za-z0-9]?", re.IGNORECASE)
"""trainA and testB of paired sets"""
_SHARD = re.compile(
    r"(?:part|shard|batch|chunk|set|subset|group|fold|folder|dir|vol|volume|disk|archive|page|"
    r"block|section|data|raw|mask|label|annotation|thumbnail|original|resized|im(?:age|g)|pic|"
    r"picture|photo)s?(?:[-_ .]*(?:\d+|[a-z]))?",
    re.IGNORECASE,
)
"""part1, batch_03, images, masks"""
_DATE = re.compile(r"\d+(?:[-_. ]\d+)+")
_MOST_LISTED = 8


class Arranged(NamedTuple):
    """A shelf whose training images come first, and where each name lies below its split."""

    shelf: Shelf
    num_train: int | None
    """None where the files have no split."""
    parts: Sequence[tuple[str, ...]]
    """Folders and file name of each image, without those of the split and those all share."""
    note: str = ""


class Classes(NamedTuple):
    """Labels int64 [N] and class names; None and none where there are no labels."""

    labels: NDArray[np.int64] | None
    names: tuple[str, ...]
    origin: str
    """Where the labels come from."""
    note: str = ""


def arranged(shelf: Shelf) -> Arranged:
    """The images of a shelf by the split that their folders name, say `train` and `val`.

    The split is the first level of folders of which all are names of splits, one of them `train`.
    """
    parts = [PurePosixPath(name).parts for name in shelf.names]
    level = _split_level(parts)
    if level is None:
        return Arranged(shelf, None, _without_shared_folders(parts))
    split = {folder: _split_name(folder) for folder in {part[level] for part in parts}}
    heldout = next(name for name in HELDOUT if name in split.values())
    of_split = {
        name: [n for n, part in enumerate(parts) if split[part[level]] == name]
        for name in ("train", heldout)
    }
    chosen = [*of_split["train"], *of_split[heldout]]
    left_out = sorted(folder for folder, name in split.items() if name not in of_split)
    note = (
        f"the split of the folders is kept: {len(of_split['train']):,} images train, "
        f"{len(of_split[heldout]):,} of {heldout} are held out"
        + (f"; {_few(left_out)} left out" if left_out else "")
    )
    below = [(*parts[n][:level], *parts[n][level + 1 :]) for n in chosen]
    return Arranged(
        replace(shelf, names=tuple(shelf.names[n] for n in chosen)),
        len(of_split["train"]),
        _without_shared_folders(below),
        note,
    )


def classes_of(given: Arranged, choice: LabelChoice = "auto") -> Classes:
    """Classes from the first sub-folder in which the files differ.

    Leading folders that all files share are ignored; without sub-folders there are no labels.
    Raises InputError when files lie both beside and inside sub-folders, and when sub-folders do
    not look like classes and `choice` is `auto`.
    """
    path, parts = given.shelf.path, given.parts
    if choice == "none":
        return Classes(None, (), "none, as asked for")
    loose = [n for n, part in enumerate(parts) if len(part) == 1]
    if len(loose) == len(parts):
        return Classes(None, (), "none: no sub-folders")
    if loose:
        raise InputError(
            f"{path} has images inside sub-folders but {len(loose)} beside them, say "
            f"{given.shelf.names[loose[0]]}; sub-folders are classes, so move these into one or "
            "remove them, or pack with --labels none"
        )
    folders = sorted({part[0] for part in parts})
    if choice == "auto" and not _look_like_classes(folders):
        raise InputError(
            f"{path} has the sub-folders {_few(folders)}, which do not look like classes; pack it "
            f"by hand: python -m lab.data pack {shlex.quote(str(path))} OUT --labels none, or "
            "--labels folders if they are"
        )
    numbers = {name: number for number, name in enumerate(folders)}
    labels = np.array([numbers[part[0]] for part in parts], dtype=np.int64)
    _require_training_images(given, labels, folders)
    deeper = next((part for part in parts if len(part) > 2), None)
    return Classes(
        labels,
        tuple(map(printable, folders)),
        "sub-folders",
        f"{len(folders):,} classes from sub-folders: {_few(folders)}"
        + (f"; folders below them are ignored, say {'/'.join(deeper[:-1])}" if deeper else ""),
    )


def _split_level(parts: Sequence[tuple[str, ...]]) -> int | None:
    """The level of folders that are the splits of a set."""
    depth = min((len(part) - 1 for part in parts), default=0)
    for level in range(depth):
        names = {_split_name(folder) for folder in {part[level] for part in parts}}
        if None not in names and "train" in names and names & set(HELDOUT):
            return level
    return None


def _split_name(folder: str) -> str | None:
    match = _SPLIT.fullmatch(folder)
    return match[1].lower() if match else None


def _look_like_classes(folders: Sequence[str]) -> bool:
    """Whether names of folders are neither numbered parts nor names of splits."""
    is_padded = all(name.isdecimal() for name in folders) and any(
        len(name) > 1 and name.startswith("0") for name in folders
    )
    num_splits = sum(
        bool(_SPLIT.fullmatch(name) or _NEARLY_SPLIT.fullmatch(name)) for name in folders
    )
    return not (
        is_padded
        or num_splits > 1
        or all(_SHARD.fullmatch(name) for name in folders)
        or all(_DATE.fullmatch(name) for name in folders)
    )


def _require_training_images(
    given: Arranged, labels: NDArray[np.int64], folders: Sequence[str]
) -> None:
    """Raise InputError for classes of the held-out part that have no training image."""
    train = set(labels[: given.num_train].tolist())
    only = [name for number, name in enumerate(folders) if number not in train]
    if only:
        raise InputError(
            f"{given.shelf.path} has the sub-folders {_few(only)} among the held-out images and "
            "not among those that train; give both the same classes, or pack with --labels none"
        )


def _few(names: Sequence[str]) -> str:
    more = len(names) - _MOST_LISTED
    first = ", ".join(map(printable, names[:_MOST_LISTED]))
    return f"{first} and {more:,} more" if more > 0 else first


def _without_shared_folders(parts: Sequence[tuple[str, ...]]) -> Sequence[tuple[str, ...]]:
    while len({part[0] for part in parts}) == 1 and all(len(part) > 1 for part in parts):
        parts = [part[1:] for part in parts]
    return parts
