"""The training images nearest to an image, in the feature space of the run's metrics."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from lab.explore.shelf import Source
from lab.run.bench import open_bench_for

COUNT = 6


class Neighbours(NamedTuple):
    """The nearest training images of one image, nearest first."""

    images: Tensor
    """[COUNT, C, H, H] uint8"""
    rows: list[int]
    """Their rows in the train split."""
    distances: list[float]
    """In feature space, as multiples of the median distance from a held-out image to the training
    image nearest to it: far below 1 is a copy."""


def neighbours_of(image: Tensor, source: Source, device: str) -> Neighbours:
    """Of one image [1, C, H, H] uint8; the first call measures all training images.

    Raises InputError when the features cannot be had.
    """
    bench = open_bench_for(source.config, device)
    nearest = bench.evaluator.nearest_training(image, COUNT)
    typical = bench.evaluator.yardstick.training.heldout_nearest.distance.sqrt().median()
    rows = nearest.row[0]
    images = bench.pack.train.at(rows)
    distances = nearest.distance[0].sqrt() / typical.cpu().clamp_min(1e-12)
    return Neighbours(images, rows.tolist(), distances.tolist())
