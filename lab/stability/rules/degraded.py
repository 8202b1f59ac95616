"""Degraded: quality fell far below its best and stayed there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from statistics import median

from lab.record import QUALITY
from lab.record.columns import CRITIC_LOSS, CRITIC_LOSS_MIN
from lab.record.words import brief, kimg
from lab.stability.history import LEARNING_SHARE, Onset, Point, RunHistory, both, running_best
from lab.stability.rule import Rule

FELL_TO_NOTHING = 0.05
"""The critic's loss is about 0 below this share of its value in the first window."""

NOISE = 2.0
"""A fall counts from this many median bends on: 3.3 standard deviations of white noise."""
MIN_BENDS = 3
"""The median of fewer bends is not used."""


def degraded(history: RunHistory) -> Onset | None:
    """Quality further below its best so far than `degraded_drawdown`, two evaluations in a row.

    Drawdown max_{s<=t} u_s - u_t; the second of the two lies past `LEARNING_SHARE` of the budget.
    The fall must also exceed `NOISE` times the median bend of quality up to its best, so that
    the noise of a noisy curve is not taken for a fall.
    Onset: the first of the two. The evidence reports a critic's loss that had fallen to about 0
    and jumped, as in the late collapse of BigGAN (Brock et al. 2019, sec. 4.2).
    """
    limit = history.settings.degraded_drawdown
    points = history.points(QUALITY)
    best = running_best(points)
    learned = LEARNING_SHARE * history.budget_images

    @cache
    def noise(top: Point) -> float:
        return NOISE * _median_bend(points, top)

    def fell(i: int) -> bool:
        fall = best[i].value - points[i].value
        return fall > limit and fall > noise(best[i])

    low = [fell(i) for i in range(len(points))]
    pair = next(
        (
            (i - 1, i)
            for i in range(1, len(points))
            if low[i - 1] and low[i] and points[i].images > learned
        ),
        None,
    )
    if pair is None:
        return None
    first, second = points[pair[0]], points[pair[1]]
    top = best[pair[0]]
    return Onset(
        second.row,
        first.images,
        f"quality fell from its best, {brief(top.value)} at {kimg(top.images)}, to "
        f"{brief(first.value)} and {brief(second.value)} at {both(first, second)}, "
        f"a loss of more than {brief(limit)}{_jump(history.until(second.row), first.row)}",
    )


def _median_bend(points: Sequence[Point], top: Point) -> float:
    """Median |u_{t+1} - 2 u_t + u_{t-1}| up to the best, without the untrained generator's row.

    Small where quality rises evenly, however fast; 1.65 standard deviations for white noise.
    """
    learned = [point.value for point in points if point.row <= top.row][1:]
    changes = [after - before for before, after in pairwise(learned)]
    bends = [abs(after - before) for before, after in pairwise(changes)]
    return median(bends) if len(bends) >= MIN_BENDS else 0.0


def _jump(history: RunHistory, onset: int) -> str:
    """A clause if the critic's loss was about 0 before the onset and jumped after it."""
    losses = history.points(CRITIC_LOSS)
    low = history.points(CRITIC_LOSS_MIN) or losses
    before = [point for point in low if point.row < onset]
    after = [point for point in losses if point.row >= onset]
    if len(before) < 2 or not after:
        return ""
    nothing = FELL_TO_NOTHING * abs(losses[0].value)
    least = min(before, key=lambda point: abs(point.value))
    most = max(after, key=lambda point: point.value)
    if abs(least.value) > nothing or most.value < max(10 * nothing, 3 * before[-1].value):
        return ""
    return (
        f"; the critic's loss had fallen to {brief(least.value)} at {kimg(least.images)} and "
        f"jumped to {brief(most.value)}"
    )


RULE = Rule(
    "degraded",
    degraded,
    lambda names: (QUALITY,),
    {"degraded_drawdown": "above"},
    names_flags=True,
)
