"""The light generator of FastGAN (Liu et al. 2021), as Projected GAN uses it (Sauer et al. 2021).

It is `fastgan_lite` of github.com/autonomousvision/projected-gan: one convolution and a gated
linear unit at each side, and from 64 pixels on a gate that a feature map of a sixteenth of the
side computes. Below 128 pixels, which the authors' code does not have, it ends earlier. Every
layer has spectral norm, also in G.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.errors import InputError
from lab.gan.networks.initialisation import Fill, normal
from lab.gan.networks.layers import Conv2d, Embedding, Linear, UpsampledConv2d
from lab.gan.networks.network import Generator, Plan
from lab.gan.networks.normalisation import BatchNorm, _Standardised
from lab.gan.networks.spectral import Layer

START = 4
BASE = 128
MULTIPLES = {4: 16, 8: 8, 16: 4, 32: 2, 64: 2, 128: 1, 256: 1 / 2, 512: 1 / 4, 1024: 1 / 8}
"""Channels at a side over BASE."""
GATES = {64: 4, 128: 8, 256: 16, 512: 32}
"""Side of a gated feature map -> side of the one that computes the gate."""


def fan_in_uniform(weight: Tensor, rng: torch.Generator) -> None:
    """U(-a, a), a = 1 / sqrt(fan-in): the default of torch's layers, which the authors keep."""
    bound = 1 / math.sqrt(weight[0].numel())
    with torch.no_grad():
        weight.uniform_(-bound, bound, generator=rng)


FILL: Fill = fan_in_uniform


class Valid4x4(Layer):
    """A 4x4 convolution without padding or bias; of a 4x4 image it makes one number a channel."""

    def __init__(self, num_in: int, num_out: int, *, weight_norm: str = "spectral") -> None:
        shape = (num_out, num_in, START, START)
        super().__init__(shape, bias=False, fill=FILL, weight_norm=weight_norm)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H - 3, W - 3]"""
        return F.conv2d(x, self.effective_weight())


class First(Layer):
    """The transposed 4x4 convolution of a code, which is a 1x1 image."""

    def __init__(self, num_in: int, num_out: int) -> None:
        shape = (num_out, num_in, START, START)
        super().__init__(shape, bias=False, fill=FILL, weight_norm="spectral")

    def forward(self, z: Tensor) -> Tensor:
        """[B, in] -> [B, out, 4, 4], channels-last"""
        images = torch.einsum("bi,oihw->bhwo", z, self.effective_weight())
        return images.contiguous().permute(0, 3, 1, 2)


class Up(UpsampledConv2d):
    """`UpsampledConv2d` with spectral norm and without a bias."""

    def __init__(self, num_in: int, num_out: int) -> None:
        Layer.__init__(
            self, (num_out, num_in, 3, 3), bias=False, fill=FILL, weight_norm="spectral"
        )


class ByEmbedding(_Standardised):
    """Batch norm whose gain, round 1, and bias are linear maps of an embedded class."""

    def __init__(self, num_channels: int, embedded: int) -> None:
        super().__init__(num_channels)
        self.gain = Linear(embedded, num_channels, fill=FILL, weight_norm="spectral")
        self.bias = Linear(embedded, num_channels, fill=FILL, weight_norm="spectral")

    def forward(self, x: Tensor, embedded: Tensor) -> Tensor:
        """[B, C, H, W], [B, E] -> the same shape as x"""
        y = self.standardise(x, None, None)
        gain, bias = 1 + self.gain(embedded), self.bias(embedded)
        return torch.addcmul(
            bias.to(y.dtype)[:, :, None, None], y, gain.to(y.dtype)[:, :, None, None]
        )


def gated(x: Tensor) -> Tensor:
    """The gated linear unit (Dauphin et al. 2017): half of the channels times sigmoid(others)."""
    values, gates = x.chunk(2, dim=1)
    return values * gates.sigmoid()


class UpBlock(nn.Module):
    """[up conv3 BN gated]"""

    def __init__(self, num_in: int, num_out: int, embedded: int) -> None:
        super().__init__()
        self.convolution = Up(num_in, 2 * num_out)
        self.norm: nn.Module = (
            ByEmbedding(2 * num_out, embedded) if embedded else BatchNorm(2 * num_out)
        )

    def forward(self, x: Tensor, embedded: Tensor | None) -> Tensor:
        """[B, in, H, W], [B, E] or None -> [B, out, 2H, 2W]"""
        return gated(self.norm(self.convolution(x), embedded))


class Gate(nn.Module):
    """[pool to 4x4, conv4, x sigmoid(x), conv1, sigmoid]: a factor for each channel."""

    def __init__(self, num_in: int, num_out: int) -> None:
        super().__init__()
        self.convolution = Valid4x4(num_in, num_out)
        self.mix = Conv2d(num_out, num_out, 1, fill=FILL, bias=False, weight_norm="spectral")

    def forward(self, small: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, 1, 1]"""
        pooled = F.avg_pool2d(small, small.shape[-1] // START)
        factors: Tensor = self.mix(F.silu(self.convolution(pooled)))
        return factors.sigmoid()


class FastGenerator(Generator):
    """A code of length 1 a number, the first 4x4 image, then up-sampling blocks with gates."""

    bounded = False

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        if plan.side not in MULTIPLES or plan.side < 16:
            raise InputError(
                f"data.resolution is {plan.resolution}; network.architecture projected takes 28 "
                "or a power of two from 16 to 1024: set data.resolution to one of these"
            )
        base = plan.scaled(BASE)
        sizes = {side: max(4, int(times * base)) for side, times in MULTIPLES.items()}
        sides = [side for side in MULTIPLES if side <= plan.side]
        size = plan.latent_size
        self.embedding = (
            Embedding(plan.num_classes, size, fill=normal(1.0), weight_norm="none")
            if plan.num_classes
            else None
        )
        embedded = size if plan.num_classes else 0
        self.first = First(size, 2 * sizes[START])
        self.norm = BatchNorm(2 * sizes[START])
        self.blocks = nn.ModuleDict(
            {str(side): UpBlock(sizes[side // 2], sizes[side], embedded) for side in sides[1:]}
        )
        self.gates = nn.ModuleDict(
            {
                str(side): Gate(sizes[small], sizes[side])
                for side, small in GATES.items()
                if side <= plan.side
            }
        )
        self.to_pixels = Conv2d(
            sizes[plan.side], plan.channels, 3, fill=FILL, weight_norm="spectral"
        )

    def pixels(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, latent_size], [B] -> [B, channels, side, side]"""
        embedded = None
        if self.embedding is not None:
            assert labels is not None, "a conditional generator needs labels"
            embedded = self.embedding(labels)
        z = z * (z.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()
        x = gated(self.norm(self.first(z)))
        made = {START: x}
        for name, block in self.blocks.items():
            x = block(x, embedded)
            if name in self.gates:
                x = x * self.gates[name](made[GATES[int(name)]])
            made[int(name)] = x
        pixels: Tensor = self.to_pixels(x)
        return pixels
