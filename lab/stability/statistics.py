"""Statistics over seeds (SCIENCE.md section 3): pure functions of arrays.

Nothing here drops a NaN: where one goes in, NaN comes out, so that a number that could not be
made is seen. Callers turn failed runs into the quality 0 before they average.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Array = NDArray[np.float64]

_BLOCK_VALUES = 2_000_000
"""Resampled values held at once by a bootstrap (16 MB)."""


class Interval(NamedTuple):
    """A confidence interval of one number."""

    low: float
    high: float


class Intervals(NamedTuple):
    """Confidence intervals of many numbers, one an entry."""

    low: Array
    high: Array


class SurvivalCurve(NamedTuple):
    """A step function: S(t) is 1 before `times[0]` and `survival[i]` from `times[i]` on.

    All four are of one length: an entry for each distinct time, of failure or of censoring.
    `at_risk` counts the runs alive just before, `num_failed` those that fail at that time.
    """

    times: Array
    survival: Array
    at_risk: NDArray[np.int64]
    num_failed: NDArray[np.int64]


@overload
def wilson_interval(successes: int, runs: int, confidence: float = ...) -> Interval: ...
@overload
def wilson_interval(
    successes: Sequence[int] | NDArray[np.int64],
    runs: Sequence[int] | NDArray[np.int64] | int,
    confidence: float = ...,
) -> Intervals: ...
def wilson_interval(
    successes: ArrayLike, runs: ArrayLike, confidence: float = 0.95
) -> Interval | Intervals:
    """Wilson's score interval of P(success) from k successes in n runs.

    (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n), p = k/n, z the normal quantile of
    (1 + confidence)/2 (Wilson 1927; Brown, Cai and DasGupta 2001, eq. 4). Without runs: [0, 1].
    Takes numbers (an Interval comes back) or arrays that broadcast (Intervals).
    """
    k, n = np.broadcast_arrays(
        np.asarray(successes, dtype=np.float64), np.asarray(runs, dtype=np.float64)
    )
    assert bool(np.all((k >= 0) & (k <= n))), "successes lie between 0 and the number of runs"
    z = float(stats.norm.ppf((1 + confidence) / 2))
    some = np.maximum(n, 1.0)
    share = k / some
    centre = (share + z**2 / (2 * some)) / (1 + z**2 / some)
    half = z * np.sqrt(share * (1 - share) / some + z**2 / (4 * some**2)) / (1 + z**2 / some)
    low = np.where(k == 0, 0.0, centre - half)
    high = np.where(k == n, 1.0, centre + half)
    if low.ndim == 0:
        return Interval(float(low), float(high))
    return Intervals(low, high)


def interquartile_mean(values: ArrayLike, axis: int = -1) -> float | Array:
    """Mean of what is left when floor(n/4) values at either end are cut (Agarwal et al. 2021).

    A float for a vector, otherwise an array without `axis`. NaN without values.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.shape[axis] == 0:
        shape = np.delete(array.shape, axis)
        return math.nan if shape.size == 0 else np.full(tuple(shape), math.nan)
    means = np.asarray(stats.trim_mean(array, 0.25, axis=axis))
    means = np.where(np.isnan(array).any(axis=axis), math.nan, means)
    return float(means) if means.ndim == 0 else means


def bootstrap_interval(
    configurations: Sequence[ArrayLike],
    generator: np.random.Generator,
    *,
    confidence: float = 0.95,
    num_resamples: int = 2_000,
) -> Interval:
    """Percentile bootstrap interval of the interquartile mean over all runs.

    `configurations` holds each configuration's values over its seeds, as many as it has. Seeds
    are drawn with replacement within each configuration (stratified; Agarwal et al. 2021,
    section 4.1), so the interval speaks of these configurations under other seeds. Where no
    configuration has two seeds there is no spread to resample: both ends are NaN, not a point.
    """
    groups = [np.asarray(values, dtype=np.float64).ravel() for values in configurations]
    sizes = np.array([group.size for group in groups], dtype=np.int64)
    if not np.any(sizes >= 2):
        return Interval(math.nan, math.nan)
    values = np.concatenate(groups)
    size = np.repeat(sizes, sizes)
    start = np.repeat(np.cumsum(sizes) - sizes, sizes)
    block = max(1, _BLOCK_VALUES // values.size)
    means: list[Array] = []
    for done in range(0, num_resamples, block):
        uniform = generator.random((min(block, num_resamples - done), values.size))
        drawn = values[start + (uniform * size).astype(np.int64)]
        means.append(np.asarray(interquartile_mean(drawn)))
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return Interval(float(low), float(high))


def kaplan_meier(times: ArrayLike, failed: ArrayLike) -> SurvivalCurve:
    """Product-limit estimate of the share of runs that have not failed by each time.

    S(t) = prod_{t_i <= t} (1 - d_i / n_i) (Kaplan and Meier 1958). `times` is the time of failure
    where `failed`, else of the last look; a run censored when another fails was still at risk.
    """
    when = np.asarray(times, dtype=np.float64).ravel()
    event = np.asarray(failed, dtype=bool).ravel()
    assert when.shape == event.shape, "one `failed` for each time"
    assert bool(np.all(np.isfinite(when))), "times are finite"
    distinct = np.unique(when)
    at_risk = when.size - np.searchsorted(np.sort(when), distinct, side="left")
    died = np.sort(when[event])
    num_failed = np.searchsorted(died, distinct, side="right") - np.searchsorted(died, distinct)
    survival: Array = np.cumprod(1.0 - num_failed / at_risk, dtype=np.float64)
    return SurvivalCurve(distinct, survival, at_risk.astype(np.int64), num_failed.astype(np.int64))


def restricted_mean(curve: SurvivalCurve, horizon: float) -> float:
    """Mean time without failure up to `horizon`: the integral of S from 0 to the horizon.

    Past the last time the curve is carried on level, so give a horizon that was watched
    (the study's budget).
    """
    inside = curve.times < horizon
    edges = np.concatenate([[0.0], curve.times[inside], [horizon]])
    levels = np.concatenate([[1.0], curve.survival[inside]])
    return float(np.sum(np.diff(edges) * levels))


def conditional_value_at_risk(values: ArrayLike, share: float = 0.25) -> float:
    """Mean of the worst (lowest) ceil(share n) of n values; NaN without values."""
    array = np.asarray(values, dtype=np.float64).ravel()
    if array.size == 0 or np.isnan(array).any():
        return math.nan
    num_worst = max(1, math.ceil(share * array.size - 1e-9))
    return float(np.sort(array)[:num_worst].mean())


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
