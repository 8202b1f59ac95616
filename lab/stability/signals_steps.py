"""Signals of one step: of batches of images, features and logits, and of updates of weights.

Batches are whole: of all workers together. A list of tensors holds all weights of a player.
"""

from __future__ import annotations

import torch
from torch import Tensor

ROUNDING = 10.0
"""A spread below this many units of rounding, relative to the values, counts as none."""
TINY = 1e-30
"""Keeps the cosine of updates of length 0 finite."""


def pairwise_diversity(images: Tensor) -> Tensor:
    """Root mean squared distance between two different images of a batch, a pixel; [].

    `images` is [B, ...]. The mean over pairs is twice the unbiased variance (a U-statistic).
    """
    return (2 * _full(images).flatten(1).var(dim=0).mean()).sqrt()


def participation_ratio(features: Tensor) -> Tensor:
    """(tr C)^2 / |C|_F^2 of the covariance C of features [B, F]; [].

    The effective number of directions of the spread: k for k equal eigenvalues of C, at most
    B - 1 (Gao et al. 2017). Computed from the B x B products, which have the same eigenvalues.
    0 for a batch without spread.
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

    B must be equal in both. Equal fakes give 0. If the critic's features of real
    images have no spread either, there is nothing to compare with, and the ratio is 1.
    """
    of_real = participation_ratio(real)
    ratio = participation_ratio(fake) / of_real.clamp_min(1.0)
    return torch.where(of_real > 0, ratio, torch.ones_like(ratio))


def overfitting(train: float, heldout: float, generated: float) -> float | None:
    """r_v = (E D_train - E D_val) / (E D_train - E D_fake) (Karras et al. 2020, eq. 1).

    From mean logits: 0 if held-out images score like training images, 1 if like generated ones.
    None while the critic does not rank training images above generated ones, as the denominator
    is then no scale.
    """
    if not train > generated:
        return None
    return (train - heldout) / (train - generated)


def relative_size(change: list[Tensor], before: list[Tensor]) -> Tensor:
    """|change| / |before| over lists of tensors; []. The update ratio of one step."""
    return torch.nn.utils.get_total_norm(change) / torch.nn.utils.get_total_norm(before)


def update_cosine(first: list[Tensor], second: list[Tensor]) -> Tensor:
    """Cosine of the angle between two updates of the same weights; [], in [-1, 1].

    Near 1 if the player moves straight, near -1 if each step undoes the one before. A rotation by
    phi a step gives cos phi, as complex eigenvalues of the game's Jacobian do (Mescheder et al.
    2017, Berard et al. 2020). 0 if either update is 0.
    """
    products = torch._foreach_mul(first, second)
    dot = torch.stack([product.sum() for product in products]).sum()
    lengths = [torch.nn.utils.get_total_norm(update) for update in (first, second)]
    return dot / (lengths[0] * lengths[1]).clamp_min(TINY)


def _full(values: Tensor) -> Tensor:
    """The values in at least single precision."""
    return values if values.dtype == torch.float64 else values.float()
