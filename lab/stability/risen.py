"""A rise of the distance in a run's history, which is degraded, or collapsed where modes went."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lab.record.words import brief, kimg
from lab.stability.history import LEARNING_SHARE, Point, RunHistory, both
from lab.stability.rises import first_rise

EARLY_EVALUATIONS = 4
"""A rise in a log of another program is confirmed after so many evaluations at the earliest."""


@dataclass(frozen=True)
class Risen:
    """The first rise that stayed; points of `RunHistory.log_distances`."""

    onset: Point
    """The first evaluation of the rise."""
    first: Point
    """The two evaluations in a row that show it."""
    second: Point
    words: str
    """The rise with its numbers, for evidence."""


def risen(history: RunHistory) -> Risen | None:
    """The distance above its best level by `rise_factor` and by noise, two evaluations in a row.

    `lab.stability.rises` has the rule; the second of the two lies past `LEARNING_SHARE` of the
    budget, or past `EARLY_EVALUATIONS` of another program's log, whose budget may be far off.
    """
    points = history.log_distances
    learned = LEARNING_SHARE * history.budget_images
    if history.from_elsewhere and len(points) > EARLY_EVALUATIONS:
        learned = min(learned, points[EARLY_EVALUATIONS - 1].images)
    first_confirmed = next((i for i, point in enumerate(points) if point.images > learned), None)
    if first_confirmed is None:
        return None
    rise = first_rise(
        [point.value for point in points],
        history.settings.rise_factor,
        first_confirmed=max(1, first_confirmed),
    )
    if rise is None:
        return None
    top, onset = points[rise.best], points[rise.onset]
    first, second = points[rise.confirmed - 1], points[rise.confirmed]
    factors = [math.exp(point.value - top.value) for point in (first, second)]
    began = f", from {kimg(onset.images)} on" if onset.row < first.row else ""
    return Risen(
        onset,
        first,
        second,
        f"{history.words_of_distance} rose from its best, {history.amount_at(top.row)} at "
        f"{kimg(top.images)}, to {history.amount_at(first.row)} and "
        f"{history.amount_at(second.row)} at {both(first, second)} "
        f"({brief(factors[0])} and {brief(factors[1])} x){began}; a rise counts here from "
        f"{brief(math.exp(rise.limit))} x on",
    )
