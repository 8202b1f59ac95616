"""Statistics of the order of a window's steps: series [num_steps] in, a number out."""

from __future__ import annotations

from torch import Tensor

MIN_STEPS = 3
"""An autocorrelation of a shorter series is meaningless."""


def autocorrelation(series: Tensor) -> float:
    """Lag-1 autocorrelation, sum (x_t - m)(x_t+1 - m) / sum (x_t - m)^2 (Box & Jenkins).

    Near 1 the series drifts or swings slowly, near -1 it flips at every step; constant series: 0.
    """
    centred = series.double() - series.double().mean()
    spread = float(centred.square().sum())
    if spread == 0.0:
        return 0.0
    return float((centred[1:] * centred[:-1]).sum()) / spread


def deviation(series: Tensor) -> float:
    """Root mean squared distance from the series' mean."""
    return float(series.double().std(correction=0))
