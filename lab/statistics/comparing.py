"""One against another: improvement, the effect of a choice, order kept, and who is dominated."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from lab.statistics.resampling import percentiles
from lab.statistics.shares import Interval

Array = NDArray[np.float64]

LEAST_FOR_AN_INTERVAL = 10
"""Runs from which on a rank correlation has an interval."""
_BLOCK_PAIRS = 4_000_000
"""Comparisons of two rows held at once when looking for the Pareto front."""
_UNKNOWN = Interval(math.nan, math.nan)


class Effect(NamedTuple):
    """What one level of a choice gains over another, averaged over configurations."""

    difference: float
    interval: Interval
    """Over other configurations like these; NaN with fewer than two."""
    num_configurations: int
    """Configurations that had both levels; the others show no effect and are left out."""
    num_paired: int
    """How many of those were compared seed by seed."""


class RankCorrelations(NamedTuple):
    """Spearman's correlation of each column with one outcome, and its bootstrap interval."""

    value: Array
    low: Array
    high: Array


def probability_of_improvement(a: ArrayLike, b: ArrayLike) -> float:
    """P(A > B) + P(A = B)/2 for a random pair: Mann and Whitney's U over n_A n_B.

    U is A's rank sum less n_A (n_A + 1)/2, ties with their mean rank. NaN when either is empty.
    """
    first = np.asarray(a, dtype=np.float64).ravel()
    second = np.asarray(b, dtype=np.float64).ravel()
    if first.size == 0 or second.size == 0:
        return math.nan
    ranks = np.asarray(stats.rankdata(np.concatenate([first, second])))
    statistic = ranks[: first.size].sum() - first.size * (first.size + 1) / 2
    return float(statistic / (first.size * second.size))


def improvement_interval(
    a: ArrayLike,
    b: ArrayLike,
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
    num_resamples: int = 2_000,
) -> Interval:
    """Percentile bootstrap interval of `probability_of_improvement`, A and B drawn apart.

    Each resample weighs the runs by how often they were drawn, so that all of them are one matrix
    product with the comparisons. NaN where either has fewer than two runs, or holds a NaN.
    """
    first = np.asarray(a, dtype=np.float64).ravel()
    second = np.asarray(b, dtype=np.float64).ravel()
    if min(first.size, second.size) < 2 or np.isnan(first).any() or np.isnan(second).any():
        return _UNKNOWN
    wins = (np.sign(first[:, None] - second[None, :]) + 1) / 2
    drawn_a, drawn_b = (
        rng.multinomial(n, np.full(n, 1 / n), size=num_resamples) / n
        for n in (first.size, second.size)
    )
    shares = np.sum((drawn_a @ wins) * drawn_b, axis=1)
    return Interval(*percentiles(shares, confidence).tolist())


def paired_effect(
    configuration: ArrayLike,
    seed: ArrayLike,
    treated: ArrayLike,
    value: ArrayLike,
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
    num_resamples: int = 2_000,
) -> Effect:
    """Mean gain of the runs that are `treated` over those that are not, within configurations.

    One entry a run: `configuration` names everything but the choice, `treated` is which level
    it took (spectral norm or not), `value` is its quality, or 1 when stable and 0 when not. A
    configuration whose levels share seeds is compared on those seeds alone, any other by the
    means over what it has. The interval draws configurations again, not runs: runs of one
    configuration are not independent.
    """
    taken = np.asarray(treated, dtype=bool).ravel()
    values = np.asarray(value, dtype=np.float64).ravel()
    groups, group = np.unique(np.asarray(configuration).ravel(), return_inverse=True)
    _, seeds = np.unique(np.asarray(seed).ravel(), return_inverse=True)
    _, cell = np.unique(np.stack([group, seeds]), axis=1, return_inverse=True)
    num_cells = int(cell.max(initial=-1)) + 1
    shared = np.all([np.bincount(cell[side], minlength=num_cells) for side in (taken, ~taken)], 0)
    on_shared_seed = shared[cell]
    paired = np.bincount(group[on_shared_seed], minlength=groups.size) > 0
    used = on_shared_seed | ~paired[group]
    with np.errstate(invalid="ignore", divide="ignore"):
        with_it, without = (
            np.bincount(group[used & side], values[used & side], groups.size)
            / np.bincount(group[used & side], minlength=groups.size)
            for side in (taken, ~taken)
        )
    both = np.all([np.bincount(group[side], minlength=groups.size) for side in (taken, ~taken)], 0)
    gains = (with_it - without)[both]
    if gains.size == 0:
        return Effect(math.nan, _UNKNOWN, 0, 0)
    interval = _UNKNOWN
    if gains.size >= 2:
        drawn = rng.integers(gains.size, size=(num_resamples, gains.size))
        interval = Interval(*percentiles(gains[drawn].mean(axis=1), confidence).tolist())
    return Effect(float(gains.mean()), interval, gains.size, int(paired.sum()))


def rank_correlations(
    columns: ArrayLike,
    outcome: ArrayLike,
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
    num_resamples: int = 2_000,
) -> RankCorrelations:
    """Spearman's correlation of every column [runs, columns] with the outcome [runs].

    Ties take their mean rank. The percentile interval draws runs again, the same ones for all
    columns. A constant column, a constant outcome or fewer than two runs have no order: NaN. In a
    resample that happens to be constant no order shows, and it counts as 0.
    """
    x = np.asarray(columns, dtype=np.float64)
    y = np.asarray(outcome, dtype=np.float64).ravel()
    assert x.ndim == 2, "columns are [runs, columns]"
    assert x.shape[0] == y.size, "one outcome a run"
    if y.size < 2:
        nothing = np.full(x.shape[1], math.nan)
        return RankCorrelations(nothing, nothing.copy(), nothing.copy())
    value = _rank_correlation(x.T, y[None, :])
    drawn = rng.integers(y.size, size=(num_resamples, y.size))
    ends = [
        percentiles(np.nan_to_num(_rank_correlation(column[drawn], y[drawn])), confidence)
        for column in x.T
    ]
    low, high = np.array(ends).reshape(-1, 2).T
    finite = np.isfinite(value)
    low, high = (np.where(finite, end, math.nan) for end in (low, high))
    return RankCorrelations(value, low, high)


def _rank_correlation(x: Array, y: Array) -> Array:
    """Pearson's correlation of ranks along the last axis, rows paired; NaN for a constant row."""
    first, second = (np.asarray(stats.rankdata(values, axis=-1)) for values in (x, y))
    first = first - first.mean(axis=-1, keepdims=True)
    second = second - second.mean(axis=-1, keepdims=True)
    size = np.sqrt(np.sum(first**2, axis=-1) * np.sum(second**2, axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.where(size > 0, np.sum(first * second, axis=-1) / size, math.nan)
    return np.asarray(np.clip(correlation, -1, 1))


def rank_correlation_interval(value: float, num_runs: int, confidence: float = 0.95) -> Interval:
    """The interval of Spearman's correlation of so many independent runs.

    On Fisher's scale, standard error sqrt((1 + r^2 / 2) / (n - 3)) (Bonett & Wright 2000);
    -1 to 1 below LEAST_FOR_AN_INTERVAL runs.
    """
    if num_runs < LEAST_FOR_AN_INTERVAL or not math.isfinite(value):
        return Interval(-1.0, 1.0)
    if abs(value) >= 1:
        value = math.copysign(1 - 1 / num_runs**2, value)
    error = math.sqrt((1 + value**2 / 2) / (num_runs - 3))
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * error
    return Interval(math.tanh(math.atanh(value) - reach), math.tanh(math.atanh(value) + reach))


def pareto_front(values: ArrayLike, maximise: ArrayLike) -> NDArray[np.bool_]:
    """Which rows of [points, objectives] no other row dominates.

    One row dominates another when it is at least as good everywhere and better somewhere;
    `maximise` is whether more is better, for each objective. Equal rows do not dominate each
    other: both are on the front or neither. A row with a NaN is unknown: it is not on the front
    and dominates nothing.
    """
    array = np.asarray(values, dtype=np.float64)
    assert array.ndim == 2, "values are [points, objectives]"
    gains = np.where(np.asarray(maximise, dtype=bool), array, -array)
    front = np.zeros(array.shape[0], dtype=np.bool_)
    complete = np.flatnonzero(~np.isnan(array).any(axis=1))
    distinct, index = np.unique(gains[complete], axis=0, return_inverse=True)
    block = max(1, _BLOCK_PAIRS // max(1, distinct.size))
    best = np.ones(distinct.shape[0], dtype=np.bool_)
    for first in range(0, distinct.shape[0], block):
        here = distinct[first : first + block]
        # Rows are distinct, so one that is as good everywhere is the row itself or dominates it.
        as_good = np.all(distinct[None, :, :] >= here[:, None, :], axis=2)
        best[first : first + block] = as_good.sum(axis=1) == 1
    front[complete] = best[index]
    return front
