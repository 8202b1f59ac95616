"""Shares of runs: k of n with its interval in one wording, and counts in bins of a parameter.

Several runs of one trial are no independent witnesses of a bin: they share its configuration. The
interval of a bin therefore counts them as one, with their share as its outcome, which is the
careful end of what their dependence may be. With one run a trial it is Wilson's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.statistics import Interval, wilson_interval
from reports.kit.words import percents

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Share:
    """`count` of `total` runs, most often the stable ones, with Wilson's 95% interval."""

    count: int
    total: int

    @classmethod
    def of_stable(cls, outcomes: pd.Series[Any]) -> Share:
        """The stable ones of runs with these outcomes."""
        return cls(int((outcomes == "stable").sum()), len(outcomes))

    @property
    def interval(self) -> Interval:
        """Of the share that other runs like these would show; 0 to 1 without a run."""
        return wilson_interval(self.count, self.total)

    @property
    def value(self) -> float:
        """The share itself; there must be a run."""
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


class Shares(NamedTuple):
    """Of each bin: stable runs, runs, trials, and the 95% interval of P(stable); [bins]."""

    stable: Counts
    total: Counts
    trials: Counts
    low: Array
    high: Array


def bin_of(positions: Array, edges: Array) -> Counts:
    """The bin [edges[i], edges[i+1]) of each position, the last one closed; -1 for none."""
    last = len(edges) - 2
    place = np.searchsorted(edges, positions, side="right") - 1
    # Edges are made of logarithms and sums, so values at either end may miss them by a rounding.
    place = np.where(np.isclose(positions, edges[-1], rtol=0, atol=1e-9), last, place)
    place = np.where(np.isclose(positions, edges[0], rtol=0, atol=1e-9), 0, place)
    return np.where(np.isnan(positions) | (place > last), -1, place)


def binned_shares(
    place: Counts, num_bins: int, stable: NDArray[np.bool_], trial: Counts
) -> Shares:
    """Counts over runs, one entry a run; a trial's runs all lie in one bin, -1 in none."""
    held = place >= 0
    first = held & ~pd.Series(trial).duplicated().to_numpy()
    total = np.bincount(place[held], minlength=num_bins)
    successes = np.bincount(place[held & stable], minlength=num_bins)
    trials = np.bincount(place[first], minlength=num_bins)
    weighed = successes * trials / np.maximum(total, 1)
    low, high = wilson_interval(weighed, trials)
    return Shares(successes, total, trials, low, high)
