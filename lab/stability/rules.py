"""One function a failure (SCIENCE.md section 2, the initial rules).

A rule scans a run's history and returns the first row at which it holds, or None. It is causal:
whether it holds at a row depends on that row and earlier ones only. A rule whose columns are
absent does not fire; `silent_rules` names those. To add a failure, write its function, add it to
`RULES` at its place of precedence and the columns it reads to `READS`.
"""

from __future__ import annotations

from collections.abc import Callable

from lab.config import MetricNames
from lab.record import QUALITY, VerdictName
from lab.stability.collapse import collapse_columns, collapsed
from lab.stability.divergence import diverged, divergence_columns
from lab.stability.history import (
    Finding,
    History,
    Point,
    both,
    brief,
    first_two_in_a_row,
    kimg,
    number,
)

Rule = Callable[[History], Finding | None]


def degraded(history: History) -> Finding | None:
    """Quality further below its best so far than `degraded_drawdown`, two evaluations in a row.

    Drawdown max_{s<=t} u_s - u_t. Onset: the first of the two.
    """
    limit = history.settings.degraded_drawdown
    points = history.points(QUALITY)
    best: list[Point] = []
    for point in points:
        best.append(max([*best[-1:], point], key=lambda known: known.value))
    pair = first_two_in_a_row(points, lambda i: best[i].value - points[i].value > limit)
    if pair is None:
        return None
    first, second = points[pair[0]], points[pair[1]]
    top = best[pair[0]]
    return Finding(
        second.row,
        first.images,
        f"quality fell from its best {brief(top.value)} at {kimg(top.images)} to "
        f"{brief(first.value)} and {brief(second.value)} at {both(first, second)}, "
        f"more than {brief(limit)} below",
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
        f"quality {brief(points[-1].value)} at {kimg(points[-1].images)}, target {brief(target)}; "
        f"best {brief(best.value)} at {kimg(best.images)}; no other failure in "
        f"{len(history.rows)} evaluations",
    )


RULES: dict[VerdictName, Rule] = {
    "diverged": diverged,
    "collapsed": collapsed,
    "degraded": degraded,
    "stalled": stalled,
}
"""In order of precedence where several hold first at the same row: the nearer to the cause comes
first. Non-finite numbers make everything else fail; lost modes explain a fall of quality."""

READS: dict[VerdictName, Callable[[MetricNames], tuple[str, ...]]] = {
    "diverged": divergence_columns,
    "collapsed": collapse_columns,
    "degraded": lambda names: (QUALITY,),
    "stalled": lambda names: (QUALITY,),
}
"""The columns each rule looks at; one is enough for it to look."""


def silent_rules(history: History) -> dict[VerdictName, tuple[str, ...]]:
    """Rules that could not look, as no row has any of their columns, and those columns."""
    silent: dict[VerdictName, tuple[str, ...]] = {}
    for name, reads in READS.items():
        columns = reads(history.names)
        present = (number(row, column) for row in history.rows for column in columns)
        if all(value is None for value in present):
            silent[name] = columns
    return silent
