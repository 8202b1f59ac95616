"""A run's pictures: a grid of samples at each evaluation, and suspected copies at its end.

The suspects are eight to a row, the images most like copies first; each row of generated images
stands above the row of the training images nearest to them.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from lab.data import Split
from lab.gan.sampling import save_grid
from lab.metrics import Examination

NUM_GRID_SAMPLES = 64
"""Eight rows of eight, where a collapse shows at a glance."""
COLUMNS = 8
"""Of the picture of suspects."""


def save_samples(images: Tensor, path: Path) -> None:
    """Write the first of [N, C, H, W] uint8 images as a WebP grid. Raises StorageFailed."""
    save_grid(images[:NUM_GRID_SAMPLES], path)


def save_lookalikes(images: Tensor, examined: Examination, train: Split, path: Path) -> None:
    """Write the suspects among [N, C, H, W] uint8 images as WebP. Raises StorageFailed."""
    num_rows = len(examined.suspects) // COLUMNS
    originals = train.at(examined.originals)
    generated = torch.split(images[examined.suspects], COLUMNS)[:num_rows]
    beneath = torch.split(originals, COLUMNS)[:num_rows]
    rows = [part for pair in zip(generated, beneath, strict=True) for part in pair]
    save_grid(torch.cat(rows), path, COLUMNS)
