"""Frechet and kernel distances of features, computed by torch-fidelity's own functions."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lab.metrics.metric import Metric, Sample, Yardstick
from lab.metrics.moments import Moments, MomentSums

NUM_BLOCKS = 10
"""Disjoint blocks of the kernel distance; more where they would be larger than allowed."""
MOST_IN_BLOCK = 1_000
"""Samples of a block at most, as in torch-fidelity's subsets; further ones make more blocks."""
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
    """Unbiased squared MMD of features [M, d] and [N, d] with the kernel (x.y / d + 1)^3.

    The mean over disjoint blocks of as many samples of each kind (Binkowski et al. 2018, sec. 4),
    with the standard error of that mean: see `KernelStream`.
    """
    stream = KernelStream(real, len(fake))
    stream.add(fake)
    return stream.values()


class FrechetStream:
    """The Frechet distance of samples that come in parts: only sums are kept."""

    def __init__(self, real: Moments) -> None:
        self._real = real
        self._sums = MomentSums()

    def add(self, features: Tensor) -> None:
        """Take in [n, d] more features."""
        self._sums.add(features)

    def values(self) -> tuple[float]:
        """The distance of all features so far."""
        return (frechet_distance(self._real, self._sums.moments()),)


class Blocks(NamedTuple):
    """How samples are divided for the kernel distance."""

    size: int
    number: int

    @classmethod
    def of(cls, num_real: int, num_samples: int) -> Blocks:
        """Ten blocks; more, smaller ones where a block would exceed the limit or the real images.

        Fewer last samples than a block has are left out, or than there are blocks.
        """
        tenth = num_samples // NUM_BLOCKS
        size = min(tenth, MOST_IN_BLOCK, num_real)
        return cls(size, NUM_BLOCKS if size == tenth else num_samples // size)


class KernelStream:
    """The kernel distance of N samples that come in parts: at most a block of them is kept.

    The i-th block of samples is compared with the i-th block of real images, which go round when
    there are fewer of them than samples. Then blocks share real images, and the standard error
    has the spread of the samples, but less of that of the real images.
    """

    def __init__(self, real: Tensor, num_samples: int) -> None:
        assert min(len(real), num_samples) >= MIN_SAMPLES, "two samples a block"
        self._real = real
        self._blocks = Blocks.of(len(real), num_samples)
        self._values: list[float] = []
        self._waiting = real[:0]

    def add(self, features: Tensor) -> None:
        """Take in [n, d] more features."""
        size = self._blocks.size
        waiting = torch.cat([self._waiting, features])
        whole = len(waiting) // size * size
        for block in torch.split(waiting[:whole], size) if whole else ():
            if len(self._values) < self._blocks.number:
                self._values.append(self._distance(block))
        self._waiting = waiting[whole:]

    def _distance(self, block: Tensor) -> float:
        from lab.metrics import fidelity

        start = len(self._values) * len(block)
        rows = (torch.arange(len(block), device=self._real.device) + start) % len(self._real)
        x, y = (of.double().cpu().numpy() for of in (self._real[rows], block))
        kernel = {"kid_kernel": "poly", "kid_kernel_poly_degree": 3, "kid_kernel_poly_coef0": 1}
        return float(fidelity.kernel_mmd(x, y, **kernel))

    def values(self) -> KernelDistance:
        """The distance of all N features."""
        count = self._blocks.number
        assert len(self._values) == count, "every block was filled"
        mean = sum(self._values) / count
        variance = sum((value - mean) ** 2 for value in self._values) / (count - 1)
        return KernelDistance(mean, math.sqrt(variance / count))


def _statistics(of: Moments) -> dict[str, Any]:
    return {"mu": of.mean.numpy(), "sigma": of.covariance.numpy()}


def _frechet(sample: Sample, yardstick: Yardstick) -> tuple[float]:
    return (frechet_distance(yardstick.moments, moments(sample.features)),)


def _frechet_protocol(yardstick: Yardstick) -> str:
    text = f"{yardstick.num_samples} samples against the moments of all reference images"
    if yardstick.measures_all:
        return text
    return f"{text}; the baseline is that of {len(yardstick.reference)} held-out images"


def _frechet_stream(yardstick: Yardstick) -> FrechetStream:
    return FrechetStream(yardstick.moments)


def _kernel(sample: Sample, yardstick: Yardstick) -> KernelDistance:
    return kernel_distance(yardstick.reference, sample.features)


def _kernel_protocol(yardstick: Yardstick) -> str:
    num_real = len(yardstick.training.rows)
    size, count = Blocks.of(num_real, yardstick.num_samples)
    text = f"(x.y / d + 1)^3, unbiased, {count} blocks of {size} samples"
    if size * count <= num_real:
        return text
    return f"{text}, for which {num_real} reference images go round"


def _kernel_stream(yardstick: Yardstick) -> KernelStream:
    return KernelStream(yardstick.training.rows, yardstick.num_samples)


FRECHET = Metric(("frechet",), _frechet, _frechet_protocol, _frechet_stream)
KERNEL = Metric(("kernel", "kernel_error"), _kernel, _kernel_protocol, _kernel_stream)
