"""SAGAN (Zhang et al. 2019): SNGAN's ResNets with self-attention, and spectral norm in both.

At 128 pixels self-attention stands at 32x32 features, in G after the third block and in D after
the second, as in github.com/kwotsin/mimicry. Images below 64 pixels have it at half their side:
16x16 at 32 pixels. Channels and blocks are those of `sngan-resnet` at every size. The generator
always has spectral norm; the critic's is `network.critic_norm`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from lab.gan.networks.attention import SelfAttention
from lab.gan.networks.initialisation import Fill
from lab.gan.networks.layers import Conv2d, Linear
from lab.gan.networks.network import Critic, Generator, Pair, Plan, grid
from lab.gan.networks.normalisation import BatchNorm
from lab.gan.networks.sngan_resnet import (
    GLOROT,
    OTHER,
    START,
    CriticBlock,
    Fills,
    FirstBlock,
    UpBlock,
    critic_poolings,
    critic_sizes,
    generator_sizes,
    summed,
)

ATTENTION_SIDE = 32


def attention_side(plan: Plan, at: int = ATTENTION_SIDE) -> int:
    """Side of the features with self-attention: `at`, or half the side of smaller images."""
    return min(at, plan.side // 2)


class SAGANGenerator(Generator):
    """Dense, up-sampling blocks with self-attention after one, BN ReLU conv3 (tanh)."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        sizes = generator_sizes(plan)
        self.dense = Linear(
            plan.latent_size, START**2 * sizes[0], fill=OTHER, weight_norm="spectral"
        )
        self.blocks = nn.ModuleList(
            UpBlock(a, b, plan.num_classes, weight_norm="spectral") for a, b in pairwise(sizes)
        )
        # The blocks' biases stay held at 0: their gradient is rounding while the gain is 0.
        self.attended_side = attention_side(plan)
        attended = (self.attended_side // START).bit_length() - 1
        self.attention = SelfAttention(sizes[attended], fill=OTHER, weight_norm="spectral")
        self.norm = BatchNorm(sizes[-1])
        self.to_pixels = Conv2d(sizes[-1], plan.channels, 3, fill=OTHER, weight_norm="spectral")

    def pixels(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, latent_size], [B] -> [B, channels, side, side]"""
        x = grid(self.dense(z), START)
        for block in self.blocks:
            x = block(x, labels)
            if x.shape[-1] == self.attended_side:
                x = self.attention(x)
        return self.to_pixels(F.relu_(self.norm(x)))


class AttendingCritic(Critic):
    """The optimised block, further blocks, self-attention after one, ReLU, sum pooling, dense."""

    def __init__(
        self,
        plan: Plan,
        sizes: Sequence[int],
        *,
        num_poolings: int,
        attended_side: int,
        fill: Fill,
        fills: Fills = GLOROT,
        wide: bool = False,
    ) -> None:
        """`sizes`: channels after each block, the first `num_poolings` of which halve the sides;
        `fill` is that of the head and of self-attention, `fills` those of the blocks."""
        super().__init__(plan, sizes[-1], fill=fill)
        self.first = FirstBlock(plan.channels, sizes[0], plan.weight_norm, fills)
        self.blocks = nn.ModuleList(
            CriticBlock(
                a,
                b,
                pool=position < num_poolings,
                norm=plan.critic_norm,
                weight_norm=plan.weight_norm,
                wide=wide,
                fills=fills,
            )
            for position, (a, b) in enumerate(pairwise(sizes), start=1)
        )
        self.attended = (plan.side // attended_side).bit_length() - 2
        self.attention = SelfAttention(
            sizes[self.attended], fill=fill, weight_norm=plan.weight_norm
        )

    def trunk(self, images: Tensor) -> Tensor:
        """[B, channels, side, side] -> [B, F]"""
        x = images
        for position, block in enumerate([self.first, *self.blocks]):
            x = block(x)
            if position == self.attended:
                x = self.attention(x)
        return summed(F.relu_(x), self.head.weight.dtype)


class SAGANCritic(AttendingCritic):
    """The critic of `sngan-resnet` with self-attention."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            plan,
            critic_sizes(plan),
            num_poolings=critic_poolings(plan),
            attended_side=attention_side(plan),
            fill=OTHER,
        )


PAIR = Pair(SAGANGenerator, SAGANCritic)
