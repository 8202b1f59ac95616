"""Signals of both players from a batch of images, features or logits.

Batches are whole: of all workers together.
"""

from __future__ import annotations

import torch
from torch import Tensor

ROUNDING = 10.0
"""Spread below so many units of rounding, relative to the values' size, is none."""


def pairwise_diversity(images: Tensor) -> Tensor:
    """Root mean squared distance between two different images of a batch, a pixel; [].

    `images` is [B, ...]. The mean over pairs is twice the unbiased variance (a U-statistic).
    """
    return (2 * _full(images).flatten(1).var(dim=0).mean()).sqrt()


def participation_ratio(features: Tensor) -> Tensor:
    """(tr C)^2 / |C|_F^2 of the covariance C of features [B, F]; [].

    The number of directions that the spread takes part in: k for k equal eigenvalues of C, at
    most B - 1 (Gao et al. 2017). Taken from the B x B products, which have the
    same eigenvalues. A batch without spread has no direction: 0.
    """
    values = _full(features)
    centred = values - values.mean(dim=0)
    products = centred @ centred.t()
    trace = products.diagonal().sum()
    limit = (ROUNDING * torch.finfo(values.dtype).eps) ** 2 * values.square().sum()
    ratio = trace.square() / products.square().sum().clamp_min(torch.finfo(values.dtype).tiny)
    return torch.where(trace > limit, ratio, torch.zeros_like(ratio))


def relative_participation(fake: Tensor, real: Tensor) -> Tensor:
    """Participation ratio of the critic's features [B, F] of fakes over that of real images; [].

    B must be equal in both. Equal fakes give 0. Where the critic sees no difference
    between real images either, the comparison does not count against the generator: 1.
    """
    of_real = participation_ratio(real)
    ratio = participation_ratio(fake) / of_real.clamp_min(1.0)
    return torch.where(of_real > 0, ratio, torch.ones_like(ratio))


def overfitting(train: float, heldout: float, generated: float) -> float | None:
    """r_v = (E D_train - E D_val) / (E D_train - E D_fake) (Karras et al. 2020, eq. 1).

    From mean logits: 0 when held-out images look like training images, 1 when they look like
    generated ones. None while the critic does not rank training images above generated ones:
    then there is no scale to measure on.
    """
    if not train > generated:
        return None
    return (train - heldout) / (train - generated)


def _full(values: Tensor) -> Tensor:
    """Out of half precision."""
    return values if values.dtype == torch.float64 else values.float()
