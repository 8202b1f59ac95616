"""How weights are drawn: every number comes from the random generator that is passed in."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

Fill = Callable[[Tensor, torch.Generator], None]
"""Overwrites a weight [out, in, ...] with draws from a random generator on the weight's device."""


def normal(std: float) -> Fill:
    """N(0, std^2): Radford et al. 2016 use 0.02, as do the standard CNNs of Miyato et al. 2018."""

    def fill(weight: Tensor, rng: torch.Generator) -> None:
        with torch.no_grad():
            weight.normal_(0.0, std, generator=rng)

    return fill


def orthogonal(weight: Tensor, rng: torch.Generator) -> None:
    """Orthonormal rows of the matrix [out, in*k*k], or columns of a tall one (Saxe 2014)."""
    drawn = torch.empty(weight.shape, dtype=weight.dtype)
    torch.nn.init.orthogonal_(drawn, generator=rng)
    with torch.no_grad():
        weight.copy_(drawn)


def glorot_uniform(gain: float = 1.0) -> Fill:
    """U(-a, a), a = gain * sqrt(6 / (fan_in + fan_out)); Glorot & Bengio 2010, eq. 16."""

    def fill(weight: Tensor, rng: torch.Generator) -> None:
        receptive_field = math.prod(weight.shape[2:])
        fans = (weight.shape[0] + weight.shape[1]) * receptive_field
        bound = gain * math.sqrt(6.0 / fans)
        with torch.no_grad():
            weight.uniform_(-bound, bound, generator=rng)

    return fill
