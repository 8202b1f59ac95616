"""Degraded and stalled: quality was had and lost, or never came."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from statistics import median

from lab.record import QUALITY
from lab.record.columns import (
    CRITIC_ACCURACY,
    CRITIC_LOSS,
    CRITIC_LOSS_MIN,
    GENERATOR_GRAD_NORM,
)
from lab.record.words import brief, brief_beside, kimg
from lab.stability.history import LEARNING_SHARE, Finding, History, Point, both, running_best

FELL_TO_NOTHING = 0.05
"""Share of the critic's loss in the first window below which it has fallen to about 0."""
ALWAYS_RIGHT = 0.99
"""Accuracy from which the critic tells every image."""


NOISE = 2.0
"""A fall of fewer usual bends than this is a wobble: 3.3 standard deviations of white noise."""
MIN_BENDS = 3
"""Fewer bends tell nothing of what is usual."""


def degraded(history: History) -> Finding | None:
    """Quality further below its best so far than `degraded_drawdown`, two evaluations in a row.

    Drawdown max_{s<=t} u_s - u_t; the second of the two lies past `LEARNING_SHARE` of the budget.
    A run whose quality wobbles must fall further, by `NOISE` times its usual bend up to its best,
    or it only wobbles on.
    Onset: the first of the two. A critic whose loss had fallen to about 0 and jumped is told: so
    ends BigGAN's late collapse (Brock et al. 2019, sec. 4.2).
    """
    limit = history.settings.degraded_drawdown
    points = history.points(QUALITY)
    best = running_best(points)
    learned = LEARNING_SHARE * history.budget_images

    @cache
    def wobble(top: Point) -> float:
        return NOISE * _usual_bend(points, top)

    def fell(i: int) -> bool:
        fall = best[i].value - points[i].value
        return fall > limit and fall > wobble(best[i])

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
    return Finding(
        second.row,
        first.images,
        f"quality fell from its best {brief(top.value)} at {kimg(top.images)} to "
        f"{brief(first.value)} and {brief(second.value)} at {both(first, second)}, "
        f"more than {brief(limit)} below{_jump(history.until(second.row), first.row)}",
    )


def _usual_bend(points: Sequence[Point], top: Point) -> float:
    """Median |u_{t+1} - 2 u_t + u_{t-1}| up to the best, less the step away from the untrained.

    Small where quality rises evenly, however fast; 1.65 standard deviations of white noise.
    """
    learned = [point.value for point in points if point.row <= top.row][1:]
    changes = [after - before for before, after in pairwise(learned)]
    bends = [abs(after - before) for before, after in pairwise(changes)]
    return median(bends) if len(bends) >= MIN_BENDS else 0.0


def _jump(history: History, onset: int) -> str:
    """A clause where the critic's loss was about 0 before the onset and is not any more."""
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


def stalled(history: History) -> Finding | None:
    """At the budget, quality below the target. Onset: the budget, as nothing happened before."""
    if not history.ended:
        return None
    target = history.settings.target_quality
    last = len(history.rows) - 1
    points = history.points(QUALITY)
    if not points or points[-1].row != last:
        evidence = f"no quality was measured at the budget, target {brief(target)}"
        return Finding(last, history.budget_images, evidence)
    if points[-1].value >= target:
        return None
    best = max(points, key=lambda point: point.value)
    return Finding(
        last,
        history.budget_images,
        f"quality {brief_beside(points[-1].value, target)} at {kimg(points[-1].images)}, "
        f"target {brief(target)}; best {brief(best.value)} at {kimg(best.images)}; no other "
        f"failure in {len(history.rows)} evaluations{_standstill(history)}",
    )


def _standstill(history: History) -> str:
    """Clauses on a generator that hears nothing and a critic that tells every image."""
    clauses = []
    norms = history.points(GENERATOR_GRAD_NORM)
    if len(norms) > 1 and norms[0].value > 0:
        share = norms[-1].value / norms[0].value
        clauses.append(f"the generator's gradient norm ended at {brief(share)} of its first value")
    accuracy = history.points(CRITIC_ACCURACY)
    if accuracy and accuracy[-1].value >= ALWAYS_RIGHT:
        clauses.append("the critic told every image")
    return "".join(f"; {clause}" for clause in clauses)
