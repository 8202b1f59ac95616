"""Stable runs counted in bins of a parameter, with an interval of the share in each.

Several runs of one trial are no independent witnesses of a bin: they share its configuration. The
interval therefore counts them as one, with their share as its outcome, which is the careful end
of what their dependence may be. With one run a trial it is Wilson's.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.statistics import wilson_interval

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


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
