"""Diverged: a value was not finite, or a gradient norm exploded and stayed so."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Sequence

from lab.record import SIGNAL_PREFIX
from lab.record.columns import (
    CRITIC_GRAD_NORM,
    CRITIC_LOSS,
    FIRST_NON_FINITE,
    GENERATOR_GRAD_NORM,
    GENERATOR_LOSS,
    NON_FINITE,
    MetricNames,
)
from lab.record.words import brief, kimg
from lab.stability.history import (
    Onset,
    Point,
    RunHistory,
    both,
    earliest,
    first_two_in_a_row,
    number,
)
from lab.stability.rule import Rule

GRADIENT_NORMS = {
    "generator": GENERATOR_GRAD_NORM,
    "critic": CRITIC_GRAD_NORM,
}
LOSSES = (GENERATOR_LOSS, CRITIC_LOSS)

WARM_UP_SHARE = 0.1
"""Windows that end in this first share of the budget are not compared with: a critic that has
learned nothing yet gives both players tiny gradients."""
MIN_WINDOWS = 3
"""A gradient norm is compared with at least this many earlier windows."""


def diverged(history: RunHistory) -> Onset | None:
    """A value was not finite, no image could be measured, or a gradient norm exploded."""
    values = history.once("non-finite values", lambda: _non_finite(history))
    images = history.once("no images", lambda: _no_images(history))
    return earliest(values, images, _exploded(history), _huge(history))


def _reads(names: MetricNames) -> tuple[str, ...]:
    return (NON_FINITE, *GRADIENT_NORMS.values(), *LOSSES, *image_metrics(names))


def image_metrics(names: MetricNames) -> tuple[str, ...]:
    """Columns that have a value whenever images could be made (the error of KID may have none)."""
    columns = names.model_dump(exclude={"kernel_error"})
    return tuple(columns.values())


def _non_finite(history: RunHistory) -> Onset | None:
    """A counted non-finite value, or an infinite mean loss or gradient norm.

    Onset: the images seen at the first counted value where they are recorded, else those of the
    row. A mean that is NaN does not count: that of a window without steps is NaN too.
    """
    for i, row in enumerate(history.rows):
        count = number(row, NON_FINITE)
        if count is not None and count > 0:
            first = number(row, FIRST_NON_FINITE)
            onset = history.images[i]
            if first is not None and 0 <= first <= onset:
                onset = int(first)
            return Onset(
                i,
                onset,
                f"a loss, logit or gradient was not finite in {count:g} "
                f"step{'s' if count != 1 else ''} up to {kimg(history.images[i])}, "
                f"first at {kimg(onset)}",
            )
        for column in (*LOSSES, *GRADIENT_NORMS.values()):
            value = number(row, column)
            if value is not None and math.isinf(value):
                words = column.removeprefix(SIGNAL_PREFIX).replace("_", " ")
                evidence = f"the {words} was {value} at {kimg(history.images[i])}"
                return Onset(i, history.images[i], evidence)
    return None


def _no_images(history: RunHistory) -> Onset | None:
    """A row has metrics and none of them is finite: the images could not be measured."""
    columns = image_metrics(history.names)
    for i, row in enumerate(history.rows):
        values = [value for column in columns if (value := number(row, column)) is not None]
        if values and not any(math.isfinite(value) for value in values):
            evidence = (
                f"no images could be measured at {kimg(history.images[i])}: none of "
                f"{len(values)} metrics is finite"
            )
            return Onset(i, history.images[i], evidence)
    return None


def _exploded(history: RunHistory) -> Onset | None:
    """A window's gradient norm far above the median of its earlier windows, two windows in a row.

    Earlier windows are those after the warm-up whose norm is positive (a frozen player has none),
    and there must be `MIN_WINDOWS` of them. A row whose quality is a new best does not count, as
    gradients that grow while images improve are no failure. Onset: the first of the two.
    """
    return earliest(*(_norm_exploded(history, player) for player in GRADIENT_NORMS))


def _norm_exploded(history: RunHistory, player: str) -> Onset | None:
    factor = history.settings.explosion_factor
    warm = WARM_UP_SHARE * history.budget_images
    points = history.points(GRADIENT_NORMS[player])
    points = [point for point in points if point.value > 0 and point.images > warm]

    improving = history.rows_at_a_new_best()

    usual = _medians_before(points)

    def exploded(i: int) -> bool:
        if i < MIN_WINDOWS or points[i].row in improving:
            return False
        return points[i].value / factor > usual[i]

    pair = first_two_in_a_row(points, exploded)
    if pair is None:
        return None
    first, second = points[pair[0]], points[pair[1]]
    return Onset(
        second.row,
        first.images,
        f"the {player}'s gradient norm rose to {brief(first.value)} and {brief(second.value)} at "
        f"{both(first, second)}, more than {brief(factor)} times the median of "
        f"its earlier windows, {brief(usual[pair[0]])}",
    )


def _medians_before(points: Sequence[Point]) -> list[float]:
    """The median of all values before each point; infinite before the first."""
    medians, earlier = [], list[float]()
    for point in points:
        half = len(earlier) // 2
        if not earlier:
            medians.append(math.inf)
        elif len(earlier) % 2:
            medians.append(earlier[half])
        else:
            medians.append((earlier[half - 1] + earlier[half]) / 2)
        insort(earlier, point.value)
    return medians


def _huge(history: RunHistory) -> Onset | None:
    """A gradient norm above `explosion_norm` at two windows in a row, whatever came before.

    Detects explosions from the first windows on, which have no earlier norm to compare with.
    As in `_exploded`, rows at a new best of quality do not count.
    """
    return earliest(*(_norm_huge(history, player) for player in GRADIENT_NORMS))


def _norm_huge(history: RunHistory, player: str) -> Onset | None:
    limit = history.settings.explosion_norm
    points = history.points(GRADIENT_NORMS[player])
    improving = history.rows_at_a_new_best()
    pair = first_two_in_a_row(
        points, lambda i: points[i].value > limit and points[i].row not in improving
    )
    if pair is None:
        return None
    first, second = points[pair[0]], points[pair[1]]
    return Onset(
        second.row,
        first.images,
        f"the {player}'s gradient norm was {brief(first.value)} and {brief(second.value)} at "
        f"{both(first, second)}, above the limit {brief(limit)}, while quality reached no new "
        "best",
    )


RULE = Rule(
    "diverged",
    diverged,
    _reads,
    {"explosion_factor": "above", "explosion_norm": "above"},
    parts={"an explosion": lambda names: tuple(GRADIENT_NORMS.values())},
)
