"""Whether samples copy training images: pure functions of features.

- C_T: are samples nearer to the training images than held-out images are? (Meehan et al. 2020)
- authenticity: share of samples that no training image "owns" (Alaa et al. 2022, eq. 8)

Both look at nearest neighbours among the training images in the extractor's feature space.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

ROWS, COLUMNS = 512, 16_384
"""A block of a distance matrix: 32 MB of float32."""


class Nearest(NamedTuple):
    """Of each of N samples its nearest row among others."""

    distance: Tensor
    """Squared distance, [N] float32."""
    row: Tensor
    """Which it is, [N] int64."""


def nearest(x: Tensor, among: Tensor, *, itself: bool = False) -> Nearest:
    """The nearest of `among` [T, d] to each of `x` [N, d].

    With `itself`, `x` is `among` and a row is not its own neighbour. Which row is nearest is
    told in float32; its distance is taken from the difference, so that copies are at 0.
    """
    centre = among.float().mean(dim=0)  # float32 keeps little of distances far from the origin
    among = among.float() - centre
    squares = among.square().sum(dim=1)
    found = []
    for start in range(0, len(x), ROWS):
        part = x[start : start + ROWS].float() - centre
        own = torch.arange(len(part), device=x.device)
        best = torch.full((len(part),), math.inf, device=x.device)
        index = torch.zeros(len(part), dtype=torch.int64, device=x.device)
        for first in range(0, len(among), COLUMNS):
            columns = among[first : first + COLUMNS]
            apart = torch.addmm(squares[first : first + COLUMNS], part, columns.T, alpha=-2.0)
            if itself:
                mine = own + start - first
                inside = (mine >= 0) & (mine < len(columns))
                apart[own[inside], mine[inside]] = math.inf
            block = apart.min(dim=1)
            nearer = block.values < best
            best = torch.where(nearer, block.values, best)
            index = torch.where(nearer, block.indices + first, index)
        found.append(Nearest((part - among[index]).square().sum(dim=1), index))
    return Nearest(
        torch.cat([one.distance for one in found]), torch.cat([one.row for one in found])
    )


def copying(samples: Tensor, heldout: Tensor) -> float:
    """C_T, global: z-score of Mann and Whitney's U between distances to the training images.

    `samples` [N] and `heldout` [M] are distances of generated and of held-out images. U counts
    the pairs in which the generated one is farther, ties one half; z = (U - NM/2) /
    sqrt(NM(N + M + 1)/12) (Meehan et al. 2020, sec. 3.2, there also averaged over the cells of a
    partition; here one cell is the whole space). About 0 for fresh draws of the real images,
    far below when training images are copied, far above when samples are poor. It grows with
    the square root of the counts.
    """
    n, m = len(samples), len(heldout)
    order = heldout.double().sort().values
    values = samples.double().contiguous()
    below = torch.searchsorted(order, values, side="left")
    not_above = torch.searchsorted(order, values, side="right")
    u = float((below + not_above).sum()) / 2
    return (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)


def authenticity(found: Nearest, training: Nearest) -> float:
    """Share of samples farther from their nearest training image than any other image of it is.

    `found` is of the samples among the training images, `training` of those among themselves.
    """
    return float((found.distance > training.distance[found.row]).double().mean())


class Suspects(NamedTuple):
    """Samples that look most like copies, the most suspicious first."""

    sample: Tensor
    """Which they are, [n] int64."""
    row: Tensor
    """Of each its nearest training row, [n] int64."""


def suspects(found: Nearest, training: Nearest, count: int) -> Suspects:
    """The samples nearest to their training image, as that one's own neighbour measures near.

    The ratio is the one that `authenticity` compares with 1; a plain distance would choose the
    plainest images, to which everything is near.
    """
    smallest = torch.finfo(torch.float32).tiny
    near = found.distance / training.distance[found.row].clamp(min=smallest)
    sample = near.sort(stable=True).indices[:count]
    return Suspects(sample, found.row[sample])


@dataclass(frozen=True, eq=False)
class TrainingSide:
    """What samples are compared with to tell copies."""

    rows: Tensor
    """[T, d] features of training images."""
    nearest: Nearest
    """Of the training images among themselves."""
    heldout: Tensor
    """[M, d] features of held-out images."""

    @cached_property
    def heldout_nearest(self) -> Nearest:
        """Of each of the M held-out images among the training images."""
        return self.find(self.heldout)

    def find(self, features: Tensor) -> Nearest:
        """Of each of [N, d] features its nearest training row."""
        return nearest(features, self.rows)

    def baseline(self, num_samples: int) -> tuple[float, float]:
        """C_T and authenticity of `num_samples` held-out images.

        C_T needs other held-out images to compare with: one half takes the other's measure.
        """
        found = self.find(self.heldout[:num_samples])
        half = len(self.heldout) // 2
        distances = self.heldout_nearest.distance
        return copying(distances[:half], distances[half:]), authenticity(found, self.nearest)

    def measure(self, found: Nearest) -> tuple[float, float]:
        """C_T and authenticity of samples that `found` these training rows."""
        distances = self.heldout_nearest.distance
        return copying(found.distance, distances), authenticity(found, self.nearest)
