"""P(stable): intervals of a share and of a difference, and shrinkage towards other trials."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

LEAST_TRIALS = 10
"""Trials from which the spread of P(stable) between them is fitted."""
LEAST_REPEATED = 5
"""As many must have two runs or more: single runs do not show that spread."""
SUGGESTED_FRESH_SEEDS = 7
"""Fresh seeds from which Wilson's 95 % interval covers the P(stable) of a race's winner in 93 to
97 % of simulated studies (benchmarks/race/study.py)."""
_WEAK = 2.0
"""Runs that the prior weighs where it cannot be fitted: as many as a uniform one."""
_LEAST_WEIGHT = 1e-2
"""Lower end of a fitted prior's weight in runs."""


class Interval(NamedTuple):
    """A confidence interval of one number."""

    low: float
    high: float


class Intervals(NamedTuple):
    """Confidence intervals of many numbers, one an entry."""

    low: Array
    high: Array


class StableShares(NamedTuple):
    """Stable runs of each trial with Wilson's interval; all of one length, trials ascending."""

    trial: Counts
    stable: Counts
    runs: Counts
    low: Array
    high: Array


class Shrinkage(NamedTuple):
    """P(stable) of each trial, drawn towards what all trials show: a beta prior's posterior."""

    alpha: float
    beta: float
    """The prior Beta(alpha, beta) of a trial's P(stable); it weighs alpha + beta runs."""
    mean: Array
    low: Array
    high: Array
    """Equal-tailed credible interval; it takes the prior as known, so it is a little narrow."""
    fitted: bool
    """Whether the prior's weight was fitted; otherwise it is that of two runs."""


@overload
def wilson_interval(successes: int, runs: int, confidence: float = ...) -> Interval: ...
@overload
def wilson_interval(
    successes: Sequence[int] | Counts | Array,
    runs: Sequence[int] | Counts | Array | int,
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


def exact_interval(successes: Counts, runs: Counts, confidence: float = 0.95) -> Intervals:
    """Clopper and Pearson's interval of P(success): it holds at any confidence and any share.

    Its ends are the quantiles (1 - confidence)/2 of Beta(k, n - k + 1) and (1 + confidence)/2 of
    Beta(k + 1, n - k) (Clopper and Pearson 1934). Wilson's is too short far out in the tail, where
    an interval for many ranges together lies.
    """
    k, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(runs, float))
    tail = (1 - confidence) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(k == 0, 0.0, stats.beta.ppf(tail, k, n - k + 1))
        high = np.where(k == n, 1.0, stats.beta.isf(tail, k + 1, n - k))
    return Intervals(low, high)


def difference_interval(
    first: tuple[int, int], second: tuple[int, int], confidence: float = 0.95
) -> Interval:
    """Interval of the difference of two unpaired shares, each (successes, runs).

    Newcombe 1998 (Statistics in Medicine 17:873), method 10, from the two Wilson intervals.
    """
    a, b = first[0] / first[1], second[0] / second[1]
    one, two = wilson_interval(*first, confidence), wilson_interval(*second, confidence)
    low = a - b - math.hypot(a - one.low, two.high - b)
    high = a - b + math.hypot(one.high - a, b - two.low)
    return Interval(low, high)


def stable_shares(trial: ArrayLike, stable: ArrayLike, confidence: float = 0.95) -> StableShares:
    """P(stable) of every trial from one entry a run: its trial's number, whether it was stable."""
    numbers = np.asarray(trial, dtype=np.int64).ravel()
    outcome = np.asarray(stable, dtype=bool).ravel()
    assert numbers.shape == outcome.shape, "one outcome a run"
    trials, index = np.unique(numbers, return_inverse=True)
    runs = np.bincount(index, minlength=trials.size)
    successes = np.bincount(index[outcome], minlength=trials.size)
    low, high = wilson_interval(successes, runs, confidence)
    return StableShares(trials, successes, runs, low, high)


def shrink(successes: ArrayLike, runs: ArrayLike, confidence: float = 0.95) -> Shrinkage:
    """Empirical Bayes: what trials with k of n stable runs likely are, given all the others.

    P(stable) of a trial is Beta(alpha, beta), k given it binomial, so k is beta-binomial; alpha
    and beta maximise its likelihood over the trials, and the posterior is Beta(alpha + k, beta +
    n - k) (Casella 1985; Robinson 2017). That n was raised for trials that did well changes
    nothing: the likelihood does not depend on why a run was made. The prior weighs no more than
    all runs together. With fewer than LEAST_TRIALS trials, fewer than LEAST_REPEATED of them
    repeated, or all runs alike, the weight cannot be fitted: the prior is then worth two runs, at
    Laplace's share (K + 1)/(N + 2) of all runs.
    """
    k = np.asarray(successes, dtype=np.float64).ravel()
    n = np.asarray(runs, dtype=np.float64).ravel()
    assert k.shape == n.shape, "one number of runs for each number of successes"
    assert bool(np.all((k >= 0) & (k <= n))), "successes lie between 0 and the number of runs"
    total, stable = float(n.sum()), float(k.sum())
    fitted = (
        int(np.sum(n > 0)) >= LEAST_TRIALS
        and int(np.sum(n >= 2)) >= LEAST_REPEATED
        and 0 < stable < total
    )
    if fitted:
        alpha, beta = _likeliest_prior(k, n)
    else:
        centre = (stable + 1) / (total + 2)
        alpha, beta = _WEAK * centre, _WEAK * (1 - centre)
    tail = (1 - confidence) / 2
    above, below = alpha + k, beta + n - k
    low, high = (np.asarray(stats.beta.ppf(at, above, below)) for at in (tail, 1 - tail))
    return Shrinkage(alpha, beta, above / (above + below), low, high, fitted)


def beta_binomial_log_likelihood(k: Array, n: Array, alpha: float, beta: float) -> Array:
    """log B(k + a, n - k + b) - log B(a, b): log P(k of n) but for the binomial coefficient."""
    evidence = special.betaln(k + alpha, n - k + beta) - special.betaln(alpha, beta)
    return np.asarray(evidence, dtype=np.float64)


def _likeliest_prior(k: Array, n: Array) -> tuple[float, float]:
    """(alpha, beta) by maximum likelihood over centre (logit) and weight (log), in bounds."""
    (stable, runs), counts = np.unique(np.stack([k, n]), axis=1, return_counts=True)

    def cost(point: Array) -> float:
        centre, weight = float(special.expit(point[0])), math.exp(point[1])
        each = beta_binomial_log_likelihood(stable, runs, centre * weight, (1 - centre) * weight)
        return -float(np.sum(counts * each))

    most = math.log(float(n.sum()))
    starts = [(special.logit(k.sum() / n.sum()), log_weight) for log_weight in (0.0, most / 2)]
    bounds = [(-12.0, 12.0), (math.log(_LEAST_WEIGHT), most)]
    fits = [optimize.minimize(cost, start, method="L-BFGS-B", bounds=bounds) for start in starts]
    best = min(fits, key=lambda result: float(result.fun)).x
    centre, weight = float(special.expit(best[0])), math.exp(best[1])
    return centre * weight, (1 - centre) * weight
