"""Collapsed: modes were had and lost, or the generator paints nearly one image."""

from __future__ import annotations

import math

from lab.config import MetricNames
from lab.record import SIGNAL_PREFIX
from lab.stability.history import (
    Finding,
    History,
    Point,
    both,
    brief,
    first_finding,
    first_two_in_a_row,
    kimg,
    number,
)

DIVERSITY = SIGNAL_PREFIX + "diversity"

COLLAPSE_GRACE_SHARE = 0.75
"""Diversity that a run never had counts from this share of the budget on: at small rates many a
healthy generator still paints nearly one image at half of it."""
HAD_ONCE = 2.0
"""Coverage and diversity are lost only by a run that has had this many times their limit."""


def collapsed(history: History) -> Finding | None:
    """Coverage was had and lost, or the generator paints nearly one image."""
    return first_finding(_coverage_lost(history), _diversity_lost(history))


def collapse_columns(names: MetricNames) -> tuple[str, ...]:
    """The columns the rule reads."""
    return (names.coverage, DIVERSITY)


def _coverage_lost(history: History) -> Finding | None:
    """Coverage over that of real images below the limit twice in a row, after it was had.

    Untrained generators cover nothing, so low coverage tells only of a run that once had
    `HAD_ONCE` times the limit after its first step; one that never did ends as stalled.
    """
    limit = history.settings.collapse_coverage
    column = history.names.coverage
    real = number(history.baseline, column)
    if real is None or not math.isfinite(real) or real <= 0:
        return None
    points = [point for point in history.points(column) if point.images > 0]

    def best(i: int) -> Point:
        return max(points[:i], key=lambda point: point.value)

    def lost(i: int) -> bool:
        had = i > 0 and best(i).value / real >= HAD_ONCE * limit
        return had and points[i].value / real < limit

    pair = first_two_in_a_row(points, lost)
    if pair is None:
        return None
    first, second, top = points[pair[0]], points[pair[1]], best(pair[0])
    return Finding(
        second.row,
        first.images,
        f"{column} fell from {brief(top.value)} at {kimg(top.images)} to {brief(first.value)} and "
        f"{brief(second.value)} at {both(first, second)}; real images have {brief(real)}",
    )


def _diversity_lost(history: History) -> Finding | None:
    """Pairwise diversity over that of real images below the limit twice: had and lost, or late."""
    limit = history.settings.collapse_diversity
    grace = COLLAPSE_GRACE_SHARE * history.budget_images
    points = [point for point in history.points(DIVERSITY) if point.images > 0]

    def lost(i: int) -> bool:
        had = any(point.value >= HAD_ONCE * limit for point in points[:i])
        return points[i].value < limit and (had or points[i].images >= grace)

    pair = first_two_in_a_row(points, lost)
    if pair is None:
        return None
    first, second = points[pair[0]], points[pair[1]]
    return Finding(
        second.row,
        first.images,
        f"generated images differed from each other by {brief(first.value)} and "
        f"{brief(second.value)} of what real images do at {both(first, second)}, "
        f"limit {brief(limit)}",
    )
