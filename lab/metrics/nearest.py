"""Nearest neighbours among the training images in the extractor's feature space."""

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
    """The nearest row of each of N samples."""

    distance: Tensor
    """Squared distance, [N] float32."""
    row: Tensor
    """Its index, [N] int64."""


def nearest(x: Tensor, among: Tensor, *, itself: bool = False) -> Nearest:
    """The nearest of `among` [T, d] to each of `x` [N, d].

    With `itself`, `x` is `among` and a row is not its own neighbour. Which row is nearest is
    decided in float32; its distance is taken from the difference, so that copies are at 0.
    """
    centre = among.float().mean(dim=0)  # float32 keeps little of distances far from the origin
    among = among.float() - centre
    squares = among.square().sum(dim=1)
    blocks = []
    for start in range(0, len(x), ROWS):
        part = x[start : start + ROWS].float() - centre
        rows = torch.arange(len(part), device=x.device)
        best = torch.full((len(part),), math.inf, device=x.device)
        index = torch.zeros(len(part), dtype=torch.int64, device=x.device)
        for first in range(0, len(among), COLUMNS):
            columns = among[first : first + COLUMNS]
            apart = torch.addmm(squares[first : first + COLUMNS], part, columns.T, alpha=-2.0)
            if itself:
                itself_at = rows + start - first
                inside = (itself_at >= 0) & (itself_at < len(columns))
                apart[rows[inside], itself_at[inside]] = math.inf
            block = apart.min(dim=1)
            nearer = block.values < best
            best = torch.where(nearer, block.values, best)
            index = torch.where(nearer, block.indices + first, index)
        blocks.append(Nearest((part - among[index]).square().sum(dim=1), index))
    return Nearest(
        torch.cat([one.distance for one in blocks]), torch.cat([one.row for one in blocks])
    )


def nearest_few(x: Tensor, among: Tensor, count: int) -> Nearest:
    """The `count` nearest of `among` [T, d] to each of `x` [N, d], nearest first: [N, count] each.

    Distances are of differences, which is exact and meant for a few `x`.
    """
    mode = "donot_use_mm_for_euclid_dist"
    apart = torch.cdist(x.float(), among.float(), compute_mode=mode)
    least = apart.topk(min(count, len(among)), largest=False)
    return Nearest(least.values.square(), least.indices)


@dataclass(frozen=True, eq=False)
class TrainingSide:
    """The real images that samples are compared with to detect copies."""

    rows: Tensor
    """[T, d] features of training images."""
    nearest: Nearest
    """The nearest other training row of each."""
    heldout: Tensor
    """[M, d] features of held-out images."""

    @cached_property
    def heldout_nearest(self) -> Nearest:
        """The nearest training row of each of the M held-out images."""
        return self.find(self.heldout)

    def find(self, features: Tensor) -> Nearest:
        """The nearest training row of each of [N, d] features."""
        return nearest(features, self.rows)
