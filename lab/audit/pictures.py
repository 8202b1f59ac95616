"""The picture of an audit: generated images beside the training images that they may copy."""

from __future__ import annotations

from pathlib import Path

import torch

from lab.audit.sampled import Pairs
from lab.data import Split
from lab.gan.sampling import save_grid

PAIRS_A_ROW = 4
GAP = 2
"""Pixels of white between pairs."""
LEAST_SIDE = 48
"""Pixels that a side of an image has at least: smaller ones are enlarged."""


def save_pairs(pairs: Pairs, train: Split, path: Path) -> None:
    """Write the pairs as WebP, four a row, each sample left of its training image.

    Raises StorageFailed.
    """
    originals = train.at(pairs.row)
    joined = torch.cat([pairs.images.cpu(), originals.cpu()], dim=3)
    side = joined.shape[2]
    factor = max(1, -(-LEAST_SIDE // side))
    joined = joined.repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    framed = torch.nn.functional.pad(joined, (GAP,) * 4, value=255)
    whole = len(framed) // PAIRS_A_ROW * PAIRS_A_ROW
    save_grid(framed[:whole] if whole else framed, path, min(PAIRS_A_ROW, len(framed)))
