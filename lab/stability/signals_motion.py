"""How far and how straight a player moves; lists of tensors are all of its weights."""

from __future__ import annotations

import torch
from torch import Tensor

TINY = 1e-30


def relative_size(change: list[Tensor], before: list[Tensor]) -> Tensor:
    """|change| / |before| over lists of tensors; []. The update ratio of one step."""
    return torch.nn.utils.get_total_norm(change) / torch.nn.utils.get_total_norm(before)


def update_cosine(first: list[Tensor], second: list[Tensor]) -> Tensor:
    """Cosine of the angle between two updates of the same weights; [], in [-1, 1].

    Near 1 a player walks straight, near -1 it takes back each step; a pure rotation by phi a step
    gives cos phi, the sign of complex eigenvalues of the game's Jacobian (Mescheder et al. 2017,
    Berard et al. 2020). A player that stands still has no direction: 0.
    """
    products = torch._foreach_mul(first, second)
    dot = torch.stack([product.sum() for product in products]).sum()
    lengths = [torch.nn.utils.get_total_norm(update) for update in (first, second)]
    return dot / (lengths[0] * lengths[1]).clamp_min(TINY)
