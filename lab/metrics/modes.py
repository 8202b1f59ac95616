"""How many kinds of images a generator makes: pure functions of features.

- duplicates: share of samples that have a near-duplicate among the samples
- RKE: effective number of modes, the exponential of a Renyi kernel entropy (Jalali et al. 2023)
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lab.metrics.metric import Metric, Sample, Yardstick
from lab.metrics.nearest import ROWS, nearest

DUPLICATE_QUANTILE = 0.01
"""Samples nearer to each other than all but this share of real images are near-duplicates."""
COPY_SHARE = 1e-9
"""Real images nearer than this share of their mean squared distance are copies: features of equal
images differ by the rounding of float32 at most."""
BANDWIDTH_SHARE = 1 / 8
"""The kernel's squared bandwidth over the mean squared distance of two real images: 10,000
grey images of ten kinds of clothes then have about 25 modes, those of one kind 5."""


def duplicate_distance(real: Tensor) -> float:
    """The squared distance up to which two of N samples are near-duplicates.

    The `DUPLICATE_QUANTILE` of the distances of `real` [N, d] to their nearest other; it depends
    on N, which must be the number of samples. Copies among the real images are left out: a limit
    of 0 would hold for no sample that is not one. It is 0 where all are copies.
    """
    limit = COPY_SHARE * _mean_squared(real)
    while len(real) > 1:
        neighbours = nearest(real, real, itself=True)
        earlier = neighbours.row < torch.arange(len(real), device=real.device)
        is_copy = (neighbours.distance <= limit) & earlier
        if not is_copy.any():
            return float(torch.quantile(neighbours.distance, DUPLICATE_QUANTILE))
        real = real[~is_copy]
    return 0.0


def duplicates(features: Tensor, distance: float) -> float:
    """Share of [N, d] samples with another one at most `distance` (squared) away."""
    return float((nearest(features, features, itself=True).distance <= distance).double().mean())


def bandwidth(real: Tensor) -> float:
    """The kernel's squared bandwidth from real images [N, d], at least the least positive."""
    return max(BANDWIDTH_SHARE * _mean_squared(real), torch.finfo(torch.float32).tiny)


def _mean_squared(real: Tensor) -> float:
    """The mean squared distance of two of [N, d] images."""
    return 2 * float(real.double().var(dim=0).sum())


def mode_count(features: Tensor, squared_bandwidth: float) -> float:
    """RKE mode count of [N, d] features: 1 / mean_ij k(x_i, x_j)^2, from 1 to N.

    k(x, y) = exp(-|x - y|^2 / 2 s), s the squared bandwidth; exp(H_2) of the normalised kernel
    matrix K / N, H_2 = -log |K / N|_F^2 (Jalali, Li and Farnia 2023, eq. 5).
    """
    x = features.float()
    x = x - x.mean(dim=0)
    squares = x.square().sum(dim=1)
    total = 0.0
    for start in range(0, len(x), ROWS):
        part = x[start : start + ROWS]
        apart = torch.addmm(squares, part, x.T, alpha=-2.0) + squares[start : start + ROWS, None]
        total += float(apart.clamp_(min=0.0).mul_(-1.0 / squared_bandwidth).exp_().sum())
    count = len(x) ** 2 / total if total > 0 else math.nan
    return min(float(len(x)), max(1.0, count))


def _duplicate_distance(yardstick: Yardstick) -> float:
    return duplicate_distance(yardstick.reference)


def _bandwidth(yardstick: Yardstick) -> float:
    return bandwidth(yardstick.reference)


def _compute(sample: Sample, yardstick: Yardstick) -> tuple[float, float]:
    return (
        duplicates(sample.features, yardstick.once(_duplicate_distance)),
        mode_count(sample.features, yardstick.once(_bandwidth)),
    )


def _protocol(yardstick: Yardstick) -> str:
    text = (
        f"near-duplicates within squared distance {yardstick.once(_duplicate_distance):.4g}, RKE "
        f"with squared bandwidth {yardstick.once(_bandwidth):.4g}"
    )
    return text if yardstick.measures_all else f"{text}, of the {yardstick.paired}"


METRIC = Metric(("duplicates", "rke"), _compute, _protocol)
