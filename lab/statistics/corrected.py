"""Shares of groups by a classifier that errs, its own error measured and corrected for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.statistics.resampling import percentiles
from lab.statistics.shares import Interval, Intervals

Array = NDArray[np.float64]

NUM_DRAWS = 2_000
_BLOCK_VALUES = 2_000_000
"""Drawn rates held at once (16 MB)."""


class CorrectedShares(NamedTuple):
    """Shares of K groups among images that a classifier assigned to groups."""

    value: Array
    """[K], they add up to 1."""
    interval: Intervals
    """95 % of each, [K]; of the images and of the classifier's measured error together."""
    draws: Array
    """[draws, K]: the shares under other images and another measurement of the error."""


def corrected_shares(
    assigned: ArrayLike,
    confusion: ArrayLike,
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
    num_draws: int = NUM_DRAWS,
) -> CorrectedShares:
    """The shares p that explain the counts `assigned` [K]: the confusion's inverse, applied.

    `confusion` [K, K] counts images of a known group (row) that were assigned to a group (column);
    no row is empty. With C its rows as rates, the assigned shares are q = C' p, so p = C'^-1 q,
    and then the nearest shares that are none below 0 (Buonaccorsi 2010, sec. 2.3; Lipton, Wang and
    Smola 2018, sec. 3). It holds where images of a group are assigned like the images that the
    confusion was measured on. For the interval both are drawn again: q from
    Dirichlet(assigned + 1/K), each row of C from Dirichlet(counts + 1/K), where the 1/K keep alive
    what was never seen. A classifier that cannot distinguish two groups gives them wide intervals.
    """
    counts = np.asarray(assigned, dtype=np.float64)
    table = np.asarray(confusion, dtype=np.float64)
    num_groups = counts.size
    assert table.shape == (num_groups, num_groups), "a row and a column for each group"
    assert bool(np.all(table.sum(axis=1) > 0)), "the error was measured for each group"
    value = _inverted(_rates(table)[None], _rates(counts)[None])[0]
    block = max(1, _BLOCK_VALUES // num_groups**2)
    parts = []
    for done in range(0, num_draws, block):
        size = min(block, num_draws - done)
        rates = np.stack([rng.dirichlet(row + 1 / num_groups, size=size) for row in table], 1)
        parts.append(_inverted(rates, rng.dirichlet(counts + 1 / num_groups, size=size)))
    draws = np.concatenate(parts)
    return CorrectedShares(value, Intervals(*percentiles(draws, confidence, axis=0)), draws)


class Distance(NamedTuple):
    """A distance between shares, with its interval and its size under no difference."""

    value: float
    interval: Interval
    of_equal: float
    """Its mean where the true shares are equal: what sampling and the classifier's error leave."""


def total_variation(
    shares: CorrectedShares, target: ArrayLike, *, confidence: float = 0.95
) -> Distance:
    """sum |p - t| / 2 from the corrected shares to `target` [K], from 0 to 1.

    The interval ends above at the draws' upper quantile, and reaches at least as far below the
    value: the draws scatter about an estimate that scatters itself, so that few of their distances
    are near 0, and their own lower quantile would exclude equal shares too often. It contains 0
    where the draws are as far from the estimate as that is from the target.
    """
    expected = np.asarray(target, dtype=np.float64)
    value = float(np.abs(shares.value - expected).sum() / 2)
    drawn = np.abs(shares.draws - expected).sum(axis=1) / 2
    low, high = percentiles(drawn, confidence).tolist()
    noise = np.abs(shares.draws - shares.value).sum(axis=1) / 2
    if value <= percentiles(noise, confidence)[1]:
        low = 0.0
    interval = Interval(max(0.0, min(low, 2 * value - high)), max(value, high))
    return Distance(value, interval, float(noise.mean()))


def nearest_shares(points: Array) -> Array:
    """The nearest shares to each of `points` [n, K]: none below 0, and their sum is 1.

    Held, Wolfe and Crowder 1974; Duchi et al. 2008, fig. 1.
    """
    descending = -np.sort(-points, axis=1)
    excess = (descending.cumsum(axis=1) - 1) / np.arange(1, points.shape[1] + 1)
    last = (descending > excess).sum(axis=1) - 1
    shares: Array = np.maximum(points - np.take_along_axis(excess, last[:, None], axis=1), 0.0)
    return shares


def _rates(counts: Array) -> Array:
    return np.asarray(counts / counts.sum(axis=-1, keepdims=True), dtype=np.float64)


def _inverted(rates: Array, shares: Array) -> Array:
    """Shares [n, K] from confusions [n, K, K] and assigned shares [n, K]."""
    transposed = rates.swapaxes(1, 2)
    try:
        points = np.linalg.solve(transposed, shares[..., None])
    except np.linalg.LinAlgError:
        points = np.linalg.pinv(transposed) @ shares[..., None]
    return nearest_shares(np.asarray(points[..., 0], dtype=np.float64))
