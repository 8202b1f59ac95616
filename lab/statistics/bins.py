"""Many runs in bins of a parameter: shares and means with their intervals in each.

Several runs of one trial are not independent: they share its configuration. The interval of a
share therefore counts them as one, with their share as its outcome, which is conservative: it
assumes the strongest possible dependence. A mean is over trials, each by the mean of its runs.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lab.statistics.shares import wilson_interval

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


class BinnedShares(NamedTuple):
    """Of each bin: stable runs, runs, trials, and the interval of P(stable); [bins]."""

    stable: Counts
    total: Counts
    trials: Counts
    low: Array
    high: Array


class BinnedMeans(NamedTuple):
    """Means in bins with their intervals, [bins]; NaN with too few trials."""

    mean: Array
    low: Array
    high: Array


def bin_of(positions: Array, edges: Array) -> Counts:
    """The bin [edges[i], edges[i+1]) of each position, the last one closed; -1 for none."""
    last = len(edges) - 2
    bins = np.searchsorted(edges, positions, side="right") - 1
    # Edges are made of logarithms and sums, so values at either end may miss them by a rounding.
    bins = np.where(np.isclose(positions, edges[-1], rtol=0, atol=1e-9), last, bins)
    bins = np.where(np.isclose(positions, edges[0], rtol=0, atol=1e-9), 0, bins)
    return np.where(np.isnan(positions) | (bins > last), -1, bins)


def binned_shares(
    bins: Counts,
    num_bins: int,
    stable: NDArray[np.bool_],
    trial: Counts,
    confidence: float = 0.95,
) -> BinnedShares:
    """Counts over runs, one entry a run; a trial's runs all lie in one bin, -1 in none.

    Wilson's interval of as many runs as there are trials; with one run a trial it is exactly that.
    """
    held = bins >= 0
    first = np.zeros(len(bins), dtype=bool)
    first[np.unique(trial, return_index=True)[1]] = True
    total = np.bincount(bins[held], minlength=num_bins)
    successes = np.bincount(bins[held & stable], minlength=num_bins)
    trials = np.bincount(bins[held & first], minlength=num_bins)
    weighed = successes * trials / np.maximum(total, 1)
    low, high = wilson_interval(weighed, trials, confidence)
    return BinnedShares(successes, total, trials, low, high)


def binned_means(
    bins: Counts, num_bins: int, values: Array, trial: Counts, confidence: float = 0.95
) -> BinnedMeans:
    """Means over trials, each by the mean of its runs; one entry a run, NaN and bin -1 left out.

    Student's interval mean -+ t s / sqrt(n), t the quantile of (1 + confidence)/2 with n - 1
    degrees of freedom (Student 1908); it needs two trials.
    """
    used = (bins >= 0) & ~np.isnan(values)
    _, first, group = np.unique(trial[used], return_index=True, return_inverse=True)
    of_trial = np.bincount(group, values[used]) / np.bincount(group)
    at = bins[used][first]
    count = np.bincount(at, minlength=num_bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(at, of_trial, num_bins) / count
        variance = np.bincount(at, (of_trial - mean[at]) ** 2, num_bins) / (count - 1)
        quantile = stats.t.ppf((1 + confidence) / 2, np.maximum(count - 1, 1))
        half = np.where(count > 1, quantile * np.sqrt(variance / count), math.nan)
    return BinnedMeans(mean, mean - half, mean + half)
