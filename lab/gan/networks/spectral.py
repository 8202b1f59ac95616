"""Layers whose weight may be normalised, and the top singular values of any layer.

Spectral normalisation (Miyato et al. 2018, Algorithm 1) keeps the power iteration apart: a weight
W counts as the matrix [out, in*k*k]. The vectors u and v are buffers that only `iterate` moves,
once a critic step: every pass of a step, every double backward and every worker sees the same
sigma = u^T W v, which is differentiated through W with u and v held constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from lab.gan.networks.initialisation import Fill

WeightNorm = Literal["none", "spectral", "weight"]
"""Divisor of a layer's weight: none, its top singular value, or the length of each row."""

ITERATIONS_AT_BUILD = 15
TINY = 1e-12


class Layer(nn.Module):
    """A weight [out, in, ...] and a bias [out] or None; what applies is `effective_weight`.

    With spectral norm `left` [out] and `right` [in*k*k] are u and v; `right` follows the memory
    order of a channels-last weight (k, k, in), so that the matrix is a view of it and needs no
    copy. With weight norm `gain` [out] is the length of each row of what applies.
    """

    __call__: Callable[..., Tensor]
    left: Tensor
    right: Tensor

    def __init__(
        self, shape: tuple[int, ...], *, bias: bool, fill: Fill, weight_norm: WeightNorm
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(shape))
        self.bias = nn.Parameter(torch.zeros(shape[0])) if bias else None
        self.spectral = weight_norm == "spectral"
        self._fill = fill
        row_size = self.weight[0].numel()
        # A row of one number v is g v/|v| = +-g anyway: Adam would only change its rounding.
        has_gain = weight_norm == "weight" and row_size > 1
        self.gain = nn.Parameter(torch.empty(shape[0])) if has_gain else None
        if self.spectral:
            self.register_buffer("left", torch.zeros(shape[0]))
            self.register_buffer("right", torch.zeros(row_size))

    @torch.no_grad()
    def initialise(self, rng: torch.Generator) -> None:
        """Draw the weight and the vectors; call once, before training."""
        self._fill(self.weight, rng)
        if self.gain is not None:
            self.gain.copy_(self._row_lengths())
        if self.spectral:
            self.left.normal_(generator=rng)
            for _ in range(ITERATIONS_AT_BUILD):
                self.iterate()

    def matrix(self) -> Tensor:
        """The weight, before spectral norm and after weight norm, as [out, in*k*k].

        Columns are in channels-last order.
        """
        weight = self.weight if self.gain is None else self.effective_weight()
        return weight.permute(0, 2, 3, 1).flatten(1) if weight.dim() == 4 else weight

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
        """The weight that the layer applies.

        W; W / sigma with spectral norm; g w/|w| for each row w with weight norm (Salimans &
        Kingma 2016, eq. 2), where g begins as |w|.
        """
        if self.spectral:
            return self.weight * self.top_singular_value().reciprocal()
        if self.gain is None:
            return self.weight
        scale = self.gain / self._row_lengths()
        return self.weight * scale.view(-1, *(1,) * (self.weight.dim() - 1))

    def _row_lengths(self) -> Tensor:
        lengths: Tensor = torch.linalg.vector_norm(
            self.weight, dim=tuple(range(1, self.weight.dim()))
        )
        return lengths


def hold_biases(layers: Iterable[nn.Module]) -> None:
    """Keep the biases of layers at 0, for those that cannot change the game.

    Their gradient is 0 up to rounding (a batch norm removes them, or the loss compares logits),
    and Adam would scale the rounding up to whole steps, which differ with the number of workers.
    """
    for layer in layers:
        assert isinstance(layer, Layer), layer
        if layer.bias is not None:
            layer.bias.requires_grad_(False)


def orthonormal_departure(layers: Iterable[Layer]) -> Tensor:
    """Sum over layers of |W W^T - I|_F^2, or |W^T W - I|_F^2 for a tall W; [].

    The orthonormal regularisation that Miyato et al. 2018 compare with (Brock et al. 2016). The
    smaller of the two products gives the same gradient: they differ by a constant.
    """
    terms = []
    for layer in layers:
        with torch.autocast(layer.weight.device.type, enabled=False):
            wide = layer.matrix()
            wide = wide if wide.shape[0] <= wide.shape[1] else wide.t()
            identity = torch.eye(len(wide), dtype=wide.dtype, device=wide.device)
            terms.append((wide @ wide.t() - identity).square().sum())
    return torch.stack(terms).sum()


class TopSingularValues(nn.Module):
    """The top singular value of every layer of a network, by power iteration.

    Weights move slowly, so one iteration at each reading keeps up. A layer with spectral norm
    starts from its own u, which stays as it is; the u of the others are buffers here, because a
    stored generator and its average do not need them.
    """

    def __init__(self, layers: Sequence[Layer], rng: torch.Generator) -> None:
        """Draws from `rng`, a CPU one, and iterates; the layers must have their weights."""
        super().__init__()
        self.layers = tuple(layers)  # a tuple hides them: they are no part of this module
        for i, layer in enumerate(layers):
            if not layer.spectral:
                left = torch.randn(layer.weight.shape[0], generator=rng)
                self.register_buffer(f"left_{i}", left.to(layer.weight))
        for _ in range(ITERATIONS_AT_BUILD):
            self.read()

    @torch.no_grad()
    def read(self) -> Tensor:
        """Estimates [num_layers] after one iteration: |W v| with v = normalised W^T u."""
        if not self.layers:
            return torch.zeros(0)
        lefts = [self._left(i) for i in range(len(self.layers))]
        with torch.autocast(lefts[0].device.type, enabled=False):
            matrices = [layer.matrix() for layer in self.layers]
            rights = [torch.mv(matrix.t(), u) for matrix, u in zip(matrices, lefts, strict=True)]
            _normalise_each_(rights)
            moved = [torch.mv(matrix, v) for matrix, v in zip(matrices, rights, strict=True)]
        sigmas = _normalise_each_(moved)
        kept = [i for i, layer in enumerate(self.layers) if not layer.spectral]
        if kept:
            # A layer that begins at zero keeps its u until its weight has moved.
            news = [torch.where(sigmas[i] == 0, lefts[i], moved[i]) for i in kept]
            torch._foreach_copy_([lefts[i] for i in kept], news)
        return sigmas

    def _left(self, i: int) -> Tensor:
        layer = self.layers[i]
        return layer.left if layer.spectral else self.get_buffer(f"left_{i}")


def _normalise_(vector: Tensor) -> None:
    """Scale to length 1 in place; a zero vector stays zero."""
    vector.div_(torch.linalg.vector_norm(vector).clamp_min_(TINY))


def _normalise_each_(vectors: list[Tensor]) -> Tensor:
    """`_normalise_` for many; their lengths [num_vectors]."""
    lengths = torch.stack(list(torch._foreach_norm(vectors)))
    torch._foreach_div_(vectors, list(lengths.clamp_min(TINY).unbind()))
    return lengths
