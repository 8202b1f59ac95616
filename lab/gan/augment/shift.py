"""Translation by whole pixels, differentiable any number of times."""

from __future__ import annotations

import torch
from torch import Tensor

from lab.gan.augment.resample import reflected

LARGEST_SHIFT = 0.125
"""Of a random translation, as a share of the side: 4 of 32 pixels."""


def random_shift(u: Tensor, side: int) -> Tensor:
    """Whole numbers of pixels up to LARGEST_SHIFT either way, from uniform numbers in [0, 1)."""
    reach = int(side * LARGEST_SHIFT + 0.5)
    return (u * (2 * reach + 1)).floor() - reach


def shifted(images: Tensor, rows: Tensor, columns: Tensor, *, reflect: bool = False) -> Tensor:
    """Pixel (i, j) of the result is (i + rows, j + columns) of the image.

    Images [n, C, H, W], shifts [n], whole numbers of any type. Beyond the border there are zeros
    as Zhao et al. 2020 have them (grey, in [-1, 1]), or with `reflect` the reflected image.
    """
    height, width = images.shape[2:]
    down, within_rows = _source(rows, height, reflect)
    right, within_columns = _source(columns, width, reflect)
    taken = images.gather(2, down[:, None, :, None].expand_as(images))
    taken = taken.gather(3, right[:, None, None, :].expand_as(images))
    if not reflect:
        within = within_rows[:, None, :, None] & within_columns[:, None, None, :]
        taken = taken * within.to(taken.dtype)
    return taken


def _source(by: Tensor, side: int, reflect: bool) -> tuple[Tensor, Tensor]:
    """Where each pixel of a line comes from, [n, side], and whether that is in the image."""
    index = torch.arange(side, device=by.device) + by.long()[:, None]
    clamped = reflected(index, side) if reflect else index.clamp(0, side - 1)
    return clamped, index == clamped
