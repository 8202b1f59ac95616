"""Collapsed: modes were lost or never had, or the generator makes nearly one image."""

from __future__ import annotations

import math
from itertools import accumulate

from lab.record.columns import DIVERSITY, MetricNames
from lab.record.words import brief, kimg
from lab.stability.history import (
    Onset,
    RunHistory,
    both,
    earliest,
    first_two_in_a_row,
    number,
    running_best,
)
from lab.stability.narrow import missing_classes, never_had
from lab.stability.risen import risen
from lab.stability.rule import Rule

COLLAPSE_GRACE_SHARE = 0.75
"""A diversity that was low from the start counts from this share of the budget on: at small
learning rates many a healthy generator still makes nearly one image at half of the budget."""
HAD_ONCE = 2.0
"""Coverage and diversity can be lost only by a run that once had this many times their limit."""
MIN_MODES = 2.0
"""A run that never had this many modes cannot lose them."""
STAYED_PRECISE = 0.8
"""Share of its best precision from which samples look as real as before."""
COVERS_LESS = 0.75
"""Coverage over its best below which a rise of the distance is a loss of modes: near-real images
of 7 of 10 classes have .76 of that of all."""
MANY_ALIKE = 0.5
"""Share of near-duplicates from which samples no longer differ."""


def collapsed(history: RunHistory) -> Onset | None:
    """Coverage or modes were lost or never had, or the generator makes nearly one image."""
    return earliest(
        _coverage_lost(history),
        _modes_lost(history),
        _all_alike(history),
        _diversity_lost(history),
        _distance_rose_by_lost_modes(history),
        never_had(history),
    )


def _reads(names: MetricNames) -> tuple[str, ...]:
    return (names.coverage, names.rke, names.duplicates, DIVERSITY)


def _coverage_lost(history: RunHistory) -> Onset | None:
    """Coverage over that of real images below the limit twice in a row, after it was higher.

    Spoiled samples (`_spoiled`) cover nothing either, but that is a loss of quality. Untrained
    generators cover nothing, so low coverage counts only in a run that once had `HAD_ONCE` times
    the limit after its first step; one that never did ends as stalled.
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
    return Onset(
        second.row,
        first.images,
        f"{column} fell from {brief(top.value)} at {kimg(top.images)} to {brief(first.value)} and "
        f"{brief(second.value)} at {both(first, second)}; real images have {brief(real)}",
    )


def _modes_lost(history: RunHistory) -> Onset | None:
    """Half the modes lost while the rest still looks real, at two evaluations in a row.

    The mode count (RKE) and coverage are both below `collapse_modes` times their best so far, in
    a run that once had `MIN_MODES`; precision, where it is measured, is still `STAYED_PRECISE` of
    its best. When samples look less real as well, the run is degraded.
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
    return Onset(
        second.row,
        first.images,
        f"the mode count fell from {brief(top.value)} at {kimg(top.images)} to "
        f"{brief(first.value)} and {brief(second.value)} at {both(first, second)}, and coverage "
        f"to {brief(coverage[second.row])} of its best, while precision held",
    )


def _distance_rose_by_lost_modes(history: RunHistory) -> Onset | None:
    """The distance rose and stayed while samples looked as real as before and covered less.

    The rise is that of `degraded`; at the two evaluations that show it classes are missing or
    coverage is below `COVERS_LESS` of its best, and precision still `STAYED_PRECISE` of its best.
    """
    rise = risen(history)
    if rise is None:
        return None
    coverage = _shares_of_best(history, history.names.coverage)
    precision = _shares_of_best(history, history.names.precision)
    rows = (rise.first.row, rise.second.row)
    if not all(row in coverage and row in precision for row in rows):
        return None
    if any(precision[row] < STAYED_PRECISE for row in rows):
        return None
    clauses = [f"samples lack {clause}" for clause in missing_classes(history, rows)]
    if all(coverage[row] < COVERS_LESS for row in rows):
        shares = " and ".join(brief(coverage[row]) for row in rows)
        clauses.append(f"coverage fell to {shares} of its best")
    if not clauses:
        return None
    evidence = f"{rise.words}, while {' and '.join(clauses)} and precision held"
    return Onset(rise.second.row, rise.onset.images, evidence)


def _all_alike(history: RunHistory) -> Onset | None:
    """Near-duplicates above the limit twice in a row, in a run whose samples once differed."""
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
    return Onset(
        second.row,
        first.images,
        f"the share of near-duplicate samples rose from {brief(fewest[pair[0]])} to "
        f"{brief(first.value)} and {brief(second.value)} at {both(first, second)}, "
        f"limit {brief(limit)}",
    )


def _spoiled(history: RunHistory) -> set[int]:
    """Rows whose samples look less real than before, although they differ from each other."""
    precision = _shares_of_best(history, history.names.precision)
    duplicates = {point.row: point.value for point in history.points(history.names.duplicates)}
    return {
        row
        for row, share in precision.items()
        if share < STAYED_PRECISE and duplicates.get(row, 1.0) < MANY_ALIKE
    }


def _shares_of_best(history: RunHistory, column: str) -> dict[int, float]:
    """Row -> the value of the column there, divided by its best so far."""
    points = [point for point in history.points(column) if point.images > 0]
    pairs = zip(points, running_best(points), strict=True)
    return {now.row: now.value / top.value for now, top in pairs if top.value > 0}


def _diversity_lost(history: RunHistory) -> Onset | None:
    """Pairwise diversity over that of real images below the limit twice: after it was higher,
    or past `COLLAPSE_GRACE_SHARE` of the budget.
    """
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
    return Onset(
        second.row,
        first.images,
        f"the diversity of generated images was {brief(first.value)} and {brief(second.value)} "
        f"of that of real images at {both(first, second)}, "
        f"limit {brief(limit)}",
    )


RULE = Rule(
    "collapsed",
    collapsed,
    _reads,
    {
        "collapse_coverage": "below",
        "collapse_diversity": "below",
        "collapse_modes": "below",
        "collapse_duplicates": "above",
    },
)
