"""Mixtures of Gaussians in the plane, and how their modes are counted (VEEGAN; PacGAN).

Of 2,500 samples one within 3 sigma of the nearest mode is of high quality; a mode that has one
such sample is captured (Srivastava et al. 2017, section 4.1; Lin et al. 2018, section 4.1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

NUM_SAMPLES = 2_500
NEAR = 3.0
"""Standard deviations."""
PERFECT_SHARE = 1 - math.exp(-(NEAR**2) / 2)
"""Of a perfect sampler's points within 3 sigma: the Rayleigh distribution, 98.9%."""


@dataclass(frozen=True)
class Mixture:
    """Equal Gaussians of one sigma round `centres`."""

    name: str
    centres: tuple[tuple[float, float], ...]
    sigma: float
    scale: float
    """What the networks divide by, so that centres are of order 1."""

    def sample(self, count: int, draw: torch.Generator) -> Tensor:
        """[count, 2]"""
        centres = torch.tensor(self.centres)
        chosen = centres[torch.randint(len(centres), (count,), generator=draw)]
        return chosen + self.sigma * torch.randn(count, 2, generator=draw)


RING = Mixture(
    "ring",
    tuple((math.cos(i * math.pi / 4), math.sin(i * math.pi / 4)) for i in range(8)),
    sigma=0.01,
    scale=1.0,
)
GRID = Mixture(
    "grid",
    tuple((float(x), float(y)) for x in range(-4, 5, 2) for y in range(-4, 5, 2)),
    sigma=0.05,
    scale=2.0,
)


class Counted(NamedTuple):
    """What a set of samples covers."""

    modes: int
    high_quality: float
    """Share of the samples, in [0, 1]."""


def counted(samples: Tensor, mixture: Mixture) -> Counted:
    """Modes captured by samples [N, 2]; a point that is not finite is far from all."""
    distances = torch.cdist(samples.double(), torch.tensor(mixture.centres, dtype=torch.float64))
    nearest = distances.min(dim=1)
    near = nearest.values <= NEAR * mixture.sigma
    return Counted(len(set(nearest.indices[near].tolist())), float(near.double().mean()))
