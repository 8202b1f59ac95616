"""Layers with an equalised learning rate (Karras et al. 2018, section 4.1), and resampling.

Weights are drawn from N(0, 1) and scaled by 1/sqrt(fan-in) whenever they apply, so that an
optimizer which normalises gradients moves all of them at the same relative rate. A layer with a
`rate` is drawn from N(0, 1/rate^2) and scaled by it as well: it learns `rate` times as fast.

The gain of an activation a(x) = g max(x, 0.2 x) is part of the layer before it: g a(W x + b)
equals a(g W x + g b), which saves a pass over the activations.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.errors import InputError
from lab.gan.networks.initialisation import normal
from lab.gan.networks.layers import (
    Conv2d,
    Embedding,
    Linear,
    PooledConv2d,
    UpsampledConv2d,
    looked_up,
)
from lab.gan.networks.network import Plan
from lab.gan.networks.spectral import Layer, WeightNorm

SLOPE = 0.2
"""Of all leaky ReLUs."""
SMALLEST = 4
"""Side of the first images of a generator and the last ones of a critic."""
EPSILON = 1e-8


class Equalised(Layer):
    """A layer whose weight and bias are scaled when they apply.

    Spectral norm divides by the top singular value instead: the scale would cancel.
    """

    scale = 1.0
    bias_scale = 1.0

    def equalise(self, gain: float, rate: float, weight_gain: float) -> None:
        """`gain` of the output, learning rate relative to other layers, gain of the weight."""
        self.scale = gain * rate * weight_gain / math.sqrt(self.weight[0].numel())
        self.bias_scale = gain * rate

    def effective_weight(self) -> Tensor:
        """The weight that applies."""
        weight = super().effective_weight()
        return weight if self.spectral else weight * self.scale

    def effective_bias(self) -> Tensor | None:
        """The bias that applies."""
        if self.bias is None or self.bias_scale == 1.0:
            return self.bias
        return self.bias * self.bias_scale

    def matrix(self) -> Tensor:
        """As of `Layer`, scaled: singular values are those of what applies."""
        matrix = super().matrix()
        return matrix if self.spectral or self.gain is not None else matrix * self.scale


class EqualisedLinear(Equalised, Linear):
    """Affine map, whose bias starts at `start`."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        gain: float = 1.0,
        rate: float = 1.0,
        weight_gain: float = 1.0,
        start: float = 0.0,
        bias: bool = True,
        weight_norm: WeightNorm = "none",
    ) -> None:
        fill = normal(1.0 / rate)
        super().__init__(in_features, out_features, fill=fill, bias=bias, weight_norm=weight_norm)
        if self.bias is not None:
            nn.init.constant_(self.bias, start)
        self.equalise(gain, rate, weight_gain)

    def forward(self, x: Tensor) -> Tensor:
        """[B, in] -> [B, out]"""
        return F.linear(x, self.effective_weight(), self.effective_bias())


class EqualisedConv2d(Equalised, Conv2d):
    """Convolution with a square kernel, padded to keep the sides or by `padding`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        *,
        gain: float = 1.0,
        weight_gain: float = 1.0,
        stride: int = 1,
        padding: int | None = None,
        bias: bool = True,
        weight_norm: WeightNorm = "none",
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel,
            fill=normal(1.0),
            stride=stride,
            bias=bias,
            weight_norm=weight_norm,
        )
        self.equalise(gain, 1.0, weight_gain)
        if padding is not None:
            self.padding = padding

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H', W']"""
        weight, bias = self.effective_weight(), self.effective_bias()
        return F.conv2d(x, weight, bias, self.stride, self.padding)


class EqualisedUpsampledConv2d(Equalised, UpsampledConv2d):
    """Nearest up-sampling by 2, then a 3x3 convolution."""

    def __init__(self, in_channels: int, out_channels: int, *, weight_gain: float) -> None:
        super().__init__(in_channels, out_channels, fill=normal(1.0))
        self.equalise(1.0, 1.0, weight_gain)


class EqualisedPooledConv2d(Equalised, PooledConv2d):
    """A 3x3 convolution, then average pooling by 2."""

    def __init__(
        self, in_channels: int, out_channels: int, *, weight_gain: float, weight_norm: WeightNorm
    ) -> None:
        super().__init__(in_channels, out_channels, fill=normal(1.0), weight_norm=weight_norm)
        self.equalise(1.0, 1.0, weight_gain)


class EqualisedEmbedding(Equalised, Embedding):
    """A vector for each class, as the columns of an affine map of one-hot codes."""

    def __init__(self, num_classes: int, size: int, *, weight_norm: WeightNorm) -> None:
        super().__init__(num_classes, size, fill=normal(1.0), weight_norm=weight_norm)
        self.equalise(1.0, 1.0, 1.0)


class LabelMap(EqualisedLinear):
    """An affine map of the one-hot code of a class, standardised (`unit_moment`)."""

    def forward(self, labels: Tensor) -> Tensor:
        """[B] int64, or vectors [B, in] -> [B, out]"""
        bias = self.effective_bias()
        assert bias is not None
        return unit_moment(looked_up(labels, self.effective_weight().t()) + bias)


class Fir(nn.Module):
    """Channel by channel, the separable filter [1, 3, 3, 1] (Karras et al. 2020, section B).

    On a CPU one depth-wise convolution is faster than two of one dimension, than shifted sums,
    and than the three 2x2 poolings which the filter is a product of.
    """

    kernel: Tensor

    def __init__(self, gain: float = 1.0) -> None:
        """`gain` is the sum of the filter."""
        super().__init__()
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
        self.register_buffer("kernel", gain / 64 * torch.outer(taps, taps), persistent=False)

    def forward(self, x: Tensor, stride: int = 1, padding: int = 2) -> Tensor:
        """[B, C, H, W] -> [B, C, H', W'], H' = (H + 2 padding - 4) / stride + 1, in x's type"""
        with torch.autocast(x.device.type, enabled=False):
            return F.conv2d(x, self._weight(x), None, stride, padding, groups=x.shape[1])

    def upsampled(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C, 2H, 2W], zeros beyond the border; of gain 4 for equal means."""
        with torch.autocast(x.device.type, enabled=False):
            weight = self._weight(x)
            return F.conv_transpose2d(x, weight, None, 2, padding=1, groups=x.shape[1])

    def _weight(self, x: Tensor) -> Tensor:
        return self.kernel.to(x.dtype).expand(x.shape[1], 1, 4, 4)


def unit_moment(x: Tensor) -> Tensor:
    """x / sqrt(mean over C of x^2 + eps), of [B, C] or [B, C, H, W] (Karras et al. 2018, 4.2)."""
    if x.dim() == 2:
        return x * (x.square().mean(dim=1, keepdim=True) + EPSILON).rsqrt()
    # Of pixels as rows, because the gradient then comes back channels-last.
    scale = (_rows(x).square().mean(dim=2, keepdim=True) + EPSILON).rsqrt()
    return x * scale.view(x.shape[0], 1, *x.shape[2:])


def _rows(x: Tensor) -> Tensor:
    """[B, C, H, W] -> [B, H*W, C]"""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def with_deviation(x: Tensor, group: int) -> Tensor:
    """[B, C, H, W] -> [B, C + 1, H, W]: one more channel, how much the samples of a group differ.

    The channel holds the standard deviation over a group, averaged over channels and pixels
    (Karras et al. 2018, section 3). Groups are consecutive samples, so that workers and passes
    which take whole groups compute what one worker does; the last group is smaller where `group`
    does not divide the batch.
    """
    count, _, height, width = x.shape
    exact = _rows(x if x.dtype == torch.float64 else x.float())
    whole = count - count % group
    values = [
        _deviation(part.view(-1, size, *part.shape[1:])).repeat_interleave(size)
        for part, size in ((exact[:whole], group), (exact[whole:], count % group))
        if len(part)
    ]
    channel = torch.cat(values).to(x.dtype).view(-1, 1, 1, 1).expand(-1, 1, height, width)
    return torch.cat([x, channel.contiguous(memory_format=torch.channels_last)], dim=1)


def _deviation(groups: Tensor) -> Tensor:
    """[n, group, H*W, C] -> [n]"""
    centred = groups - groups.mean(dim=1, keepdim=True)
    return (centred.square().mean(dim=1) + EPSILON).sqrt().mean(dim=(1, 2))


def sides_of(plan: Plan) -> list[int]:
    """4, 8, ... up to the side of the images. Raises InputError for other sizes."""
    side = plan.side
    if side < 16 or side & (side - 1):
        raise InputError(
            f"data.resolution is {plan.resolution}, and network.architecture has a stage for each "
            "power of two; set the resolution to 28 or to a power of two from 16, or take another "
            "architecture"
        )
    return [2**power for power in range(2, side.bit_length())]
