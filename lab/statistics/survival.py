"""Time to failure: Kaplan and Meier's curve, what pruning hides from it, and the median onset."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from lab.statistics.shares import Intervals, wilson_interval

Array = NDArray[np.float64]


class SurvivalCurve(NamedTuple):
    """A step function: S(t) is 1 before `times[0]` and `survival[i]` from `times[i]` on.

    All four are of one length: an entry for each distinct time, of failure or of censoring.
    `at_risk` counts the runs alive just before, `num_failed` those that fail at that time.
    """

    times: Array
    survival: Array
    at_risk: NDArray[np.int64]
    num_failed: NDArray[np.int64]


class SurvivalBounds(NamedTuple):
    """The two ends of what the pruned runs would have done, had they been left alone."""

    best: SurvivalCurve
    """As if every pruned run had lived to the horizon."""
    worst: SurvivalCurve
    """As if every pruned run had failed when it was pruned."""


class Median(NamedTuple):
    """The median of some times and its interval."""

    value: float
    low: float
    high: float


def median_interval(times: ArrayLike, confidence: float = 0.95) -> Median:
    """The median, and the order statistics that hold it whatever the distribution.

    The k-th smallest of n lies below the median with probability P(B >= k), B binomial(n, 1/2);
    the largest k with P(B < k) <= (1 - confidence)/2 gives the interval [x_k, x_{n+1-k}] (David
    and Nagaraja 2003, section 7.1). Too few values for any k (fewer than 6 at 95 %): NaN.
    """
    ordered = np.sort(np.asarray(times, dtype=np.float64).ravel())
    n = ordered.size
    rank = int(stats.binom.ppf((1 - confidence) / 2, n, 0.5))
    ends = (float(ordered[rank - 1]), float(ordered[n - rank])) if rank > 0 else (np.nan, np.nan)
    return Median(float(np.median(ordered)), *ends)


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


def survival_interval(curve: SurvivalCurve, confidence: float = 0.95) -> Intervals:
    """Pointwise interval of S at the curve's times: Greenwood's variance on the log-log scale.

    S^exp(-+ z s / log S), s^2 = sum_{t_i <= t} d_i / (n_i (n_i - d_i)) (Kalbfleisch and Prentice
    1980). The scale has no place for S = 1 or S = 0; there it is Wilson's of all or none of the
    runs at risk, so that an interval without a failure or a survivor is not empty.
    """
    left = curve.at_risk - curve.num_failed
    z = float(stats.norm.ppf((1 + confidence) / 2))
    inner = (curve.survival > 0) & (curve.survival < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(curve.num_failed / (curve.at_risk * left.astype(np.float64)))
        reach = z * np.sqrt(greenwood) / np.log(curve.survival)
        low, high = curve.survival ** np.exp(-reach), curve.survival ** np.exp(reach)
    alive = np.where(curve.survival < 1, 0, curve.at_risk)
    edge = wilson_interval(alive, curve.at_risk, confidence)
    return Intervals(np.where(inner, low, edge.low), np.where(inner, high, edge.high))


def survival_bounds(
    times: ArrayLike, failed: ArrayLike, pruned: ArrayLike, horizon: float
) -> SurvivalBounds:
    """The best and the worst curve that the pruned runs allow.

    A pruned run was stopped because it looked poor: it is censored for a reason that bears on its
    fate, so no estimate may treat it as one that merely ended (informative censoring). These are
    the two extremes: where no other run ended before the horizon without failing, the curve of
    runs left alone lies between. `pruned` runs have not failed; `times` is when each was
    stopped.
    """
    when = np.asarray(times, dtype=np.float64).ravel()
    event = np.asarray(failed, dtype=bool).ravel()
    stopped = np.asarray(pruned, dtype=bool).ravel()
    assert not bool(np.any(event & stopped)), "a pruned run has not failed"
    lived = np.where(stopped, np.maximum(when, horizon), when)
    return SurvivalBounds(kaplan_meier(lived, event), kaplan_meier(when, event | stopped))


def survival_at(curve: SurvivalCurve, times: ArrayLike) -> Array:
    """S at any times: 1 before the first, level after the last."""
    index = np.searchsorted(curve.times, np.asarray(times, dtype=np.float64), side="right")
    return np.concatenate([[1.0], curve.survival])[index]


def restricted_mean(curve: SurvivalCurve, horizon: float) -> float:
    """Mean time without failure up to `horizon`: the integral of S from 0 to the horizon.

    Past the last time the curve continues at its last value, so give a horizon that was watched
    (the study's budget).
    """
    inside = curve.times < horizon
    edges = np.concatenate([[0.0], curve.times[inside], [horizon]])
    levels = np.concatenate([[1.0], curve.survival[inside]])
    return float(np.sum(np.diff(edges) * levels))
