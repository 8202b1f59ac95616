"""A finished run's picture of suspects: generated images over the training images nearest to them.

Eight to a row, the images most like copies first; rows go in pairs, the training images beneath.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from lab.data import Split
from lab.gan.sampling import save_grid
from lab.metrics import Examination

COLUMNS = 8


def save_lookalikes(images: Tensor, found: Examination, train: Split, path: Path) -> None:
    """Write the suspects among [N, C, H, W] uint8 images as WebP. Raises StorageFailed."""
    num_rows = len(found.suspects) // COLUMNS
    originals = torch.cat([train[row : row + 1] for row in found.originals.tolist()])
    generated = torch.split(images[found.suspects], COLUMNS)[:num_rows]
    beneath = torch.split(originals, COLUMNS)[:num_rows]
    rows = [part for pair in zip(generated, beneath, strict=True) for part in pair]
    save_grid(torch.cat(rows), path, COLUMNS)
