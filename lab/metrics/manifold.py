"""Precision, recall, density and coverage of features.

A sample's ball reaches to its k-th nearest neighbour among its own kind (itself left out).

- precision: share of generated samples inside any real ball (Kynkaanniemi et al. 2019, eq. 2)
- recall: share of real samples inside any generated ball (the same with the roles exchanged)
- density: real balls that hold a generated sample, over k, in the mean (Naeem et al. 2020, eq. 2)
- coverage: share of real balls that hold any generated sample (Naeem et al. 2020, eq. 3)

Balls are closed, so that copies of a repeated image count as inside. All four depend on the
sample counts, which must be equal to be compared: see `expected_coverage`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from lab.metrics.metric import Metric, Sample, Yardstick

CHUNK = 1024
"""Rows of a distance matrix held at once."""


class Manifold(NamedTuple):
    """The four shares; density alone may exceed one."""

    precision: float
    recall: float
    density: float
    coverage: float


def radii(features: Tensor, k: int) -> Tensor:
    """Squared distance of each of [N, d] features to its k-th nearest other one, [N] float64."""
    assert 1 <= k < len(features), "a k-th neighbour exists"
    x = features.double()
    parts = []
    for start in range(0, len(x), CHUNK):
        distances = _squared_distances(x[start : start + CHUNK], x)
        rows = torch.arange(len(distances), device=x.device)
        distances[rows, rows + start] = math.inf
        parts.append(distances.topk(k, dim=1, largest=False).values[:, -1])
    return torch.cat(parts)


class Inside(NamedTuple):
    """Which images lie in the balls of the other kind; M real and N generated ones."""

    num_balls: Tensor
    """Real balls that hold each generated image, int64 [N]."""
    covered: Tensor
    """Whether each real ball holds a generated image, bool [M]."""
    recalled: Tensor
    """Whether each real image lies in a generated ball, bool [M]."""


def inside(real: Tensor, fake: Tensor, real_radii: Tensor, fake_radii: Tensor) -> Inside:
    """Of `real` [M, d] and `fake` [N, d] features with their `radii`."""
    x, y = real.double(), fake.double()
    num_balls = torch.zeros(len(y), dtype=torch.int64, device=y.device)
    covered, recalled = [], []
    for start in range(0, len(x), CHUNK):
        distances = _squared_distances(x[start : start + CHUNK], y)
        inside_real = distances <= real_radii[start : start + CHUNK, None]
        num_balls += inside_real.sum(dim=0)
        covered.append(inside_real.any(dim=1))
        recalled.append((distances <= fake_radii).any(dim=1))
    return Inside(num_balls, torch.cat(covered), torch.cat(recalled))


def manifold(real: Tensor, fake: Tensor, k: int, real_radii: Tensor | None = None) -> Manifold:
    """Precision, recall, density and coverage of `fake` [N, d] against `real` [N, d].

    `real_radii` is `radii(real, k)`, when it is already known.
    """
    assert len(real) == len(fake), "the four metrics are compared at equal sample counts"
    real_radii = radii(real, k) if real_radii is None else real_radii
    each = inside(real, fake, real_radii, radii(fake, k))
    return Manifold(
        precision=float((each.num_balls > 0).double().mean()),
        recall=int(each.recalled.sum()) / len(real),
        density=float(each.num_balls.double().mean()) / k,
        coverage=int(each.covered.sum()) / len(real),
    )


def expected_coverage(num_real: int, num_fake: int, k: int) -> float:
    """Coverage of a perfect model: 1 - prod_{j=1..k} (N - j) / (M + N - j).

    N real and M generated samples of one continuous distribution; .969 for k = 5 and N = M.
    """
    missed = 1.0
    for j in range(1, k + 1):
        missed *= (num_real - j) / (num_fake + num_real - j)
    return 1.0 - missed


def _squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """[n, d] and [m, d] float64 -> [n, m]; float64 keeps |x|^2 + |y|^2 - 2xy from cancelling."""
    squares = x.square().sum(dim=1)[:, None] + y.square().sum(dim=1)
    return torch.addmm(squares, x, y.T, alpha=-2.0).clamp_(min=0.0)


def _reference_radii(yardstick: Yardstick) -> Tensor:
    return radii(yardstick.reference, yardstick.nearest_k)


def _compute(sample: Sample, yardstick: Yardstick) -> Manifold:
    real_radii = yardstick.once(_reference_radii)
    return manifold(yardstick.reference, sample.features, yardstick.nearest_k, real_radii)


def _protocol(yardstick: Yardstick) -> str:
    return f"{yardstick.paired} against {len(yardstick.reference)} reference images, closed balls"


METRIC = Metric(Manifold._fields, _compute, _protocol)
