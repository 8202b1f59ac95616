"""The standard CNN of Miyato et al. 2018, Table 3.

G: dense to (M/8)^2 x 512, three 4x4 deconvolutions of stride 2 (256, 128, 64) with batch norm and
ReLU, 3x3 convolution, tanh. D: pairs of a 3x3 and a 4x4 stride-2 convolution at 64, 128, 256, then
3x3 at 512 and a dense layer, leaky ReLU of slope 0.1. The paper's starting grid is M_g = M/8 for
images of M pixels (4 for 32, 6 for 48), hence 8 for 64. Larger images, which the paper does not
have, keep the grid of 8 and add stages of 512 channels next to it. Weights are N(0, 0.02^2), as in
the authors' code. Batch norm or layer norm, chosen instead of spectral norm, follow every
convolution but the first.
"""

from __future__ import annotations

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from lab.gan.networks.initialisation import normal
from lab.gan.networks.layers import Conv2d, ConvTranspose2d, Linear
from lab.gan.networks.network import Critic, Generator, Pair, Plan, flat, grid
from lab.gan.networks.normalisation import critic_norm, generator_norm
from lab.gan.networks.spectral import hold_biases

FILL = normal(0.02)
SLOPE = 0.1
GENERATOR_SIZES = (512, 256, 128, 64)
CRITIC_SIZES = (64, 64, 128, 128, 256, 256, 512)
CRITIC_KERNELS = (3, 4, 3, 4, 3, 4, 3)
"""Kernels of 4 have stride 2, kernels of 3 stride 1."""
LARGEST_START = 8


def _start(plan: Plan) -> int:
    return min(plan.side // 8, LARGEST_START)


def _num_added(plan: Plan) -> int:
    """Stages beside the three of the paper."""
    return (plan.side // (8 * _start(plan))).bit_length() - 1


class CNNGenerator(Generator):
    """Table 3a."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.start = _start(plan)
        added = GENERATOR_SIZES[:1] * _num_added(plan)
        sizes = [plan.scaled(size) for size in (*added, *GENERATOR_SIZES)]
        self.dense = Linear(plan.latent_size, self.start**2 * sizes[0], fill=FILL)
        pairs = list(pairwise(sizes))
        self.convolutions = nn.ModuleList(ConvTranspose2d(a, b, fill=FILL) for a, b in pairs)
        self.norms = nn.ModuleList(generator_norm(b, plan.num_classes) for _, b in pairs)
        self.to_pixels = Conv2d(sizes[-1], plan.channels, 3, fill=FILL)
        hold_biases(self.convolutions)

    def pixels(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, latent_size], [B] -> [B, channels, side, side]"""
        x = grid(self.dense(z), self.start)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = F.relu_(norm(convolution(x), labels))
        return self.to_pixels(x)


class CNNCritic(Critic):
    """Table 3b."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan, _start(plan) ** 2 * plan.scaled(CRITIC_SIZES[-1]), fill=FILL)
        num_added = 2 * _num_added(plan)
        added = CRITIC_SIZES[-1:] * num_added
        sizes = [plan.channels] + [plan.scaled(size) for size in (*CRITIC_SIZES, *added)]
        kernels = CRITIC_KERNELS + CRITIC_KERNELS[1:3] * (num_added // 2)
        self.convolutions = nn.ModuleList(
            Conv2d(a, b, kernel, fill=FILL, stride=kernel - 2, weight_norm=plan.weight_norm)
            for (a, b), kernel in zip(pairwise(sizes), kernels, strict=True)
        )
        self.norms = nn.ModuleList(critic_norm(plan.critic_norm, size) for size in sizes[1:])
        self.norms[0] = nn.Identity()
        if plan.critic_norm == "batch":
            hold_biases(list(self.convolutions)[1:])

    def trunk(self, images: Tensor) -> Tensor:
        """[B, channels, side, side] -> [B, F]"""
        x = images
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = F.leaky_relu_(norm(convolution(x)), SLOPE)
        return flat(x)


PAIR = Pair(CNNGenerator, CNNCritic)
