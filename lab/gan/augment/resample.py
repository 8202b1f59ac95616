"""Images under an affine map of the plane, through a wavelet's low-pass filter.

Karras et al. 2020 (StyleGAN2-ADA), appendix B: images are up-sampled by 2 with the filter of the
symlet sym6, sampled bilinearly, and down-sampled with the same filter, mirrored; beyond their
border they are reflected. Here both filters, borders included, are matrices, and the up-sampled
image is one whole period of the reflected one, so that no padding depends on the images drawn.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from lab.gan.augment.linear import linear

SYM6 = (
    0.015404109327027373,
    0.0034907120842174702,
    -0.11799011114819057,
    -0.048311742585633,
    0.4910559419267466,
    0.787641141030194,
    0.3379294217276218,
    -0.07263752278646252,
    -0.021060292512300564,
    0.04472490177066578,
    0.0017677118642428036,
    -0.007800708325034148,
)
"""Daubechies' least asymmetric orthogonal filter with 6 vanishing moments (Daubechies 1992)."""
CENTRE = 5
"""The tap that meets a pixel's own position."""
MARGIN = 6
"""Up-sampled pixels sampled beyond each border, which the down-sampling filter reaches."""


class _Filters(NamedTuple):
    """Matrices for one side W of an image: P = 4 (W - 1) is the up-sampled period."""

    up: Tensor
    """[P + 1, W]: a whole period of the reflected image; the last row repeats the first."""
    down: Tensor
    """[W, N] with N = 2 (W + MARGIN)."""
    positions: Tensor
    """Homogeneous positions (x, y, 1) that are sampled, in pixels from the centre, [3, N^2]."""


@lru_cache(maxsize=32)
def _filters(side: int, dtype: torch.dtype, device: torch.device) -> _Filters:
    taps = torch.tensor(SYM6, dtype=torch.float64)
    taps = taps / taps.sum()
    period = 4 * (side - 1)
    tap = torch.arange(len(SYM6))

    up = torch.zeros(period + 1, side, dtype=torch.float64)
    row, of = torch.meshgrid(torch.arange(period + 1), tap, indexing="ij")
    doubled = row + CENTRE - of
    column = reflected(doubled.div(2, rounding_mode="floor"), side)
    values = (2 * taps)[of] * (doubled % 2 == 0)
    up.index_put_((row, column), values, accumulate=True)

    size = 2 * (side + MARGIN)
    down = torch.zeros(side, size, dtype=torch.float64)
    row, of = torch.meshgrid(torch.arange(side), tap, indexing="ij")
    down.index_put_((row, 2 * row + of + MARGIN - CENTRE), taps[of], accumulate=True)

    pixels = (torch.arange(size, dtype=torch.float64) - MARGIN) / 2 - (side - 1) / 2
    y, x = torch.meshgrid(pixels, pixels, indexing="ij")
    positions = torch.stack([x, y, torch.ones_like(x)]).view(3, -1)
    return _Filters(*(made.to(device, dtype) for made in (up, down, positions)))


def reflected(index: Tensor, side: int) -> Tensor:
    """Positions of any sign -> those in [0, side) that a reflection at border pixels shows."""
    period = max(1, 2 * (side - 1))
    within = index % period
    return torch.minimum(within, period - within)


def resampled(images: Tensor, inverse: Tensor) -> Tensor:
    """Square images [n, C, W, W] under affine maps, differentiable any number of times.

    `inverse` [n, 3, 3] takes a homogeneous position (x, y, 1) in the result, in pixels from the
    centre, to the position in the image that is shown there.
    """
    side = images.shape[-1]
    filters = _filters(side, images.dtype, images.device)
    grid = _grid(inverse, filters, side)
    size = len(filters.up)

    def apply(x: Tensor) -> Tensor:
        # One product of matrices for the first axis, whose rows are in order.
        rows = x.reshape(-1, side) @ filters.up.T
        wide = filters.up @ rows.view(*x.shape[:3], size)
        sampled = F.grid_sample(
            wide, grid, mode="bilinear", padding_mode="zeros", align_corners=True
        )
        return filters.down @ (sampled @ filters.down.T)

    def transpose(y: Tensor) -> Tensor:
        sampled = filters.down.T @ y.contiguous() @ filters.down
        return filters.up.T @ spread(sampled, grid, size) @ filters.up

    return linear(images, apply, transpose)


def _grid(inverse: Tensor, filters: _Filters, side: int) -> Tensor:
    """Positions in the up-sampled period, [n, N, N, 2] with (x, y), scaled from [0, P] to [-1, 1].

    All of x, then all of y in memory, which is quicker to make and as quick to sample.
    """
    size = len(filters.down[0])
    # A position p from the centre is pixel p + (W - 1) / 2, and twice that in the period.
    half_period = 2 * (side - 1)
    scaled = inverse[:, :2] * (2 / half_period)
    scaled[:, :, 2] += (side - 1) / half_period - 1
    at = scaled.reshape(-1, 3) @ filters.positions
    within = at.sub_((at / 2).round_(), alpha=2)
    return within.view(-1, 2, size, size).permute(0, 2, 3, 1)


def spread(values: Tensor, grid: Tensor, size: int) -> Tensor:
    """The transpose of bilinear sampling: [n, C, N, N] -> [n, C, size, size]."""
    n, channels = values.shape[:2]
    if values.is_cuda and torch.are_deterministic_algorithms_enabled():
        return spread_in_order(values, grid, size)
    # Of the image only the shape counts: its gradient does not depend on it.
    image = values.new_zeros(()).expand(n, channels, size, size)
    bilinear, zeros = 0, 0
    made: Tensor = torch.ops.aten.grid_sampler_2d_backward(
        values.contiguous(), image, grid, bilinear, zeros, True, [True, False]
    )[0]
    return made


def spread_in_order(values: Tensor, grid: Tensor, size: int) -> Tensor:
    """As `spread`, by additions that a GPU can repeat bit for bit; slower."""
    n, channels = values.shape[:2]
    positions = (grid + 1) * ((size - 1) / 2)
    corner = positions.floor().clamp(0, size - 2)
    share = positions - corner
    rows = torch.arange(n, device=values.device)[:, None, None] * size**2
    base = rows + corner[..., 1].long() * size + corner[..., 0].long()
    pixels = values.permute(0, 2, 3, 1)
    made = values.new_zeros(n * size**2, channels)
    for below in (0, 1):
        for right in (0, 1):
            x = share[..., 0] if right else 1 - share[..., 0]
            y = share[..., 1] if below else 1 - share[..., 1]
            index = (base + below * size + right).flatten()
            made.index_add_(0, index, (pixels * (x * y)[..., None]).reshape(-1, channels))
    return made.view(n, size, size, channels).permute(0, 3, 1, 2).contiguous()
