"""Which groups a pack's images fall into: its classes, and the values of its attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lab.data import Pack
from lab.errors import InputError, unknown

CLASSES = "class"
"""Name of the grouping by class."""
NONE, OTHER = "none", "other"
"""Images without a value, and values that are too rare to be measured alone."""
LEAST = 20
"""Images of a group in each split: fewer do not show how often the classifier errs."""


@dataclass(frozen=True, eq=False)
class Grouping:
    """One way to divide all images of a pack."""

    name: str
    groups: tuple[str, ...]
    """Names of at least two groups."""
    train: Tensor
    """The group of each training image, int64 [T]."""
    heldout: Tensor
    """The group of each held-out image, int64 [M]."""
    merged: tuple[str, ...] = ()
    """Values in the group `other`."""

    def shares(self, num_train: int) -> list[float]:
        """The groups' shares of the first `num_train` training images."""
        counts = torch.bincount(self.train[:num_train], minlength=len(self.groups))
        shares: list[float] = (counts.double() / num_train).tolist()
        return shares


@dataclass(frozen=True)
class Groupings:
    """All groupings of a pack that can be measured."""

    usable: tuple[Grouping, ...]
    note: str
    """What is left out, in sentences; empty if nothing is."""


def groupings_of(pack: Pack, wanted: Sequence[str] = ()) -> Groupings:
    """The groupings called `wanted`, or all of them, the classes first.

    Raises InputError for a name that the pack lacks, and for one of `wanted` with a single group.
    """
    splits: dict[str, tuple[tuple[str, ...], Tensor, Tensor]] = {}
    if pack.num_classes:
        names = tuple(map(str, pack.card.class_names))
        splits[CLASSES] = names, pack.train.labels, pack.heldout.labels
    for name, values in pack.card.attributes.items():
        key = name if name not in splits else f"attribute {name}"
        splits[key] = values, pack.train.attributes[name], pack.heldout.attributes[name]
    for name in wanted:
        if not splits:
            raise InputError(f"--attribute is {name}, but {_has_none(pack)}; leave it out")
        if name not in splits:
            raise unknown("the attribute", name, splits)
    if not splits:
        return Groupings((), f"Fairness is not measured: {_has_none(pack)}.")
    usable, sentences = [], []
    for name in wanted or splits:
        made = _grouping(name, *splits[name])
        if isinstance(made, str):
            sentences.append(f"{made}.")
            if wanted:
                raise InputError(f"{made}; leave --attribute {name} out")
        else:
            usable.append(made)
    return Groupings(tuple(usable), " ".join(sentences))


def _has_none(pack: Pack) -> str:
    return f"{pack.card.name} has neither classes nor attributes"


def _grouping(
    name: str, values: tuple[str, ...], train: Tensor, heldout: Tensor
) -> Grouping | str:
    """The grouping; or why there is none, as a sentence without its end.

    -1 is the group `none`, which comes last but for `other`. A value with fewer than LEAST images
    in a split is part of `other`; where that has too few itself, it joins the smallest group.
    """
    size = len(values) + 1
    codes = [torch.where(part < 0, len(values), part) for part in (train, heldout)]
    counts = [torch.bincount(part, minlength=size) for part in codes]
    names = [*values, NONE]
    in_use = [i for i in range(size) if counts[0][i] + counts[1][i] > 0]
    if len(in_use) < 2:
        only = names[in_use[0]] if in_use else "no value"
        return f"'{name}' has one value ({only}), so there are no groups to compare"
    fewest = torch.minimum(*counts)
    kept = [i for i in in_use if fewest[i] >= LEAST]
    rare = [i for i in in_use if i not in kept]
    groups = [names[i] for i in kept]
    target = len(kept)
    if rare and kept and int(torch.stack([part[rare].sum() for part in counts]).min()) < LEAST:
        target = min(range(len(kept)), key=lambda at: int(counts[0][kept[at]]))
        groups[target] = f"{groups[target]} and {OTHER}"
    elif rare:
        groups.append(OTHER)
    if len(groups) < 2:
        return (
            f"'{name}' has fewer than two values with {LEAST} images or more in both splits, so "
            "there are no groups to compare"
        )
    to_group = torch.full((size,), target)
    to_group[kept] = torch.arange(len(kept))
    merged = tuple(names[i] for i in rare)
    return Grouping(name, tuple(groups), to_group[codes[0]], to_group[codes[1]], merged)
