"""Small networks for the tests of this folder."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lab.config import NetworkConfig
from lab.gan.networks import Critic, Generator, build_critic, build_generator

NUM_CLASSES = 10


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def small_generator(
    *, resolution: int = 32, channels: int = 3, seed: int = 0, width: float = 0.06, **network: Any
) -> Generator:
    return build_generator(
        NetworkConfig(width=width, latent_size=16, **network),
        resolution=resolution,
        channels=channels,
        num_classes=NUM_CLASSES,
        rng=seeded(seed),
    )


def small_critic(
    *, resolution: int = 32, channels: int = 3, seed: int = 0, width: float = 0.06, **network: Any
) -> Critic:
    return build_critic(
        NetworkConfig(width=width, latent_size=16, **network),
        resolution=resolution,
        channels=channels,
        num_classes=NUM_CLASSES,
        rng=seeded(seed),
    )


def codes(count: int = 4) -> Tensor:
    return torch.randn(count, 16, generator=seeded(1))


def images(count: int = 4, *, resolution: int = 32, channels: int = 3) -> Tensor:
    shape = (count, channels, resolution, resolution)
    return torch.rand(shape, generator=seeded(2)) * 2 - 1


def labels(count: int = 4) -> Tensor:
    return torch.arange(count) % NUM_CLASSES
