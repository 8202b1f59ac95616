"""Collapsed: modes were had and lost, or the generator paints nearly one image."""

from __future__ import annotations

import math
from itertools import accumulate

from lab.record.columns import DIVERSITY, MetricNames
from lab.record.words import brief, kimg
from lab.stability.history import (
    Finding,
    History,
    both,
    first_finding,
    first_two_in_a_row,
    number,
    running_best,
)

COLLAPSE_GRACE_SHARE = 0.75
"""Diversity that a run never had counts from this share of the budget on: at small rates many a
healthy generator still paints nearly one image at half of it."""
HAD_ONCE = 2.0
"""Coverage and diversity are lost only by a run that has had this many times their limit."""
MIN_MODES = 2.0
"""A run that never had so many modes has none to lose."""
STAYED_PRECISE = 0.8
"""Share of its best precision from which samples look as real as before."""
MANY_ALIKE = 0.5
"""Share of near-duplicates from which samples are alike."""


def collapsed(history: History) -> Finding | None:
    """Coverage or modes were had and lost, or the generator paints nearly one image."""
    return first_finding(
        _coverage_lost(history),
        _modes_lost(history),
        _all_alike(history),
        _diversity_lost(history),
    )


def collapse_columns(names: MetricNames) -> tuple[str, ...]:
    """The columns the rule reads."""
    return (names.coverage, names.rke, names.duplicates, DIVERSITY)


def _coverage_lost(history: History) -> Finding | None:
    """Coverage over that of real images below the limit twice in a row, after it was had.

    Spoiled samples, see `_spoiled`, cover nothing either; they are a matter of quality.
    Untrained generators cover nothing, so low coverage tells only of a run that once had
    `HAD_ONCE` times the limit after its first step; one that never did ends as stalled.
    """
    limit = history.settings.collapse_coverage
    column = history.names.coverage
    real = number(history.baseline, column)
    if real is None or not math.isfinite(real) or real <= 0:
        return None
    points = [point for point in history.points(column) if point.images > 0]

    best = running_best(points)
    spoiled = _spoiled(history)

    def lost(i: int) -> bool:
        had = best[i].value / real >= HAD_ONCE * limit
        return had and points[i].value / real < limit and points[i].row not in spoiled

    pair = first_two_in_a_row(points, lost)
    if pair is None:
        return None
    first, second, top = points[pair[0]], points[pair[1]], best[pair[0]]
    return Finding(
        second.row,
        first.images,
        f"{column} fell from {brief(top.value)} at {kimg(top.images)} to {brief(first.value)} and "
        f"{brief(second.value)} at {both(first, second)}; real images have {brief(real)}",
    )


def _modes_lost(history: History) -> Finding | None:
    """Half the modes gone while what is left still looks real, two evaluations in a row.

    The mode count (RKE) and coverage both below `collapse_modes` times their best so far, of a
    run that once had `MIN_MODES`; precision, where there is one, still `STAYED_PRECISE` of its
    best: when samples spoil as well, the run is degraded.
    """
    names, limit = history.names, history.settings.collapse_modes
    points = [point for point in history.points(names.rke) if point.images > 0]
    modes = running_best(points)
    coverage = _shares_of_best(history, names.coverage)
    precision = _shares_of_best(history, names.precision)

    def lost(i: int) -> bool:
        row = points[i].row
        fewer = modes[i].value >= MIN_MODES and points[i].value < limit * modes[i].value
        precise = precision.get(row, 1.0) >= STAYED_PRECISE
        return fewer and precise and coverage.get(row, 1.0) < limit

    pair = first_two_in_a_row(points, lost)
    if pair is None:
        return None
    first, second, top = points[pair[0]], points[pair[1]], modes[pair[0]]
    return Finding(
        second.row,
        first.images,
        f"modes fell from {brief(top.value)} at {kimg(top.images)} to {brief(first.value)} and "
        f"{brief(second.value)} at {both(first, second)}, and coverage to "
        f"{brief(coverage[second.row])} of its best, while samples stayed as precise",
    )


def _all_alike(history: History) -> Finding | None:
    """Near-duplicates above the limit twice in a row, of a run whose samples once differed."""
    limit = history.settings.collapse_duplicates
    column = history.names.duplicates
    points = [point for point in history.points(column) if point.images > 0]
    fewest = list(accumulate((point.value for point in points), min))
    pair = first_two_in_a_row(
        points, lambda i: fewest[i] < limit / HAD_ONCE and points[i].value > limit
    )
    if pair is None:
        return None
    first, second = points[pair[0]], points[pair[1]]
    return Finding(
        second.row,
        first.images,
        f"near-duplicates rose from {brief(fewest[pair[0]])} of the samples to "
        f"{brief(first.value)} and {brief(second.value)} at {both(first, second)}, "
        f"limit {brief(limit)}",
    )


def _spoiled(history: History) -> set[int]:
    """Rows of samples that look less real than before, and yet differ from each other."""
    precision = _shares_of_best(history, history.names.precision)
    alike = {point.row: point.value for point in history.points(history.names.duplicates)}
    return {
        row
        for row, share in precision.items()
        if share < STAYED_PRECISE and alike.get(row, 1.0) < MANY_ALIKE
    }


def _shares_of_best(history: History, column: str) -> dict[int, float]:
    """Row -> the column's value there over its best so far."""
    points = [point for point in history.points(column) if point.images > 0]
    pairs = zip(points, running_best(points), strict=True)
    return {now.row: now.value / top.value for now, top in pairs if top.value > 0}


def _diversity_lost(history: History) -> Finding | None:
    """Pairwise diversity over that of real images below the limit twice: had and lost, or late."""
    limit = history.settings.collapse_diversity
    grace = COLLAPSE_GRACE_SHARE * history.budget_images
    points = [point for point in history.points(DIVERSITY) if point.images > 0]
    best = running_best(points)

    def lost(i: int) -> bool:
        had = best[i].value >= HAD_ONCE * limit
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
