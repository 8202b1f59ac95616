"""Orthogonal regularisation of the generator (Brock et al. 2019, eq. 3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from lab.gan.networks.layers import Embedding
from lab.gan.networks.network import layers_of
from lab.gan.networks.spectral import Layer
from lab.gan.terms import GeneratorSeen, Term


class Orthogonal(Term):
    """|W W^T * (1 - I)|_F^2 summed over G's layers: rows (filters) apart, their lengths free.

    W is the matrix [out, in*k*k] of a weight before spectral norm. Embeddings of classes are left
    out, as in github.com/ajbrock/BigGAN-PyTorch, whose gradient is that of half of this sum.
    """

    def generator(self, seen: GeneratorSeen, now: Any) -> Tensor | None:
        """[]"""
        total: Tensor = now.weight * overlaps(layers_of(seen.generator))
        return total


def overlaps(layers: Iterable[Layer]) -> Tensor:
    """Sum over layers of the squared inner products of different rows; []."""
    terms = []
    for layer in layers:
        if isinstance(layer, Embedding):
            continue
        with torch.autocast(layer.weight.device.type, enabled=False):
            terms.append(_overlap(layer.matrix()))
    return torch.stack(terms).sum()


def _overlap(rows: Tensor) -> Tensor:
    if rows.shape[0] <= rows.shape[1]:
        products = rows @ rows.t()
        return (products - products.diagonal().diag()).square().sum()
    # |W W^T|_F = |W^T W|_F, and the second is the smaller matrix.
    return (rows.t() @ rows).square().sum() - rows.square().sum(dim=1).square().sum()
