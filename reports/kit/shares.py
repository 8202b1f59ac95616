"""k of n with its interval, in one wording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from lab.statistics import Interval, wilson_interval
from reports.kit.words import percents


@dataclass(frozen=True)
class RunShare:
    """`count` of `total` runs, most often the stable ones, with Wilson's 95% interval."""

    count: int
    total: int

    @classmethod
    def of_stable(cls, outcomes: pd.Series[Any]) -> RunShare:
        """The share of stable runs among these outcomes."""
        return cls(int((outcomes == "stable").sum()), len(outcomes))

    @property
    def interval(self) -> Interval:
        """Wilson 95% interval of the underlying share; 0 to 1 without a run."""
        return wilson_interval(self.count, self.total)

    @property
    def value(self) -> float:
        """The share itself; `total` must not be 0."""
        return self.count / self.total

    @property
    def bounds(self) -> str:
        """`35–72%`."""
        return percents(*self.interval)

    @property
    def counts(self) -> str:
        """`13 of 24`."""
        return f"{self.count:,} of {self.total:,}"

    @property
    def brief(self) -> str:
        """`13 of 24 (35–72%)`, where the note or the head of the table names the interval."""
        return f"{self.counts} ({self.bounds})"

    def __str__(self) -> str:
        """`13 of 24 (Wilson 95%: 35–72%)`."""
        return f"{self.counts} (Wilson 95%: {self.bounds})"
