"""Intervals of a share from few runs: Wilson's, which the lab reports, and its rivals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats
from scipy.optimize import elementwise

from benchmarks.race.worlds import Array, Configurations, draw_runs
from lab.statistics import (
    Intervals,
    bootstrap_intervals,
    interquartile_mean,
    wilson_interval,
)

LEVEL = 0.95
TAIL = (1 - LEVEL) / 2


def wilson(runs: int) -> Intervals:
    """The lab's; entry k for k stable of `runs`."""
    return wilson_interval(np.arange(runs + 1), runs, LEVEL)


def jeffreys(runs: int) -> Intervals:
    """Equal tails of Beta(k + 1/2, n - k + 1/2), open at the ends (Brown et al. 2001, sec. 4)."""
    k = np.arange(runs + 1)
    low = stats.beta.ppf(TAIL, k + 0.5, runs - k + 0.5)
    high = stats.beta.ppf(1 - TAIL, k + 0.5, runs - k + 0.5)
    return Intervals(np.where(k == 0, 0.0, low), np.where(k == runs, 1.0, high))


def clopper_pearson(runs: int) -> Intervals:
    """Exact: at least its level whatever P is (Clopper and Pearson 1934)."""
    k = np.arange(runs + 1)
    low = stats.beta.ppf(TAIL, np.maximum(k, 1), runs - k + 1)
    high = stats.beta.ppf(1 - TAIL, k + 1, np.maximum(runs - k, 1))
    return Intervals(np.where(k == 0, 0.0, low), np.where(k == runs, 1.0, high))


def mid_p(runs: int) -> Intervals:
    """Clopper and Pearson's with half of the probability of k itself in either tail."""
    k = np.arange(runs + 1)

    def excess(p: Array, at: Array, k: Array) -> Array:
        """P(X > k) + P(X = k)/2 less a tail: rises with p."""
        return np.asarray(stats.binom.sf(k, runs, p) + stats.binom.pmf(k, runs, p) / 2 - at)

    edges = np.zeros(runs + 1), np.ones(runs + 1)
    low, high = (
        elementwise.find_root(excess, edges, args=(np.full(runs + 1, at), k)).x
        for at in (TAIL, 1 - TAIL)
    )
    return Intervals(np.where(k == 0, 0.0, low), np.where(k == runs, 1.0, high))


METHODS: dict[str, Callable[[int], Intervals]] = {
    "Wilson": wilson,
    "Jeffreys": jeffreys,
    "mid-P": mid_p,
    "Clopper-Pearson": clopper_pearson,
}


def coverage(method: str, runs: int, share: Array) -> Array:
    """The probability that the interval from so many runs holds each true share; exact."""
    interval = METHODS[method](runs)
    chance = stats.binom.pmf(np.arange(runs + 1), runs, share[:, None])
    holds = (interval.low <= share[:, None]) & (share[:, None] <= interval.high)
    return np.asarray((chance * holds).sum(axis=1))


def quality_coverage(runs: int, share: float, num_draws: int, seed: int = 0) -> float:
    """How often the bootstrap interval from so many runs holds the interquartile mean of quality.

    Of a configuration of quality .8 that is stable with this share, failures as 0; the truth is
    the interquartile mean of a million runs.
    """
    rng = np.random.default_rng(seed)

    def quality(num_rows: int, num_runs: int) -> Array:
        truth = Configurations(np.full((1, num_rows), share), np.full((1, num_rows), 0.8))
        drawn = draw_runs(truth, num_runs, rng)
        return np.asarray(np.where(drawn.stable, drawn.score, 0.0)[0])

    expected = interquartile_mean(quality(1, 1_000_000)[0])
    low, high = bootstrap_intervals(quality(num_draws, runs), rng, num_resamples=1_000)
    return float(np.mean((low <= expected) & (expected <= high)))
