"""How well a score separates two groups: the area under the ROC curve, with its interval."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from lab.statistics.shares import Interval, wilson_interval


class Separation(NamedTuple):
    """P(a score of the first group is above one of the second), ties one half."""

    auc: float
    """1/2: the score does not distinguish them."""
    interval: Interval


def separation(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> Separation:
    """AUC of scores [n] and [m] with DeLong's variance, as an interval of its logit.

    var = var(V10)/n + var(V01)/m, V the structural components (DeLong et al. 1988; from midranks,
    Sun and Xu 2014). Where all pairs agree the variance is 0: then Wilson's interval of min(n, m)
    pairs. NaN where a group has fewer than two scores, or a score is NaN.
    """
    x, y = (np.asarray(scores, dtype=np.float64).ravel() for scores in (first, second))
    n, m = x.size, y.size
    if min(n, m) < 2 or bool(np.isnan(x).any() or np.isnan(y).any()):
        return Separation(math.nan, Interval(math.nan, math.nan))
    ranks = stats.rankdata(np.concatenate([x, y]))
    above = (ranks[:n] - stats.rankdata(x)) / m
    below = 1 - (ranks[n:] - stats.rankdata(y)) / n
    auc = float(above.mean())
    variance = float(above.var(ddof=1) / n + below.var(ddof=1) / m)
    if variance == 0 or not 0 < auc < 1:
        pairs = min(n, m)
        return Separation(auc, wilson_interval(round(auc * pairs), pairs, confidence))
    half = stats.norm.ppf((1 + confidence) / 2) * math.sqrt(variance) / (auc * (1 - auc))
    centre = special.logit(auc)
    low, high = special.expit(centre - half), special.expit(centre + half)
    return Separation(auc, Interval(float(low), float(high)))
