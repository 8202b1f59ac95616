"""DCGAN (Radford et al. 2016), with the 4x4 kernels and base width 64 of the authors' Torch code.

At 64 pixels G is dense to 4x4x512, then 4x4 deconvolutions of stride 2 to 256, 128, 64 and the
image; D mirrors it with leaky ReLU of slope 0.2. Other sizes have one stage less or more for each
halving or doubling, at 64, 128, 256, ... channels from the image inwards and at most 1,024.
Weights are N(0, 0.02^2). No norm touches G's output or D's input layer; convolutions before a
batch norm have no bias, which the norm would remove.
"""

from __future__ import annotations

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from lab.gan.networks.initialisation import normal
from lab.gan.networks.layers import Conv2d, ConvTranspose2d, Linear
from lab.gan.networks.network import Critic, Generator, Pair, Plan, flat, grid
from lab.gan.networks.normalisation import critic_norm, generator_norm

FILL = normal(0.02)
SLOPE = 0.2
START = 4


def _sizes(plan: Plan) -> list[int]:
    return plan.doubled((plan.side // START).bit_length() - 1)


class DCGANGenerator(Generator):
    """Dense BN ReLU, then deconvolutions with BN ReLU, and one to the image."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        sizes = _sizes(plan)[::-1]
        self.dense = Linear(plan.latent_size, START**2 * sizes[0], fill=FILL, bias=False)
        self.norms = nn.ModuleList(generator_norm(size, plan.num_classes) for size in sizes)
        self.convolutions = nn.ModuleList(
            ConvTranspose2d(a, b, fill=FILL, bias=False) for a, b in pairwise(sizes)
        )
        self.to_pixels = ConvTranspose2d(sizes[-1], plan.channels, fill=FILL)

    def pixels(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, latent_size], [B] -> [B, channels, side, side]"""
        x = F.relu_(self.norms[0](grid(self.dense(z), START), labels))
        for convolution, norm in zip(self.convolutions, list(self.norms)[1:], strict=True):
            x = F.relu_(norm(convolution(x), labels))
        return self.to_pixels(x)


class DCGANCritic(Critic):
    """Strided convolutions; the last layer, a 4x4 convolution in the original, is the head."""

    def __init__(self, plan: Plan) -> None:
        sizes = [plan.channels, *_sizes(plan)]
        super().__init__(plan, START**2 * sizes[-1], fill=FILL)
        self.convolutions = nn.ModuleList(
            Conv2d(
                a,
                b,
                4,
                fill=FILL,
                stride=2,
                bias=position == 0 or plan.critic_norm != "batch",
                weight_norm=plan.weight_norm,
            )
            for position, (a, b) in enumerate(pairwise(sizes))
        )
        self.norms = nn.ModuleList(critic_norm(plan.critic_norm, size) for size in sizes[1:])
        self.norms[0] = nn.Identity()

    def trunk(self, images: Tensor) -> Tensor:
        """[B, channels, side, side] -> [B, F]"""
        x = images
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = F.leaky_relu_(norm(convolution(x)), SLOPE)
        return flat(x)


PAIR = Pair(DCGANGenerator, DCGANCritic)
