"""BigGAN (Brock et al. 2019): wide ResNets with self-attention and codes at every block.

The code z is split into one chunk for the dense layer and one for each block. Each block's batch
norms take their gain and bias from its chunk joined to the class's embedding, which all blocks
share (`embedding`, 128 wide); without classes they take them from the chunk alone. Spectral norm
divides every weight of G but the embedding's; in D it is `network.critic_norm`. Weights begin
orthogonal. Blocks and channels are those of github.com/ajbrock/BigGAN-PyTorch: 4 x 96 channels
throughout at 32 pixels, multiples of 96 from 64 pixels on. That code lacks D at 512 pixels and
both at 1,024, which add blocks of 96 channels next to the images. Self-attention stands at 64x64
features, or at half the side of images below 128 pixels: at 32 after G's second and D's first
block.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.errors import InputError
from lab.gan.networks.attention import SelfAttention
from lab.gan.networks.initialisation import orthogonal
from lab.gan.networks.layers import Conv2d, Embedding, Linear
from lab.gan.networks.network import Generator, Pair, Plan, grid
from lab.gan.networks.normalisation import BatchNorm, VectorBatchNorm
from lab.gan.networks.sagan import AttendingCritic, attention_side
from lab.gan.networks.sngan_resnet import (
    START,
    Fills,
    UpBlock,
    num_doublings,
)

FILLS = Fills(orthogonal, orthogonal)
CHANNELS = 96
EMBEDDING_SIZE = 128
ATTENTION_SIDE = 64
GENERATOR_MULTIPLES = {
    16: (4, 4, 4),
    32: (4, 4, 4, 4),
    64: (16, 16, 8, 4, 2),
    128: (16, 16, 8, 4, 2, 1),
    256: (16, 16, 8, 8, 4, 2, 1),
    512: (16, 16, 8, 8, 4, 2, 1, 1),
    1024: (16, 16, 8, 8, 4, 2, 1, 1, 1),
}
CRITIC_MULTIPLES = {
    16: (4, 4, 4, 4),
    32: (4, 4, 4, 4),
    64: (1, 2, 4, 8, 16),
    128: (1, 2, 4, 8, 16, 16),
    256: (1, 2, 4, 8, 8, 16, 16),
    512: (1, 1, 2, 4, 8, 8, 16, 16),
    1024: (1, 1, 1, 2, 4, 8, 8, 16, 16),
}


def _scaled(plan: Plan, multiples: tuple[int, ...]) -> list[int]:
    return [plan.scaled(CHANNELS * multiple) for multiple in multiples]


class BigGANGenerator(Generator):
    """Dense, up-sampling blocks with self-attention after one, BN ReLU conv3 (tanh)."""

    def __init__(self, plan: Plan) -> None:
        """Raises InputError for a latent code that has less numbers than it gets chunks."""
        super().__init__(plan)
        sizes = _scaled(plan, GENERATOR_MULTIPLES[plan.side])
        self.chunks = _chunks(plan, len(sizes))
        self.embedding = (
            Embedding(plan.num_classes, EMBEDDING_SIZE, fill=orthogonal, weight_norm="none")
            if plan.num_classes
            else None
        )
        vector_size = self.chunks[1] + (EMBEDDING_SIZE if plan.num_classes else 0)

        def norm(num_channels: int) -> VectorBatchNorm:
            return VectorBatchNorm(
                num_channels, vector_size, fill=orthogonal, weight_norm="spectral"
            )

        self.dense = Linear(
            self.chunks[0], START**2 * sizes[0], fill=orthogonal, weight_norm="spectral"
        )
        self.blocks = nn.ModuleList(
            UpBlock(a, b, norm=norm, fills=FILLS, weight_norm="spectral")
            for a, b in pairwise(sizes)
        )
        # The blocks' biases stay held at 0: their gradient is rounding while the gain is 0.
        self.attended_side = attention_side(plan, ATTENTION_SIDE)
        attended = (self.attended_side // START).bit_length() - 1
        self.attention = SelfAttention(sizes[attended], fill=orthogonal, weight_norm="spectral")
        self.norm = BatchNorm(sizes[-1])
        self.to_pixels = Conv2d(
            sizes[-1], plan.channels, 3, fill=orthogonal, weight_norm="spectral"
        )

    def pixels(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, latent_size], [B] -> [B, channels, side, side]"""
        first, *vectors = torch.split(z, self.chunks, dim=1)
        if self.embedding is not None:
            assert labels is not None, "a conditional generator needs labels"
            embedded = self.embedding(labels)
            vectors = [torch.cat([embedded, chunk], dim=1) for chunk in vectors]
        x = grid(self.dense(first), START)
        for block, vector in zip(self.blocks, vectors, strict=True):
            x = block(x, vector)
            if x.shape[-1] == self.attended_side:
                x = self.attention(x)
        return self.to_pixels(F.relu_(self.norm(x)))


def _chunks(plan: Plan, count: int) -> list[int]:
    """Lengths of z's chunks: equal ones, and what remains joins that of the dense layer."""
    length = plan.latent_size // count
    if length == 0:
        raise InputError(
            f"network.latent_size is {plan.latent_size}, and network.architecture biggan splits "
            f"the code into {count} chunks at data.resolution {plan.resolution}; set "
            f"network.latent_size to {count} or more"
        )
    return [plan.latent_size - (count - 1) * length] + [length] * (count - 1)


class BigGANCritic(AttendingCritic):
    """The same with wide blocks, BigGAN's channels and orthogonal weights."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            plan,
            _scaled(plan, CRITIC_MULTIPLES[plan.side]),
            num_poolings=num_doublings(plan) - (1 if plan.side <= 32 else 0),
            attended_side=attention_side(plan, ATTENTION_SIDE),
            fill=orthogonal,
            fills=FILLS,
            wide=True,
        )


PAIR = Pair(BigGANGenerator, BigGANCritic)
