"""Mean and covariance of features, gathered part by part."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Moments(NamedTuple):
    """Mean [d] and covariance [d, d] of features, float64 on the CPU."""

    mean: Tensor
    covariance: Tensor


def pooled(parts: tuple[Moments, Moments], counts: tuple[int, int]) -> Moments:
    """Moments of two sets of so many samples together, from those of each."""
    (one, two), (n, m) = parts, counts
    apart = two.mean - one.mean
    within = (n - 1) * one.covariance + (m - 1) * two.covariance
    between = n * m / (n + m) * torch.outer(apart, apart)
    mean = (n * one.mean + m * two.mean) / (n + m)
    return Moments(mean, (within + between) / (n + m - 1))


class MomentSums:
    """Sums over features that come in parts; float64 keeps them exact enough for any set."""

    def __init__(self) -> None:
        self._count = 0
        self._sum = torch.zeros(())
        self._products = torch.zeros(())

    def add(self, features: Tensor) -> None:
        """Take in [n, d] more features."""
        x = features.double()
        self._count += len(x)
        self._sum = self._sum.to(x) + x.sum(dim=0)
        self._products = self._products.to(x) + x.T @ x

    def moments(self) -> Moments:
        """Moments of all features so far (at least two), the covariance over n - 1."""
        assert self._count > 1, "a covariance needs two samples"
        mean = self._sum / self._count
        covariance = (self._products - self._count * torch.outer(mean, mean)) / (self._count - 1)
        return Moments(mean.cpu(), covariance.cpu())
