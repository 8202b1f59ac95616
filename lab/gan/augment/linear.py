"""A linear map with its transpose, differentiable any number of times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Map = Callable[[Tensor], Tensor]


class _Linear(torch.autograd.Function):
    """y = A x. The gradient is A^T of the result's, which is linear again: its own is A."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, apply: Map, transpose: Map) -> Tensor:
        ctx.maps = transpose, apply
        # A gradient penalty runs `backward` under autocast, which rounds products of matrices.
        with torch.autocast(x.device.type, enabled=False):
            return apply(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:  # type: ignore[override]
        return _Linear.apply(gradient, *ctx.maps), None, None  # type: ignore[no-untyped-call]


def linear(x: Tensor, apply: Map, transpose: Map) -> Tensor:
    """`apply(x)`. Both maps are linear, each the other's transpose, and keep the type of x.

    Nothing is stored for the backward pass but what the maps hold.
    """
    y: Tensor = _Linear.apply(x, apply, transpose)  # type: ignore[no-untyped-call]
    return y
