"""The kernel distance over random subsets, as torch-fidelity has it (Binkowski et al. 2018)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

RNG_SEED = 2020
"""torch-fidelity's."""


class Spread(NamedTuple):
    """Mean and standard deviation over subsets or splits."""

    mean: float
    deviation: float


class SubsetKernelStream:
    """Unbiased squared MMD over subsets that are drawn before the first sample comes.

    Only samples that are in a subset are kept: of any number at most `num_subsets` times `size`.
    """

    def __init__(self, real: Tensor, num_samples: int, *, num_subsets: int, size: int) -> None:
        """`real` is [M, d] and, like `num_samples`, at least `size`."""
        rng = np.random.RandomState(RNG_SEED)
        self._subsets = [
            (_drawn(rng, num_samples, size), _drawn(rng, len(real), size))
            for _ in range(num_subsets)
        ]
        self._real = real
        self._needed = torch.unique(torch.cat([samples for samples, _ in self._subsets]))
        self._kept: list[Tensor] = []
        self._count = 0

    def add(self, features: Tensor) -> None:
        """Take in [n, d] more features."""
        ends = torch.tensor([self._count, self._count + len(features)])
        first, last = torch.searchsorted(self._needed, ends).tolist()
        rows = self._needed[first:last] - self._count
        self._kept.append(features[rows.to(features.device)].cpu())
        self._count += len(features)

    def values(self) -> Spread:
        """Mean and standard deviation over the subsets."""
        from lab.metrics import fidelity

        kept = torch.cat(self._kept)
        kernel = {"kid_kernel": "poly", "kid_kernel_poly_degree": 3, "kid_kernel_poly_coef0": 1}
        distances = []
        for samples, real in self._subsets:
            x = kept[torch.searchsorted(self._needed, samples)].double().numpy()
            y = self._real[real.to(self._real.device)].double().cpu().numpy()
            distances.append(float(fidelity.kernel_mmd(x, y, **kernel)))
        return spread(distances)


def spread(values: list[float]) -> Spread:
    """Mean and standard deviation, over n as torch-fidelity's."""
    mean = sum(values) / len(values)
    return Spread(mean, math.sqrt(sum((value - mean) ** 2 for value in values) / len(values)))


def _drawn(rng: np.random.RandomState, count: int, size: int) -> Tensor:
    return torch.from_numpy(rng.choice(count, size, replace=False))
