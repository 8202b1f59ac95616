"""Small networks for the tests of this folder."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lab.config import Architecture, CriticNorm, NetworkConfig, choices
from lab.gan.networks import Critic, Generator, build_critic, build_generator

NUM_CLASSES = 10
APART = ("projected",)
"""Architectures whose facts are all in tests of their own: the critic has several heads."""
ARCHITECTURES = tuple(name for name in choices(Architecture) if name not in APART)
ONLY_NORMS = {"r3gan": ("none", "orthonormal")}
"""The critic's norms of architectures that do not have all."""
UNBOUNDED = ("r3gan",)
"""Architectures without a tanh."""
OWN_LOGITS = ("r3gan", "stylegan2", "stylegan2-256", "stylegan2-cifar")
"""Architectures whose conditional critic is not one with a projection beside its head."""


def norms_of(architecture: str) -> tuple[str, ...]:
    return ONLY_NORMS.get(architecture, tuple(choices(CriticNorm)))


def with_norms(*left_out: str) -> list[tuple[str, str]]:
    """Every architecture with every norm that its critic has, but for some."""
    return [
        (architecture, norm)
        for architecture in ARCHITECTURES
        for norm in norms_of(architecture)
        if norm not in left_out
    ]


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
    if "architecture" in network:
        network.setdefault("critic_norm", norms_of(network["architecture"])[0])
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
