"""Generators and critics by name, built from the configuration and one random generator."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from lab.config import Architecture, NetworkConfig
from lab.gan.networks.dcgan import DCGANCritic, DCGANGenerator
from lab.gan.networks.network import Critic, Generator, Plan, layers_of
from lab.gan.networks.sngan_cnn import CNNCritic, CNNGenerator
from lab.gan.networks.sngan_resnet import ResNetCritic, ResNetGenerator

__all__ = ["CRITICS", "GENERATORS", "Critic", "Generator", "build_critic", "build_generator"]

GENERATORS: dict[Architecture, Callable[[Plan], Generator]] = {
    "sngan-cnn": CNNGenerator,
    "sngan-resnet": ResNetGenerator,
    "dcgan": DCGANGenerator,
}
CRITICS: dict[Architecture, Callable[[Plan], Critic]] = {
    "sngan-cnn": CNNCritic,
    "sngan-resnet": ResNetCritic,
    "dcgan": DCGANCritic,
}


def build_generator(
    config: NetworkConfig,
    *,
    resolution: int,
    channels: int,
    num_classes: int,
    generator: torch.Generator,
) -> Generator:
    """A generator on the CPU whose every weight is drawn from `generator` (a CPU one).

    `num_classes` is that of the data; without `config.conditional` it has no effect.
    """
    network = GENERATORS[config.architecture](_plan(config, resolution, channels, num_classes))
    _initialise(network, generator)
    return network


def build_critic(
    config: NetworkConfig,
    *,
    resolution: int,
    channels: int,
    num_classes: int,
    generator: torch.Generator,
) -> Critic:
    """A critic on the CPU whose weights and power-iteration vectors are drawn from `generator`.

    `num_classes` is that of the data; without `config.conditional` it has no effect.
    """
    network = CRITICS[config.architecture](_plan(config, resolution, channels, num_classes))
    _initialise(network, generator)
    return network


def _plan(config: NetworkConfig, resolution: int, channels: int, num_classes: int) -> Plan:
    return Plan(
        resolution=resolution,
        channels=channels,
        num_classes=num_classes if config.conditional else 0,
        width=config.width,
        latent_size=config.latent_size,
        critic_norm=config.critic_norm,
    )


def _initialise(network: nn.Module, generator: torch.Generator) -> None:
    for layer in layers_of(network):
        layer.initialise(generator)
