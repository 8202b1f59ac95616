"""The ResNets of Miyato et al. 2018, Tables 4 (32 pixels) and 5 (48 pixels).

At 32 pixels both networks keep one channel count (256 in G, 128 in D). At 64 pixels they are the
paper's 48-pixel networks on a starting grid of 8 instead of 6 (M_g = M/8, as in the standard CNN):
G halves its channels from 512 to 64, D doubles them from 64 to 1024. Details follow the authors'
code (github.com/pfnet-research/sngan_projection): Glorot uniform with gain sqrt(2) in the residual
3x3 convolutions and 1 elsewhere, sum pooling, no bias in D's last layer, an unconditional last
batch norm in G. Batch norm or layer norm in D stand before each ReLU except in the first block, as
in the ResNet of Gulrajani et al. 2017.

The shortcut's 1x1 convolution commutes with nearest up-sampling and average pooling, so it runs on
the small side of both.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from lab.config import CriticNorm
from lab.gan.networks.initialisation import glorot_uniform
from lab.gan.networks.layers import Conv2d, Linear, PooledConv2d, UpsampledConv2d
from lab.gan.networks.network import Critic, Generator, Pair, Plan, grid
from lab.gan.networks.normalisation import BatchNorm, critic_norm, generator_norm
from lab.gan.networks.spectral import Layer, WeightNorm, hold_biases

RESIDUAL = glorot_uniform(math.sqrt(2.0))
OTHER = glorot_uniform(1.0)

GENERATOR_SIZES = {32: (256, 256, 256, 256), 64: (512, 256, 128, 64)}
CRITIC_SIZES = {32: (128, 128, 128, 128), 64: (64, 128, 256, 512, 1024)}
CRITIC_POOLINGS = {32: 2, 64: 4}
"""How many of the critic's blocks, from the first, halve the sides."""


class UpBlock(nn.Module):
    """[BN ReLU up conv3 BN ReLU conv3] + [up conv1]"""

    def __init__(self, num_in: int, num_out: int, num_classes: int) -> None:
        super().__init__()
        self.norm_1 = generator_norm(num_in, num_classes)
        self.conv_1 = UpsampledConv2d(num_in, num_out, fill=RESIDUAL)
        self.norm_2 = generator_norm(num_out, num_classes)
        self.conv_2 = Conv2d(num_out, num_out, 3, fill=RESIDUAL)
        self.shortcut = Conv2d(num_in, num_out, 1, fill=OTHER)
        # A constant a channel passes every shortcut and is removed by the last batch norm.
        hold_biases((self.conv_1, self.conv_2, self.shortcut))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """[B, in, H, W], [B] -> [B, out, 2H, 2W]"""
        residual = self.conv_1(F.relu_(self.norm_1(x, labels)))
        residual = self.conv_2(F.relu_(self.norm_2(residual, labels)))
        return residual.add_(F.interpolate(self.shortcut(x), scale_factor=2.0, mode="nearest"))


class FirstBlock(nn.Module):
    """The critic's optimised first block: [conv3 ReLU conv3 pool] + [pool conv1]"""

    def __init__(self, num_in: int, num_out: int, weight_norm: WeightNorm) -> None:
        super().__init__()
        self.conv_1 = Conv2d(num_in, num_out, 3, fill=RESIDUAL, weight_norm=weight_norm)
        self.conv_2 = PooledConv2d(num_out, num_out, fill=RESIDUAL, weight_norm=weight_norm)
        self.shortcut = Conv2d(num_in, num_out, 1, fill=OTHER, weight_norm=weight_norm)

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H / 2, W / 2]"""
        residual = self.conv_2(F.relu_(self.conv_1(x)))
        return residual.add_(self.shortcut(F.avg_pool2d(x, 2)))


class CriticBlock(nn.Module):
    """[norm ReLU conv3 norm ReLU conv3 (pool)] + [x, or conv1 (pool) where the shape changes]

    The first ReLU must not be in place: without a norm it would overwrite the shortcut's x.
    """

    def __init__(
        self, num_in: int, num_out: int, *, pool: bool, norm: CriticNorm, weight_norm: WeightNorm
    ) -> None:
        super().__init__()
        self.pool = pool
        self.norm_1 = critic_norm(norm, num_in)
        self.conv_1 = Conv2d(num_in, num_in, 3, fill=RESIDUAL, weight_norm=weight_norm)
        self.norm_2 = critic_norm(norm, num_in)
        self.conv_2: Layer = (
            PooledConv2d(num_in, num_out, fill=RESIDUAL, weight_norm=weight_norm)
            if pool
            else Conv2d(num_in, num_out, 3, fill=RESIDUAL, weight_norm=weight_norm)
        )
        self.shortcut: nn.Module = (
            Conv2d(num_in, num_out, 1, fill=OTHER, weight_norm=weight_norm)
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
    """Dense, three up-sampling blocks, BN ReLU conv3 (tanh)."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.start = plan.side // 8
        sizes = [plan.scaled(size) for size in GENERATOR_SIZES[plan.side]]
        self.dense = Linear(plan.latent_size, self.start**2 * sizes[0], fill=OTHER)
        self.blocks = nn.ModuleList(UpBlock(a, b, plan.num_classes) for a, b in pairwise(sizes))
        self.norm = BatchNorm(sizes[-1])
        self.to_pixels = Conv2d(sizes[-1], plan.channels, 3, fill=OTHER)

    def pixels(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, latent_size], [B] -> [B, channels, side, side]"""
        x = grid(self.dense(z), self.start)
        for block in self.blocks:
            x = block(x, labels)
        return self.to_pixels(F.relu_(self.norm(x)))


class ResNetCritic(Critic):
    """The optimised block, further blocks, ReLU, sum pooling, dense."""

    def __init__(self, plan: Plan) -> None:
        sizes = [plan.scaled(size) for size in CRITIC_SIZES[plan.side]]
        super().__init__(plan, sizes[-1], fill=OTHER, bias=False)
        self.first = FirstBlock(plan.channels, sizes[0], plan.weight_norm)
        self.blocks = nn.ModuleList(
            CriticBlock(
                a,
                b,
                pool=position < CRITIC_POOLINGS[plan.side],
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
        # Summed over pixels as rows, because the gradient then comes back channels-last.
        pixels = F.relu_(x).permute(0, 2, 3, 1).flatten(1, 2)
        return pixels.sum(dim=1, dtype=self.head.weight.dtype)


PAIR = Pair(ResNetGenerator, ResNetCritic)
