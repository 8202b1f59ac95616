"""Which groups were missing from the samples during a run, from what its record holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lab.audit.classifier import GroupClassifier
from lab.audit.groups import Grouping
from lab.metrics.extractors import Extractor
from lab.record import (
    CLASS_SHARE_PREFIX,
    IMAGES_SEEN,
    SAMPLES_FOLDER,
    STUDY_FILE,
    Row,
    StudyCard,
    class_share,
    read_card,
)
from lab.record.audit import LostGroupCard
from lab.stability.narrow import is_missing

MOST_GRIDS = 64
"""Grids of a run that are read, evenly spaced."""
IN_A_ROW = 2
"""Evaluations that lack a group before it counts as lost."""


class Course(NamedTuple):
    """Shares of groups among the samples of a run over time."""

    groups: tuple[str, ...]
    images_seen: Sequence[float]
    """[E]"""
    shares: Sequence[Sequence[float]]
    """[E][K]"""
    real: Sequence[float]
    """[K], of real images, assigned in the same way."""
    num_samples: int
    """Of each evaluation."""
    source: str
    """What they were read from, in words."""


def lost_groups(course: Course) -> tuple[LostGroupCard, ...]:
    """Groups that were missing at two evaluations in a row or at the last, in order of time.

    A group is missing by the limits of lost classes (`lab.stability.narrow`). What a run lacks at
    its start and has later was not lost; what it never had is.
    """
    cards = []
    for group, name in enumerate(course.groups):
        if not course.real[group]:
            continue
        missing = [
            is_missing(row[group], course.num_samples, course.real[group]) for row in course.shares
        ]
        for start, stop in _streaks(missing):
            to_the_end = stop == len(missing)
            if (stop - start < IN_A_ROW and not to_the_end) or (start == 0 and not to_the_end):
                continue
            cards.append(
                LostGroupCard(
                    group=name,
                    since_images=course.images_seen[start],
                    back_images=None if to_the_end else course.images_seen[stop],
                    never_had=start == 0,
                )
            )
    return tuple(sorted(cards, key=lambda card: card.since_images))


def _streaks(missing: Sequence[bool]) -> list[tuple[int, int]]:
    """First and past-the-last index of every streak of True."""
    edges = np.flatnonzero(np.diff([0, *map(int, missing), 0]))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def course_of_rows(
    folder: Path, rows: Sequence[Row], names: Sequence[str], data: Sequence[float], count: int
) -> Course | None:
    """The classes' course from the rows of evaluations.jsonl; None where they have no shares.

    `data` are the classes' shares of the training images, which stand for those measured on real
    images where the run is of no study.
    """
    columns = [class_share(i) for i in range(len(names))]
    having = [row for row in rows if all(isinstance(row.get(it), float) for it in columns)]
    if not having:
        return None
    return Course(
        tuple(names),
        [row[IMAGES_SEEN] for row in having],
        [[row[column] for column in columns] for row in having],
        _measured_shares(folder, len(names)) or data,
        count,
        f"the columns {CLASS_SHARE_PREFIX}* of {len(having)} evaluations of {count:,} samples",
    )


def _measured_shares(folder: Path, num_classes: int) -> Sequence[float] | None:
    """Shares of the classes of real images, as the run's study measured them."""
    file = folder.parents[2] / STUDY_FILE if len(folder.parents) > 2 else folder / STUDY_FILE
    if not file.exists():
        return None
    shares = read_card(file, StudyCard).metrics.class_share_real
    return shares if len(shares) == num_classes else None


def course_of_grids(
    grouping: Grouping,
    classifier: GroupClassifier,
    assigned: Mapping[float, Tensor],
    data: Sequence[float],
) -> Course | None:
    """A grouping's course from the groups `assigned` to the samples of each grid; None without.

    The classifier errs on real images as well: their shares are those that it would assign to
    images with the shares `data`.
    """
    if not assigned:
        return None
    rates = classifier.confusion.double()
    rates = rates / rates.sum(dim=1, keepdim=True)
    expected = torch.tensor(data, dtype=torch.float64) @ rates
    num_groups = len(grouping.groups)
    shares = [
        (torch.bincount(one, minlength=num_groups).double() / len(one)).tolist()
        for one in assigned.values()
    ]
    count = min(map(len, assigned.values()))
    source = f"{len(assigned)} sample grids of {count} images in {SAMPLES_FOLDER}/"
    return Course(grouping.groups, list(assigned), shares, expected.tolist(), count, source)


def grid_features(
    folder: Path, extractor: Extractor, side: int, channels: int
) -> dict[float, Tensor]:
    """Features [n, d] of the images of a run's sample grids, by images seen; what is no grid of
    images of this side is left out."""
    files = sorted(
        (int(path.stem), path)
        for path in (folder / SAMPLES_FOLDER).glob("*.webp")
        if path.stem.isdigit()
    )
    steps = np.unique(np.linspace(0, len(files) - 1, min(len(files), MOST_GRIDS)).round())
    features: dict[float, Tensor] = {}
    for index in steps.astype(int) if files else ():
        count, path = files[index]
        if (images := _tiles(path, side, channels)) is not None:
            features[count] = extractor.features(images)
    return features


def _tiles(path: Path, side: int, channels: int) -> Tensor | None:
    """The images of a grid, [n, C, side, side] uint8."""
    try:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
    except (OSError, ValueError):
        return None
    height, width = pixels.shape[:2]
    if height % side or width % side:
        return None
    grid = torch.from_numpy(pixels.copy()).view(height // side, side, width // side, side, -1)
    return grid.permute(0, 2, 4, 1, 3).reshape(-1, channels, side, side)
