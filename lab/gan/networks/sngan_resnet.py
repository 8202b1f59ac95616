"""The ResNets of Miyato et al. 2018: Table 4 up to 32 pixels, the ones of ImageNet above.

Up to 32 pixels both networks keep one channel count (256 in G, 128 in D), and D stops halving the
sides at 8. From 64 pixels on they are those of github.com/kwotsin/mimicry for 64 and 128 pixels:
G starts at 4x4 and both have 64 channels next to the images, doubled each stage up to 1,024; D
ends at 2x2 for 64 pixels, and at 4x4 with one more block for larger ones; 256 pixels and more
continue the rule. Details follow the authors' code (github.com/pfnet-research/sngan_projection):
nearest up-sampling, Glorot uniform with gain sqrt(2) in the residual 3x3 convolutions and 1
elsewhere, sum pooling, no bias in D's last layer up to 32 pixels, an unconditional last batch norm
in G. Batch norm or layer norm in D stand before each ReLU except in the first block, as
in the ResNet of Gulrajani et al. 2017.

The shortcut's 1x1 convolution commutes with nearest up-sampling and average pooling, so it runs on
the small side of both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.config import CriticNorm
from lab.gan.networks.initialisation import Fill, glorot_uniform
from lab.gan.networks.layers import Conv2d, Linear, PooledConv2d, UpsampledConv2d
from lab.gan.networks.network import Critic, Generator, Pair, Plan, grid
from lab.gan.networks.normalisation import BatchNorm, critic_norm, generator_norm
from lab.gan.networks.spectral import Layer, WeightNorm, hold_biases

RESIDUAL = glorot_uniform(math.sqrt(2.0))
OTHER = glorot_uniform(1.0)

START = 4
SMALL = 32
"""Side of the images up to which Table 4 holds."""


class Fills(NamedTuple):
    """How the weights of a block are drawn."""

    residual: Fill
    """Of its 3x3 convolutions."""
    shortcut: Fill


GLOROT = Fills(RESIDUAL, OTHER)


def num_doublings(plan: Plan) -> int:
    """From a grid of 4x4 to the images."""
    return (plan.side // START).bit_length() - 1


def generator_sizes(plan: Plan) -> list[int]:
    """Channels at 4x4 and after each block."""
    num = num_doublings(plan) + 1
    return [plan.scaled(256)] * num if plan.side <= SMALL else plan.doubled(num)[::-1]


def critic_sizes(plan: Plan) -> list[int]:
    """Channels after each block."""
    return [plan.scaled(128)] * 4 if plan.side <= SMALL else plan.doubled(num_doublings(plan) + 1)


def critic_poolings(plan: Plan) -> int:
    """How many of the critic's blocks, from the first, halve the sides."""
    ends_at = 8 if plan.side <= SMALL else 2 if plan.side == 64 else 4
    return (plan.side // ends_at).bit_length() - 1


class UpBlock(nn.Module):
    """[BN ReLU up conv3 BN ReLU conv3] + [up conv1]

    `norm` makes another batch norm from a channel count than the one for `num_classes`.
    """

    def __init__(
        self,
        num_in: int,
        num_out: int,
        num_classes: int = 0,
        *,
        norm: Callable[[int], nn.Module] | None = None,
        fills: Fills = GLOROT,
        weight_norm: WeightNorm = "none",
    ) -> None:
        super().__init__()
        norm = norm or (lambda size: generator_norm(size, num_classes))
        self.norm_1 = norm(num_in)
        self.conv_1 = UpsampledConv2d(
            num_in, num_out, fill=fills.residual, weight_norm=weight_norm
        )
        self.norm_2 = norm(num_out)
        self.conv_2 = Conv2d(num_out, num_out, 3, fill=fills.residual, weight_norm=weight_norm)
        self.shortcut = Conv2d(num_in, num_out, 1, fill=fills.shortcut, weight_norm=weight_norm)
        # A constant a channel passes every shortcut and is removed by the last batch norm.
        hold_biases((self.conv_1, self.conv_2, self.shortcut))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """[B, in, H, W], what the norms take (classes [B], say) -> [B, out, 2H, 2W]"""
        residual = self.conv_1(F.relu_(self.norm_1(x, condition)))
        residual = self.conv_2(F.relu_(self.norm_2(residual, condition)))
        return residual.add_(F.interpolate(self.shortcut(x), scale_factor=2.0, mode="nearest"))


class FirstBlock(nn.Module):
    """The critic's optimised first block: [conv3 ReLU conv3 pool] + [pool conv1]"""

    def __init__(
        self, num_in: int, num_out: int, weight_norm: WeightNorm, fills: Fills = GLOROT
    ) -> None:
        super().__init__()
        self.conv_1 = Conv2d(num_in, num_out, 3, fill=fills.residual, weight_norm=weight_norm)
        self.conv_2 = PooledConv2d(num_out, num_out, fill=fills.residual, weight_norm=weight_norm)
        self.shortcut = Conv2d(num_in, num_out, 1, fill=fills.shortcut, weight_norm=weight_norm)

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H / 2, W / 2]"""
        residual = self.conv_2(F.relu_(self.conv_1(x)))
        return residual.add_(self.shortcut(F.avg_pool2d(x, 2)))


class CriticBlock(nn.Module):
    """[norm ReLU conv3 norm ReLU conv3 (pool)] + [x, or conv1 (pool) where the shape changes]

    The first ReLU must not be in place: without a norm it would overwrite the shortcut's x. A
    `wide` block changes its channels in the first convolution (BigGAN), else in the second.
    """

    def __init__(
        self,
        num_in: int,
        num_out: int,
        *,
        pool: bool,
        norm: CriticNorm,
        weight_norm: WeightNorm,
        wide: bool = False,
        fills: Fills = GLOROT,
    ) -> None:
        super().__init__()
        self.pool = pool
        num_hidden = num_out if wide else num_in
        residual = fills.residual
        self.norm_1 = critic_norm(norm, num_in)
        self.conv_1 = Conv2d(num_in, num_hidden, 3, fill=residual, weight_norm=weight_norm)
        self.norm_2 = critic_norm(norm, num_hidden)
        self.conv_2: Layer = (
            PooledConv2d(num_hidden, num_out, fill=residual, weight_norm=weight_norm)
            if pool
            else Conv2d(num_hidden, num_out, 3, fill=residual, weight_norm=weight_norm)
        )
        self.shortcut: nn.Module = (
            Conv2d(num_in, num_out, 1, fill=fills.shortcut, weight_norm=weight_norm)
            if pool or num_in != num_out
            else nn.Identity()
        )
        if norm == "batch":
            hold_biases((self.conv_1,))

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H, W], or half the sides when pooling"""
        residual = self.conv_1(F.relu(self.norm_1(x)))
        residual = self.conv_2(F.relu_(self.norm_2(residual)))
        return residual.add_(self.shortcut(F.avg_pool2d(x, 2) if self.pool else x))


class ResNetGenerator(Generator):
    """Dense, up-sampling blocks, BN ReLU conv3 (tanh)."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        sizes = generator_sizes(plan)
        self.dense = Linear(plan.latent_size, START**2 * sizes[0], fill=OTHER)
        self.blocks = nn.ModuleList(UpBlock(a, b, plan.num_classes) for a, b in pairwise(sizes))
        self.norm = BatchNorm(sizes[-1])
        self.to_pixels = Conv2d(sizes[-1], plan.channels, 3, fill=OTHER)

    def pixels(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, latent_size], [B] -> [B, channels, side, side]"""
        x = grid(self.dense(z), START)
        for block in self.blocks:
            x = block(x, labels)
        return self.to_pixels(F.relu_(self.norm(x)))


class ResNetCritic(Critic):
    """The optimised block, further blocks, ReLU, sum pooling, dense."""

    def __init__(self, plan: Plan) -> None:
        sizes = critic_sizes(plan)
        super().__init__(plan, sizes[-1], fill=OTHER, bias=plan.side > SMALL)
        self.first = FirstBlock(plan.channels, sizes[0], plan.weight_norm)
        self.blocks = nn.ModuleList(
            CriticBlock(
                a,
                b,
                pool=position < critic_poolings(plan),
                norm=plan.critic_norm,
                weight_norm=plan.weight_norm,
            )
            for position, (a, b) in enumerate(pairwise(sizes), start=1)
        )

    def trunk(self, images: Tensor) -> Tensor:
        """[B, channels, side, side] -> [B, F]"""
        x = self.first(images)
        for block in self.blocks:
            x = block(x)
        return summed(F.relu_(x), self.head.weight.dtype)


def summed(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Sum pooling, [B, C, H, W] -> [B, C] of this type.

    Over pixels as rows, because the gradient then comes back channels-last.
    """
    return x.permute(0, 2, 3, 1).flatten(1, 2).sum(dim=1, dtype=dtype)


PAIR = Pair(ResNetGenerator, ResNetCritic)
