"""Flags beside a verdict: critic or generator memorised, or the average hides the generator.

None is a failure by itself.

Like rules, flags are causal, and without their columns they are not raised.
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
    LIVE_PREFIX,
    LOGIT_FAKE,
    LOGIT_HELDOUT,
    LOGIT_REAL,
    R_T,
    R_V,
    MetricNames,
)
from lab.record.words import brief, kimg
from lab.stability.history import Point, RunHistory, both, first_two_in_a_row, number

FlagName = Literal["overfit", "memorised", "averaged"]


NUM_WINDOWS = 4
"""Windows over which r_v is pooled: held-out logits come from few batches."""
MIN_ACCURACY = 0.6
"""Below this accuracy the critic does not separate real from generated images, and r_v has no
scale."""
IMPROVED = 0.9
"""Quality improves while its shortfall is below this share of that `NUM_WINDOWS` earlier."""


@dataclass(frozen=True)
class Flag:
    """A condition that holds beside the verdict."""

    name: FlagName
    onset_images: int
    """Images seen when it first held."""
    evidence: str
    """One sentence with numbers."""


def overfit(history: RunHistory) -> Flag | None:
    """The critic has memorised its training images, and quality does not improve any more.

    r_v = (E D_train - E D_heldout) / (E D_train - E D_fake) (Karras et al. 2020, eq. 1), pooled
    over `NUM_WINDOWS` windows in which the critic separated the images (`MIN_ACCURACY`), is above
    `overfit_gap` at two windows in a row while quality does not improve. Without held-out logits
    r_t = E sign D_train above `overfit_sign` is used instead.
    This is only a flag, as critics of good GANs memorise too (Brock et al. 2019).
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
        "did not improve",
    )


def _pooled_gaps(history: RunHistory) -> list[Point]:
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
    pooled = []
    for end in range(NUM_WINDOWS, len(parts) + 1):
        window = parts[end - NUM_WINDOWS : end]
        row = window[-1][0]
        apart = math.fsum(part[2] for part in window)
        values = [history.value(part[0], CRITIC_ACCURACY) for part in window]
        accuracies = [accuracy for accuracy in values if accuracy is not None]
        if apart > 0 and (not accuracies or fmean(accuracies) >= MIN_ACCURACY):
            value = math.fsum(part[1] for part in window) / apart
            pooled.append(Point(row, history.images[row], value))
    return pooled


def _means(points: list[Point]) -> list[Point]:
    """Means over the last `NUM_WINDOWS` points, from the point on that has so many."""
    return [
        points[i]._replace(
            value=fmean(point.value for point in points[i - NUM_WINDOWS + 1 : i + 1])
        )
        for i in range(NUM_WINDOWS - 1, len(points))
    ]


def _improving(history: RunHistory) -> dict[int, bool]:
    """Row -> whether the median shortfall is well below that of the windows before.

    The shortfall is the Frechet distance, which still resolves images as good as real ones, or
    1 - u without it.
    """
    points = [point for point in history.points(history.names.frechet) if point.images > 0]
    shortfall = [point.value for point in points]
    if not points:
        points = [point for point in history.points(QUALITY) if point.images > 0]
        shortfall = [1.0 - point.value for point in points]
    improving: dict[int, bool] = {}
    for i, point in enumerate(points):
        start = max(0, i - NUM_WINDOWS + 1)
        now, before = shortfall[start : i + 1], shortfall[max(0, start - NUM_WINDOWS) : start]
        improving[point.row] = not before or median(now) < IMPROVED * median(before)
    return improving


def memorised(history: RunHistory) -> Flag | None:
    """Samples are nearer to training images than held-out images are, at two evaluations in a row.

    C_T (Meehan et al. 2020) below `memorised_ct` and authenticity (Alaa et al. 2022) over that
    of real images below `memorised_authenticity`; if a log has only one of them, that one.
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
    clauses = []
    if row in nearness:
        clauses.append(
            f"C_T was {brief(nearness[row].value)}, limit {brief(settings.memorised_ct)}"
        )
    if row in shares:
        clauses.append(f"authenticity was {brief(shares[row].value)} of that of real images")
    where = both(points[pair[0]], points[pair[1]])
    return Flag(
        "memorised",
        points[pair[0]].images,
        f"samples were nearer to training images than held-out images are at {where}: "
        + "; ".join(clauses),
    )


def averaged(history: RunHistory) -> Flag | None:
    """The average hides its generator, whose own distance is `averaging_gap` times as large.

    At the last evaluation that measured both. Metrics and verdicts are of the averaged generator.
    """
    column = history.names.kernel
    live = history.points(LIVE_PREFIX + column)
    if not live or history.scale is None:
        return None
    last = live[-1]
    average = history.value(last.row, column)
    if average is None:
        return None
    low, high = history.scale.log_distances([average, last.value])
    factor = math.exp(high - low)
    if factor <= history.settings.averaging_gap:
        return None
    return Flag(
        "averaged",
        last.images,
        f"averaging hides it: {column} of the generator itself was {brief(last.value)} at "
        f"{kimg(last.images)}, {brief(factor)} x the {brief(average)} of its average, limit "
        f"{brief(history.settings.averaging_gap)} x",
    )


FLAGS: tuple[Callable[[RunHistory], Flag | None], ...] = (overfit, memorised, averaged)

FLAG_READS: dict[FlagName, Callable[[MetricNames], tuple[str, ...]]] = {
    "overfit": lambda names: (LOGIT_HELDOUT, R_V, R_T),
    "memorised": lambda names: (names.ct, names.authenticity),
}
"""The columns that each flag reads; one of them is enough. Those of `averaged` are in few rows by
design."""


def raised(history: RunHistory) -> tuple[Flag, ...]:
    """The flags of a run as of its last row."""
    flags = (rule(history) for rule in FLAGS)
    return tuple(flag for flag in flags if flag is not None)


def when(flag: Flag) -> str:
    """A flag for a sentence: `overfit since 12 kimg`."""
    return f"{flag.name} since {kimg(flag.onset_images)}"
