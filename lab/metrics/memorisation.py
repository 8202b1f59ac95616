"""Whether samples copy training images: pure functions of features.

- C_T: are samples nearer to the training images than held-out images are? (Meehan et al. 2020)
- authenticity: share of samples that no training image "owns" (Alaa et al. 2022, eq. 8)

Both compare nearest neighbours among the training images in the extractor's feature space.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from lab.metrics.metric import Metric, Sample, Yardstick
from lab.metrics.nearest import Nearest, TrainingSide


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


def authenticity(samples: Nearest, training: Nearest) -> float:
    """Share of samples farther from their nearest training image than any other image of it is.

    `samples` is of the samples among the training images, `training` of those among themselves.
    """
    return float((samples.distance > training.distance[samples.row]).double().mean())


class Suspects(NamedTuple):
    """Samples that look most like copies, the most suspicious first."""

    sample: Tensor
    """Their indices, [n] int64."""
    row: Tensor
    """The nearest training row of each, [n] int64."""


def suspects(samples: Nearest, training: Nearest, count: int) -> Suspects:
    """The samples nearest to their training image, relative to that image's own neighbour.

    The ratio is the one that `authenticity` compares with 1; a plain distance would select the
    plainest images, to which everything is near.
    """
    smallest = torch.finfo(torch.float32).tiny
    near = samples.distance / training.distance[samples.row].clamp(min=smallest)
    sample = near.sort(stable=True).indices[:count]
    return Suspects(sample, samples.row[sample])


def copies(
    samples: Nearest, training: TrainingSide, *, heldout: bool = False
) -> tuple[float, float]:
    """C_T and authenticity of samples with these nearest training rows.

    C_T of `heldout` images needs other held-out images to compare with: one half takes the
    other's place.
    """
    distances = training.heldout_nearest.distance
    if heldout:
        half = len(distances) // 2
        ct = copying(distances[:half], distances[half:])
    else:
        ct = copying(samples.distance, distances)
    return ct, authenticity(samples, training.nearest)


def _compute(sample: Sample, yardstick: Yardstick) -> tuple[float, float]:
    return copies(sample.nearest, yardstick.training, heldout=sample.heldout)


def _protocol(yardstick: Yardstick) -> str:
    training = yardstick.training
    return (
        f"C_T (global) and authenticity: {yardstick.paired}, nearest of "
        f"{len(training.rows)} reference images, against {len(training.heldout)} held-out ones"
    )


METRIC = Metric(("ct", "authenticity"), _compute, _protocol)
