"""What a rule is: how one failure is detected, and what the judge has to know about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from lab.record import VerdictName
from lab.record.columns import MetricNames
from lab.stability.history import Onset, RunHistory

Columns = Callable[[MetricNames], tuple[str, ...]]
"""Columns of evaluations.jsonl, given the names of the metrics."""
Direction = Literal["above", "below", "factor", "shortfall"]
"""Where a value must lie for a rule to hold: above the limit, below it, or, as the logarithm of a
factor, above that of the limit. A target is missed by a shortfall: 1 - quality above 1 -
target."""


@dataclass(frozen=True)
class Rule:
    """One failure of `lab.record.verdicts.VERDICTS`.

    A rule is causal: whether it holds at a row depends on that row and earlier ones only.
    """

    name: VerdictName
    find: Callable[[RunHistory], Onset | None]
    """The first row of a history at which the rule holds, or None."""
    reads: Columns
    """The columns that `find` reads; without a number in any of them the rule never holds."""
    limits: Mapping[str, Direction]
    """The fields of `StabilityConfig` that are its limits."""
    parts: Mapping[str, Columns] = field(default_factory=dict)
    """Parts of the rule that a person may miss, in words, and the columns that each needs."""
    names_signals: bool = True
    """Whether the verdict's evidence lists the signals that moved with the failure."""
    of_some: bool = False
    """Whether it concerns only runs that have its columns: others do not miss it."""
    names_flags: bool = False
    """Whether the verdict's evidence lists the run's flags, as they may explain the failure."""
