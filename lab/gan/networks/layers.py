"""The layers that hold weights. All keep channels-last activations channels-last.

Nearest up-sampling before a 3x3 convolution, and average pooling after one, are folded into a
4x4 kernel of stride 2 (as in Karras et al. 2018): the same function, borders included, for 4/9 of
the arithmetic and without the large intermediate image. The 4x4 kernel is the 3x3 one convolved
with the 2x2 box of the resampling, which is an average pooling of the padded kernel.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.gan.networks.initialisation import Fill
from lab.gan.networks.spectral import Layer, WeightNorm


def boxed(kernel: Tensor, divisor: int) -> Tensor:
    """The kernel convolved with a 2x2 box of 1 / divisor: [out, in, 3, 3] -> [out, in, 4, 4].

    On CUDA the kernel is laid out channels-first. Of a padded channels-last one torch 2.11 has
    a wrong gradient there (github.com/pytorch/pytorch/issues/188344): it differed
    by its own size on an H200, in every type (benchmarks/results/nvidia-h200-pooling.jsonl).
    """
    if kernel.is_cuda:
        kernel = kernel.contiguous()
    return F.avg_pool2d(kernel, 2, stride=1, padding=1, divisor_override=divisor)


class Conv2d(Layer):
    """Convolution with a square kernel."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        *,
        fill: Fill,
        stride: int = 1,
        bias: bool = True,
        weight_norm: WeightNorm = "none",
    ) -> None:
        shape = (out_channels, in_channels, kernel, kernel)
        super().__init__(shape, bias=bias, fill=fill, weight_norm=weight_norm)
        self.stride = stride
        self.padding = (kernel - 1) // 2

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H / stride, W / stride]"""
        return F.conv2d(x, self.effective_weight(), self.bias, self.stride, self.padding)


class UpsampledConv2d(Layer):
    """Nearest up-sampling by 2, then a 3x3 convolution."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        fill: Fill,
        weight_norm: WeightNorm = "none",
    ) -> None:
        shape = (out_channels, in_channels, 3, 3)
        super().__init__(shape, bias=True, fill=fill, weight_norm=weight_norm)

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, 2H, 2W]"""
        wide = boxed(self.effective_weight().flip(2, 3), divisor=1)
        return F.conv_transpose2d(x, wide.transpose(0, 1), self.bias, stride=2, padding=1)


class PooledConv2d(Layer):
    """A 3x3 convolution, then average pooling by 2."""

    def __init__(
        self, in_channels: int, out_channels: int, *, fill: Fill, weight_norm: WeightNorm
    ) -> None:
        shape = (out_channels, in_channels, 3, 3)
        super().__init__(shape, bias=True, fill=fill, weight_norm=weight_norm)

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H / 2, W / 2]"""
        wide = boxed(self.effective_weight(), divisor=4)
        return F.conv2d(x, wide, self.bias, stride=2, padding=1)


class ConvTranspose2d(Layer):
    """Transposed 4x4 convolution of stride 2, which doubles the sides."""

    def __init__(
        self, in_channels: int, out_channels: int, *, fill: Fill, bias: bool = True
    ) -> None:
        shape = (out_channels, in_channels, 4, 4)
        super().__init__(shape, bias=bias, fill=fill, weight_norm="none")

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, 2H, 2W]"""
        return F.conv_transpose2d(x, self.weight.transpose(0, 1), self.bias, stride=2, padding=1)


class Linear(Layer):
    """Affine map."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        fill: Fill,
        bias: bool = True,
        weight_norm: WeightNorm = "none",
    ) -> None:
        super().__init__(
            (out_features, in_features), bias=bias, fill=fill, weight_norm=weight_norm
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, in] -> [B, out]"""
        return F.linear(x, self.effective_weight(), self.bias)


class Embedding(Layer):
    """A vector for each class; as a matrix [num_classes, size] it has singular values as well.

    Vectors of texts take the place of one-hot codes: it then is a linear map.
    """

    def __init__(
        self, num_classes: int, size: int, *, fill: Fill, weight_norm: WeightNorm
    ) -> None:
        super().__init__((num_classes, size), bias=False, fill=fill, weight_norm=weight_norm)

    def forward(self, labels: Tensor) -> Tensor:
        """[B] int64, or [B, num_classes] -> [B, size]"""
        return looked_up(labels, self.effective_weight())


def looked_up(labels: Tensor, table: Tensor) -> Tensor:
    """Rows of a table [K, size] by class, int64 [B], or their sums by vectors [B, K] -> [B, size]

    A class gives what its one-hot vector gives.
    """
    if labels.is_floating_point():
        return labels.to(table.dtype) @ table
    return F.embedding(labels, table)


class FixedConv1x1(nn.Module):
    """A 1x1 convolution whose weights are drawn once and never trained: they are buffers."""

    weight: Tensor
    bias: Tensor

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.empty(out_channels, in_channels, 1, 1))
        self.register_buffer("bias", torch.empty(out_channels))

    @torch.no_grad()
    def initialise(self, rng: torch.Generator) -> None:
        """U(-a, a), a = 1 / sqrt(in), for both; call once."""
        bound = 1 / math.sqrt(self.weight.shape[1])
        self.weight.uniform_(-bound, bound, generator=rng)
        self.bias.uniform_(-bound, bound, generator=rng)

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H, W]"""
        return F.conv2d(x, self.weight, self.bias)
