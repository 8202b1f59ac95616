"""Diverged: something was not finite, or a gradient norm exploded and stayed so."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Sequence

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
    Finding,
    History,
    Point,
    both,
    first_finding,
    first_two_in_a_row,
    number,
)

GRADIENT_NORMS = {
    "generator": GENERATOR_GRAD_NORM,
    "critic": CRITIC_GRAD_NORM,
}
LOSSES = (GENERATOR_LOSS, CRITIC_LOSS)

WARM_UP_SHARE = 0.1
"""Windows that end in this first share of the budget are no history of a gradient norm: a critic
that has learned nothing yet gives both players tiny gradients."""
MIN_WINDOWS = 3
"""Earlier windows a gradient norm is compared with at the least."""


def diverged(history: History) -> Finding | None:
    """Something was not finite, or a gradient norm exploded."""
    found = (_non_finite(history), _no_images(history), _exploded(history), _huge(history))
    return first_finding(*found)


def divergence_columns(names: MetricNames) -> tuple[str, ...]:
    """The columns the rule reads."""
    return (NON_FINITE, *GRADIENT_NORMS.values(), *LOSSES, *image_metrics(names))


def image_metrics(names: MetricNames) -> tuple[str, ...]:
    """Columns that have a value whenever images could be made (an error bar may lack one)."""
    columns = names.model_dump(exclude={"kernel_error"})
    return tuple(columns.values())


def _non_finite(history: History) -> Finding | None:
    """A counted non-finite value, or an infinite mean loss or gradient norm.

    Onset: the count's own date where it has one, else the row. A mean that is NaN is no proof:
    a window without a step has one too.
    """
    for i, row in enumerate(history.rows):
        count = number(row, NON_FINITE)
        if count is not None and count > 0:
            dated = number(row, FIRST_NON_FINITE)
            known = dated is not None and 0 <= dated <= history.images[i]
            onset = int(dated) if known and dated is not None else history.images[i]
            return Finding(
                i,
                onset,
                f"a loss, logit or gradient was not finite in {count:g} "
                f"step{'s' if count != 1 else ''} up to {kimg(history.images[i])}, "
                f"first at {kimg(onset)}",
            )
        for column in (*LOSSES, *GRADIENT_NORMS.values()):
            value = number(row, column)
            if value is not None and math.isinf(value):
                where = kimg(history.images[i])
                return Finding(i, history.images[i], f"{column} was {value} at {where}")
    return None


def _no_images(history: History) -> Finding | None:
    """Metrics are there and not one is finite: no images could be made."""
    columns = image_metrics(history.names)
    for i, row in enumerate(history.rows):
        values = [value for column in columns if (value := number(row, column)) is not None]
        if values and not any(math.isfinite(value) for value in values):
            evidence = (
                f"no images could be measured at {kimg(history.images[i])}: none of "
                f"{len(values)} metrics is finite"
            )
            return Finding(i, history.images[i], evidence)
    return None


def _exploded(history: History) -> Finding | None:
    """A window's gradient norm over the median of its earlier windows, two windows in a row.

    Free of scale. Earlier windows are those after the warm-up whose norm is positive (a frozen
    player has none), and there must be `MIN_WINDOWS` of them. A row whose quality is a new best
    does not count: gradients that grow while images improve are no failure. Onset: the first of
    the two.
    """
    return first_finding(*(_norm_exploded(history, player) for player in GRADIENT_NORMS))


def _norm_exploded(history: History, player: str) -> Finding | None:
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
    return Finding(
        second.row,
        first.images,
        f"the {player}'s gradient norm rose to {brief(first.value)} and {brief(second.value)} at "
        f"{both(first, second)}, more than {brief(factor)} times the median "
        f"{brief(usual[pair[0]])} of its earlier windows",
    )


def _medians_before(points: Sequence[Point]) -> list[float]:
    """The median of all values before each point; infinite before the first."""
    found, seen = [], list[float]()
    for point in points:
        half = len(seen) // 2
        if not seen:
            found.append(math.inf)
        else:
            found.append(seen[half] if len(seen) % 2 else (seen[half - 1] + seen[half]) / 2)
        insort(seen, point.value)
    return found


def _huge(history: History) -> Finding | None:
    """A gradient norm above `explosion_norm` at two windows in a row, whatever came before.

    Tells of explosions from the first windows on, which have no usual norm to be compared with.
    As in `_exploded`, rows at a new best of quality do not count.
    """
    return first_finding(*(_norm_huge(history, player) for player in GRADIENT_NORMS))


def _norm_huge(history: History, player: str) -> Finding | None:
    limit = history.settings.explosion_norm
    points = history.points(GRADIENT_NORMS[player])
    improving = history.rows_at_a_new_best()
    pair = first_two_in_a_row(
        points, lambda i: points[i].value > limit and points[i].row not in improving
    )
    if pair is None:
        return None
    first, second = points[pair[0]], points[pair[1]]
    return Finding(
        second.row,
        first.images,
        f"the {player}'s gradient norm was {brief(first.value)} and {brief(second.value)} at "
        f"{both(first, second)}, limit {brief(limit)}, and quality reached no new best",
    )
