"""Frechet and kernel distances of features, computed by torch-fidelity's own functions."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lab.metrics.metric import Metric, Sample, Yardstick
from lab.metrics.moments import Moments

NUM_BLOCKS = 10
"""Disjoint blocks of the kernel distance."""
MIN_SAMPLES = 2 * NUM_BLOCKS
"""The unbiased estimate needs two samples a block."""


class KernelDistance(NamedTuple):
    """The unbiased estimate (it may be below zero) and its standard error."""

    value: float
    error: float


def moments(features: Tensor) -> Moments:
    """Moments of [N, d] features."""
    from lab.metrics import fidelity

    statistics = fidelity.fid_features_to_statistics(features.double().cpu())
    return Moments(torch.from_numpy(statistics["mu"]), torch.from_numpy(statistics["sigma"]))


def frechet_distance(real: Moments, fake: Moments) -> float:
    """|mu_r - mu_f|^2 + tr(S_r + S_f - 2 (S_r S_f)^(1/2)) (Heusel et al. 2017, eq. 6)."""
    from lab.metrics import fidelity

    metric = fidelity.fid_statistics_to_metric(_statistics(real), _statistics(fake), verbose=False)
    return float(metric[fidelity.KEY_METRIC_FID])


def kernel_distance(real: Tensor, fake: Tensor) -> KernelDistance:
    """Unbiased squared MMD of [N, d] features with the kernel (x.y / d + 1)^3.

    The mean over ten disjoint blocks of N // 10 samples of each kind (Binkowski et al. 2018,
    sec. 4), with the standard error of that mean; up to nine last samples are left out.
    """
    from lab.metrics import fidelity

    assert len(real) == len(fake) >= MIN_SAMPLES, "equal counts, two samples a block"
    size = len(real) // NUM_BLOCKS
    x, y = real.double().cpu().numpy(), fake.double().cpu().numpy()
    kernel = {"kid_kernel": "poly", "kid_kernel_poly_degree": 3, "kid_kernel_poly_coef0": 1}
    blocks = [
        float(fidelity.kernel_mmd(x[i : i + size], y[i : i + size], **kernel))
        for i in range(0, size * NUM_BLOCKS, size)
    ]
    mean = sum(blocks) / NUM_BLOCKS
    variance = sum((block - mean) ** 2 for block in blocks) / (NUM_BLOCKS - 1)
    return KernelDistance(mean, math.sqrt(variance / NUM_BLOCKS))


def _statistics(of: Moments) -> dict[str, Any]:
    return {"mu": of.mean.numpy(), "sigma": of.covariance.numpy()}


def _frechet(sample: Sample, yardstick: Yardstick) -> tuple[float]:
    return (frechet_distance(yardstick.moments, moments(sample.features)),)


def _frechet_protocol(yardstick: Yardstick) -> str:
    return f"{len(yardstick.reference)} samples against the moments of all reference images"


def _kernel(sample: Sample, yardstick: Yardstick) -> KernelDistance:
    return kernel_distance(yardstick.reference, sample.features)


def _kernel_protocol(yardstick: Yardstick) -> str:
    size = len(yardstick.reference) // NUM_BLOCKS
    return f"(x.y / d + 1)^3, unbiased, {NUM_BLOCKS} blocks of {size} samples"


FRECHET = Metric(("frechet",), _frechet, _frechet_protocol)
KERNEL = Metric(("kernel", "kernel_error"), _kernel, _kernel_protocol)
