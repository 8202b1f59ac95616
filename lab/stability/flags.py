"""Flags beside a verdict: the critic or the generator memorised. Neither is a failure by itself.

As rules, flags are causal, and without their columns they are not raised.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean, median
from typing import Literal

from lab.record import QUALITY
from lab.record.columns import (
    CRITIC_ACCURACY,
    LOGIT_FAKE,
    LOGIT_HELDOUT,
    LOGIT_REAL,
    R_T,
    R_V,
    MetricNames,
)
from lab.record.words import brief, kimg
from lab.stability.history import History, Point, both, first_two_in_a_row, number

FlagName = Literal["overfit", "memorised"]


NUM_WINDOWS = 4
"""Windows over which r_v is pooled: held-out logits come from few batches."""
MIN_ACCURACY = 0.6
"""A critic that tells real from generated images less often has no gap to speak of."""
IMPROVED = 0.9
"""Quality still improves while its shortfall is below this share of that `NUM_WINDOWS` before."""


@dataclass(frozen=True)
class Flag:
    """Something to know beside the verdict."""

    name: FlagName
    onset_images: int
    """Images seen when it was first so."""
    evidence: str
    """One plain sentence with numbers."""


def overfit(history: History) -> Flag | None:
    """The critic knows its training images by heart, and quality does not improve any more.

    r_v = (E D_train - E D_heldout) / (E D_train - E D_fake) (Karras et al. 2020, eq. 1), pooled
    over `NUM_WINDOWS` windows in which the critic told images apart (`MIN_ACCURACY`), above
    `overfit_gap` at two windows in a row while quality stands still. Without held-out logits
    r_t = E sign D_train above `overfit_sign` takes its place.
    Critics of good, growing GANs memorise as well (Brock et al. 2019): so only a flag.
    """
    gaps = _pooled_gaps(history)
    limit, words = history.settings.overfit_gap, "r_v"
    if not gaps:
        gaps = _means(history.points(R_T))
        limit, words = history.settings.overfit_sign, "r_t"
    improving = _improving(history)
    pair = first_two_in_a_row(
        gaps, lambda i: gaps[i].value > limit and not improving.get(gaps[i].row, False)
    )
    if pair is None:
        return None
    first, second = gaps[pair[0]], gaps[pair[1]]
    return Flag(
        "overfit",
        first.images,
        f"the critic's {words} over {NUM_WINDOWS} windows was {brief(first.value)} and "
        f"{brief(second.value)} at {both(first, second)}, limit {brief(limit)}, while quality "
        "stood still",
    )


def _pooled_gaps(history: History) -> list[Point]:
    """r_v at each window, pooled over the last few; from the logits, else from its own column."""
    parts: list[tuple[int, float, float]] = []
    for i in range(len(history.rows)):
        real, heldout, fake = (
            history.value(i, column) for column in (LOGIT_REAL, LOGIT_HELDOUT, LOGIT_FAKE)
        )
        if real is not None and heldout is not None and fake is not None:
            parts.append((i, real - heldout, real - fake))
    if not parts:
        return _means(history.points(R_V))
    found = []
    for end in range(NUM_WINDOWS, len(parts) + 1):
        window = parts[end - NUM_WINDOWS : end]
        row = window[-1][0]
        apart = math.fsum(part[2] for part in window)
        told = [history.value(part[0], CRITIC_ACCURACY) for part in window]
        known = [accuracy for accuracy in told if accuracy is not None]
        if apart > 0 and (not known or fmean(known) >= MIN_ACCURACY):
            value = math.fsum(part[1] for part in window) / apart
            found.append(Point(row, history.images[row], value))
    return found


def _means(points: list[Point]) -> list[Point]:
    """Means over the last `NUM_WINDOWS` points, from when there are so many."""
    return [
        points[i]._replace(
            value=fmean(point.value for point in points[i - NUM_WINDOWS + 1 : i + 1])
        )
        for i in range(NUM_WINDOWS - 1, len(points))
    ]


def _improving(history: History) -> dict[int, bool]:
    """Row -> whether the median shortfall 1 - u has sunk against that of the rows before."""
    points = [point for point in history.points(QUALITY) if point.images > 0]
    found: dict[int, bool] = {}
    for i, point in enumerate(points):
        now = [1.0 - known.value for known in points[max(0, i - NUM_WINDOWS + 1) : i + 1]]
        before = [
            1.0 - known.value
            for known in points[max(0, i - 2 * NUM_WINDOWS + 1) : max(0, i - NUM_WINDOWS + 1)]
        ]
        found[point.row] = not before or median(now) < IMPROVED * median(before)
    return found


def memorised(history: History) -> Flag | None:
    """Samples lie nearer to training images than held-out images do, two evaluations in a row.

    C_T (Meehan et al. 2020) below `memorised_ct` and authenticity (Alaa et al. 2022) over that
    of real images below `memorised_authenticity`; where a log has only one of them, that one.
    """
    names, settings = history.names, history.settings
    real = number(history.baseline, names.authenticity)
    nearness = {point.row: point for point in history.points(names.ct)}
    shares: dict[int, Point] = {}
    if real is not None and math.isfinite(real) and real > 0:
        shares = {
            point.row: point._replace(value=point.value / real)
            for point in history.points(names.authenticity)
        }
    points = list((nearness or shares).values())

    def copied(i: int) -> bool:
        near, share = nearness.get(points[i].row), shares.get(points[i].row)
        by_distance = near is None or near.value < settings.memorised_ct
        by_share = share is None or share.value < settings.memorised_authenticity
        return by_distance and by_share

    pair = first_two_in_a_row(points, copied)
    if pair is None:
        return None
    row = points[pair[1]].row
    told = []
    if row in nearness:
        told.append(f"C_T was {brief(nearness[row].value)}, limit {brief(settings.memorised_ct)}")
    if row in shares:
        told.append(f"authenticity was {brief(shares[row].value)} of that of real images")
    where = both(points[pair[0]], points[pair[1]])
    return Flag(
        "memorised",
        points[pair[0]].images,
        f"samples lie nearer to training images than held-out images do at {where}: "
        + "; ".join(told),
    )


FLAGS: tuple[Callable[[History], Flag | None], ...] = (overfit, memorised)

FLAG_READS: dict[FlagName, Callable[[MetricNames], tuple[str, ...]]] = {
    "overfit": lambda names: (LOGIT_HELDOUT, R_V, R_T),
    "memorised": lambda names: (names.ct, names.authenticity),
}
"""The columns each flag looks at; one is enough for it to look."""


def raised(history: History) -> tuple[Flag, ...]:
    """The flags of a run as known at its last row."""
    found = (rule(history) for rule in FLAGS)
    return tuple(flag for flag in found if flag is not None)


def when(flag: Flag) -> str:
    """A flag for a sentence: `overfit since 12 kimg`."""
    return f"{flag.name} since {kimg(flag.onset_images)}"
