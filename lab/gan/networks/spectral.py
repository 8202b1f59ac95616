"""Spectral normalisation (Miyato et al. 2018, Algorithm 1) with the power iteration apart.

A weight W counts as the matrix [out, in*k*k]. The vectors u and v are buffers that only
`iterate` moves, once a critic step: every pass of a step, every double backward and every worker
sees the same sigma = u^T W v, which is differentiated through W with u and v held constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import torch
from torch import Tensor, nn

from lab.gan.networks.initialisation import Fill

Spectrum = Literal["ignored", "tracked", "normalised"]
"""Of a layer's top singular value: not known; estimated; estimated and divided out."""

ITERATIONS_AT_BUILD = 15
TINY = 1e-12


class Layer(nn.Module):
    """A weight [out, in, ...], a bias [out] or None, and the estimate of the top singular value.

    `left` [out] and `right` [in*k*k] are u and v; `right` follows the memory order of a
    channels-last weight (k, k, in), so that the matrix is a view of it and needs no copy.
    """

    __call__: Callable[..., Tensor]
    left: Tensor
    right: Tensor

    def __init__(
        self, shape: tuple[int, ...], *, bias: bool, fill: Fill, spectrum: Spectrum
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(shape))
        self.bias = nn.Parameter(torch.zeros(shape[0])) if bias else None
        self.spectrum = spectrum
        self._fill = fill
        if spectrum != "ignored":
            self.register_buffer("left", torch.zeros(shape[0]))
            self.register_buffer("right", torch.zeros(self.weight[0].numel()))

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw the weight and the vectors; call once, before training."""
        self._fill(self.weight, generator)
        if self.spectrum != "ignored":
            self.left.normal_(generator=generator)
            for _ in range(ITERATIONS_AT_BUILD):
                self.iterate()

    def matrix(self) -> Tensor:
        """The weight as [out, in*k*k], columns in channels-last order."""
        return (
            self.weight.permute(0, 2, 3, 1).flatten(1) if self.weight.dim() == 4 else self.weight
        )

    @torch.no_grad()
    def iterate(self) -> None:
        """One power iteration: v = normalised W^T u, then u = normalised W v."""
        with torch.autocast(self.weight.device.type, enabled=False):
            matrix = self.matrix()
            _normalise_(torch.mv(matrix.t(), self.left, out=self.right))
            _normalise_(torch.mv(matrix, self.right, out=self.left))

    def top_singular_value(self) -> Tensor:
        """sigma = u^T W v, a scalar tensor, differentiable in the weight."""
        with torch.autocast(self.weight.device.type, enabled=False):
            return torch.dot(self.left, torch.mv(self.matrix(), self.right))

    def effective_weight(self) -> Tensor:
        """The weight that the layer applies: W, or W / sigma when normalised."""
        if self.spectrum != "normalised":
            return self.weight
        return self.weight * self.top_singular_value().reciprocal()


def hold_biases(layers: Iterable[nn.Module]) -> None:
    """Keep the biases of layers at 0, for those that cannot change the game.

    Their gradient is 0 but for rounding (a batch norm removes them, or the loss compares logits),
    and Adam would blow the rounding up to whole steps, different on any number of workers.
    """
    for layer in layers:
        assert isinstance(layer, Layer), layer
        if layer.bias is not None:
            layer.bias.requires_grad_(False)


def _normalise_(vector: Tensor) -> None:
    """Scale to length 1 in place; a zero vector stays zero."""
    vector.div_(torch.linalg.vector_norm(vector).clamp_min_(TINY))
