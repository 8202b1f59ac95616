"""Generators with planted shares: real images drawn at shares of our choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lab.audit.classifier import confusion_of, train_classifier
from lab.randomness import counted_generator, counted_seed
from lab.statistics import corrected_shares, total_variation, wilson_interval
from lab.validate.audit.features import Pool
from lab.validate.part import Cell, Check, Say, Table

PLANTED = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
NUM_SAMPLES = 2_000
HELD = 0.93
"""Least share of 95 % intervals that hold the truth."""
TRAINED = 0.5
"""Share of the images that train the classifier."""
FOOTWEAR = (5, 7, 9)
TOPS = (0, 2, 4, 6)
BLUR = 5.0
"""Noise of the features, in their deviations, under which footwear is hard to distinguish."""

Array = NDArray[np.float64]


class PlantedGroups(NamedTuple):
    """Images in groups, as a classifier sees them."""

    name: str
    features: Tensor
    groups: Tensor
    num_groups: int


class Measured(NamedTuple):
    """Generators of one grouping."""

    name: str
    num_groups: int
    accuracy: float
    held: Array
    """Whether the interval of the planted group holds its share; [shares, generators]."""
    held_all: Array
    """Share of the intervals of all groups that hold theirs; the same shape."""
    held_uncorrected: Array
    """Whether Wilson's interval of the assigned images does; the same shape."""
    held_variation: Array
    """Whether the interval of the total variation from equal shares does; the same shape."""
    width: float
    """Mean width of the planted group's interval."""


def groupings(pool: Pool) -> list[PlantedGroups]:
    """Easy and hard groups, two to ten of them."""
    footwear = torch.isin(pool.classes, torch.tensor(FOOTWEAR)).long()
    tops = torch.isin(pool.classes, torch.tensor(TOPS))
    numbers = torch.searchsorted(torch.tensor(TOPS), pool.classes[tops])
    rng = counted_generator(0, "blurred features", 0)
    noise = BLUR * pool.features.std(dim=0) * torch.randn(pool.features.shape, generator=rng)
    return [
        PlantedGroups("10 classes", pool.features, pool.classes, 10),
        PlantedGroups("4 kinds of tops", pool.features[tops], numbers, 4),
        PlantedGroups("footwear or not", pool.features, footwear, 2),
        PlantedGroups("the same under noise", pool.features + noise, footwear, 2),
    ]


def measured(pool: Pool, generators_a_share: int, say: Say) -> list[Measured]:
    """All generators of all groupings."""
    results = []
    for groups in groupings(pool):
        results.append(_measured(groups, generators_a_share))
        say(f"planted shares of {groups.name}: {results[-1].held.mean():.1%} of intervals hold")
    return results


def _measured(groups: PlantedGroups, count: int) -> Measured:
    """The classifier is trained once; each generator has its own measurement of the error."""
    num_trained = round(TRAINED * len(groups.groups))
    rest = groups.groups[num_trained:]
    classifier = train_classifier(
        groups.features[:num_trained],
        groups.groups[:num_trained],
        groups.features[num_trained:],
        rest,
        groups.num_groups,
    )
    assigned = classifier.assigned(groups.features[num_trained:])
    shape = len(PLANTED), count
    tables = [np.zeros(shape) for _ in range(4)]
    widths = []
    for at, share in enumerate(PLANTED):
        for number in range(count):
            seed = counted_seed(0, f"planted shares of {groups.name} {share}", number)
            rng = np.random.default_rng(seed)
            held, width = _one(rest, assigned, groups.num_groups, share, number, rng)
            for table, value in zip(tables, held, strict=True):
                table[at, number] = value
            widths.append(width)
    accuracy = float((assigned == rest).double().mean())
    of_planted, of_all, uncorrected, variation = tables
    return Measured(
        groups.name,
        groups.num_groups,
        accuracy,
        of_planted,
        of_all,
        uncorrected,
        variation,
        float(np.mean(widths)),
    )


def _one(
    truth: Tensor, assigned: Tensor, size: int, share: float, number: int, rng: np.random.Generator
) -> tuple[tuple[float, ...], float]:
    """One generator: whether each interval holds, and the planted group's width.

    The images that measure the error and those of the generator are independent draws, with
    replacement: divided into two halves, each half would stand for all images with an error of its
    own, which no interval of the generator's images has.
    """
    measuring = rng.integers(len(truth), size=len(truth) // 2)
    confusion = confusion_of(truth[measuring], assigned[measuring], size).numpy()
    planted = number % size
    shares = np.full(size, (1 - share) / (size - 1))
    shares[planted] = share
    groups = rng.choice(size, size=NUM_SAMPLES, p=shares)
    images = np.concatenate(
        [
            rng.choice(np.flatnonzero(truth.numpy() == group), size=total)
            for group, total in enumerate(np.bincount(groups, minlength=size))
        ]
    )
    counts = np.bincount(assigned[images].numpy(), minlength=size)
    made = corrected_shares(counts, confusion, rng)
    low, high = made.interval
    holds = (low <= shares) & (shares <= high)
    plain = wilson_interval(int(counts[planted]), NUM_SAMPLES)
    equal = np.full(size, 1 / size)
    apart = total_variation(made, equal).interval
    true_distance = float(np.abs(shares - equal).sum() / 2)
    return (
        float(holds[planted]),
        float(holds.mean()),
        float(plain.low <= share <= plain.high),
        float(apart.low - 1e-9 <= true_distance <= apart.high + 1e-9),
    ), float(high[planted] - low[planted])


def checks(results: Sequence[Measured]) -> list[Check]:
    """The intervals hold the planted shares and distances as often as they state."""
    held = np.concatenate([one.held.ravel() for one in results])
    variation = np.concatenate([one.held_variation.ravel() for one in results])
    plain = np.concatenate([one.held_uncorrected.ravel() for one in results])
    return [
        Check(
            f"95% intervals hold planted shares of 10 to 90% in at least {HELD:.0%} of cases.",
            float(held.mean()) >= HELD,
            f"{held.mean():.1%} of {held.size:,} generators, {_rates(results)}; Wilson's interval "
            f"of uncorrected shares holds them in {plain.mean():.1%}",
        ),
        Check(
            f"95% intervals hold the total variation in at least {HELD:.0%} of cases.",
            float(variation.mean()) >= HELD,
            f"{variation.mean():.1%} of {variation.size:,} generators, from equal shares",
        ),
    ]


def _rates(results: Sequence[Measured]) -> str:
    rates = [f"{one.held.mean():.1%} of {one.name}" for one in results]
    return ", ".join(rates)


def table(results: Sequence[Measured]) -> Table:
    """One row a grouping and planted share."""
    rows: list[list[Cell]] = []
    for one in results:
        for at, share in enumerate(PLANTED):
            rows.append(
                [
                    one.name,
                    f"{one.accuracy:.0%}",
                    f"{share:.0%}",
                    float(one.held[at].mean()),
                    float(one.held_all[at].mean()),
                    float(one.held_variation[at].mean()),
                    float(one.held_uncorrected[at].mean()),
                ]
            )
    widths = ", ".join(f"{one.width:.3f} for {one.name}" for one in results)
    return Table(
        "Planted shares",
        (
            "groups",
            "classifier right",
            "planted",
            "interval holds",
            "all groups' intervals",
            "total variation",
            "uncorrected",
        ),
        rows,
        f"{NUM_SAMPLES:,} images a generator, drawn from real images that the classifier was not "
        "trained on, and as many as half of these to measure its error; the other groups have "
        "equal shares of the rest. Mean width of the "
        f"planted group's interval: {widths}.",
    )
