"""A small pair whose generator exposes its mapping, as path length regularisation needs it."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, tanh

from lab.gan.networks.initialisation import normal
from lab.gan.networks.layers import Linear
from lab.gan.networks.network import Critic, Generator, Numbers, Pair, Plan, flat, grid

NUM_LAYERS = 2


class MappedGenerator(Generator):
    """z -> w -> an image: the first layer's w makes features, the second's scales them."""

    draws = True

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.side, size = plan.side, plan.scaled(128)
        self.mapping = Linear(plan.latent_size, size, fill=normal(0.5))
        self.first = Linear(size, size, fill=normal(0.5))
        self.second = Linear(size, size, fill=normal(0.5))
        self.last = Linear(size, plan.side**2 * plan.channels, fill=normal(0.3))

    def mapped(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, latent_size] -> [B, 2, W]"""
        w: Tensor = F.leaky_relu(self.mapping(z), 0.2)
        return w[:, None].expand(-1, NUM_LAYERS, -1)

    def from_mapped(self, w: Tensor, draw: Numbers | None) -> Tensor:
        """[B, 2, W] -> images"""
        x = tanh(self.first(w[:, 0])) * (1 + self.second(w[:, 1]))
        if draw is not None:
            x = x + 0.1 * draw.normal("noise of the generator", x.shape[1])
        return tanh(grid(self.last(x), self.side))

    def forward(
        self, z: Tensor, labels: Tensor | None = None, draw: Numbers | None = None
    ) -> Tensor:
        """[B, latent_size] -> images"""
        return self.from_mapped(self.mapped(z, labels), draw)


class FlatCritic(Critic):
    """Dense, leaky ReLU, and the head."""

    def __init__(self, plan: Plan) -> None:
        size = plan.scaled(128)
        super().__init__(plan, size, fill=normal(0.05))
        num_pixels = plan.side**2 * plan.channels
        self.first = Linear(num_pixels, size, fill=normal(0.05), weight_norm=plan.weight_norm)

    def trunk(self, images: Tensor) -> Tensor:
        """[B, channels, side, side] -> [B, F]"""
        return F.leaky_relu(self.first(flat(images)), 0.2)


PAIR = Pair(MappedGenerator, FlatCritic)
