"""One function a failure (SCIENCE.md section 2); limits are fields of `StabilityConfig`.

A rule scans a run's history and returns the first row at which it holds, or None. It is causal:
whether it holds at a row depends on that row and earlier ones only. A rule whose columns are
absent does not fire; `silent_rules` names those. To add a failure, write its function, add it to
`RULES` at its place of precedence, the columns it reads to `READS` and its limits to
`lab.stability.confidence.LIMITS`.
"""

from __future__ import annotations

from collections.abc import Callable

from lab.record import QUALITY, VerdictName
from lab.record.columns import MetricNames
from lab.stability.history import Finding, History, number
from lab.stability.rules.collapsed import collapse_columns, collapsed
from lab.stability.rules.degraded import degraded, stalled
from lab.stability.rules.diverged import diverged, divergence_columns
from lab.stability.rules.oscillating import oscillating

Rule = Callable[[History], Finding | None]

RULES: dict[VerdictName, Rule] = {
    "diverged": diverged,
    "collapsed": collapsed,
    "oscillating": oscillating,
    "degraded": degraded,
    "stalled": stalled,
}
"""In order of precedence where several hold first at the same row: the nearer to the cause comes
first. Non-finite numbers make everything else fail; lost modes explain a fall of quality, and
swings that gain nothing each single fall."""

READS: dict[VerdictName, Callable[[MetricNames], tuple[str, ...]]] = {
    "diverged": divergence_columns,
    "collapsed": collapse_columns,
    "oscillating": lambda names: (QUALITY,),
    "degraded": lambda names: (QUALITY,),
    "stalled": lambda names: (QUALITY,),
}
"""The columns each rule looks at; one is enough for it to look."""


def silent_rules(history: History) -> dict[VerdictName, tuple[str, ...]]:
    """Rules that could not look, as no row has any of their columns, and those columns."""
    silent: dict[VerdictName, tuple[str, ...]] = {}
    for name, reads in READS.items():
        columns = reads(history.names)
        if not has_any(history, columns):
            silent[name] = columns
    return silent


def has_any(history: History, columns: tuple[str, ...]) -> bool:
    """Whether any row has a number in any of the columns."""
    present = (number(row, column) for row in history.rows for column in columns)
    return any(value is not None for value in present)


def first_failure(history: History) -> tuple[VerdictName, Finding] | None:
    """The failure that could be told first, by precedence where several could at one row."""
    findings = [
        (finding.row, precedence, name, finding)
        for precedence, (name, rule) in enumerate(RULES.items())
        if (finding := rule(history)) is not None
    ]
    if not findings:
        return None
    _, _, name, finding = min(findings, key=lambda found: found[:2])
    return name, finding
