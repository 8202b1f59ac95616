"""Generators and critics by name, built from the configuration and one random generator."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import torch
from torch import Tensor, nn

from lab.catalogue import NETWORKS, resolve
from lab.config import NetworkConfig
from lab.errors import InputError
from lab.gan.networks.conditioning import conditioning
from lab.gan.networks.layers import FixedConv1x1
from lab.gan.networks.network import Critic, Generator, Pair, Plan
from lab.gan.networks.spectral import Layer
from lab.user_file import UserFile, calling, is_reference

__all__ = ["Critic", "Generator", "Pair", "build_critic", "build_generator", "find_pair"]

Network = TypeVar("Network", bound=nn.Module)

OF_SOME = {"mapping_layers": "stylegan2", "style_mixing": "stylegan2", "grow_images": "progan"}
"""Settings that only some architectures have, 0 for the others, and one that has it."""


def build_generator(
    config: NetworkConfig,
    *,
    resolution: int,
    channels: int,
    num_classes: int,
    rng: torch.Generator,
    text_size: int = 0,
    files: tuple[UserFile, ...] = (),
) -> Generator:
    """A generator on the CPU whose every weight is drawn from `rng` (a CPU one).

    `num_classes` is that of the data; without `config.conditional` it has no effect. `text_size`
    is that of its texts' vectors, for `config.text_conditioning`. `files` are those of the
    configuration. Raises InputError when a network of a person's file is not usable.
    """
    name = config.architecture
    plan = _plan(config, resolution, channels, num_classes, text_size)
    network = _built(name, find_pair(name, files).generator, plan, Generator, rng)
    _require_taken(config, network)
    if config.has_texts:
        network.condition_on_texts(conditioning(config.text_conditioning, text_size, files))
    _initialise(network, rng)
    if is_reference(name):
        labels = _example_labels(config, plan)
        size = [2, channels, resolution, resolution]
        _require_shape(name, network, (torch.zeros(2, plan.latent_size), labels), size)
    return network


def build_critic(
    config: NetworkConfig,
    *,
    resolution: int,
    channels: int,
    num_classes: int,
    rng: torch.Generator,
    text_size: int = 0,
    files: tuple[UserFile, ...] = (),
) -> Critic:
    """A critic on the CPU whose weights and power-iteration vectors are drawn from `rng`.

    `num_classes` is that of the data; without `config.conditional` it has no effect. `text_size`
    is that of its texts' vectors, for `config.text_conditioning`. `files` are those of the
    configuration. Raises InputError when a network of a person's file is not usable,
    and for packs of images with classes.
    """
    if config.pack > 1 and config.conditioned:
        setting = "network.conditional" if config.conditional else "network.text_conditioning"
        raise InputError(
            f"network.pack is {config.pack} and {setting} is set; a pack of images has no single "
            f"condition: set network.pack to 1, or unset {setting}"
        )
    seen = config.pack * channels
    name, plan = config.architecture, _plan(config, resolution, seen, num_classes, text_size)
    network = _built(name, find_pair(name, files).critic, plan, Critic, rng)
    _initialise(network, rng)
    if is_reference(name):
        labels = _example_labels(config, plan)
        images = torch.zeros(2, channels, resolution, resolution)
        _require_shape(name, network, (images, labels), [2])
    return network


@lru_cache(maxsize=64)
def find_pair(name: str, files: tuple[UserFile, ...] = ()) -> Pair:
    """An architecture by its name in the catalogue, or by `mine.py:NAME` of one of the files.

    Raises InputError when what a person's file defines is no pair.
    """
    pair = resolve(NETWORKS, name, files)
    if not isinstance(pair, Pair):
        raise InputError(
            f"network.architecture {name} is a {type(pair).__name__}; it must be a "
            "lab.gan.networks.Pair: Pair(generator=MyGenerator, critic=MyCritic)"
        )
    return pair


def _example_labels(config: NetworkConfig, plan: Plan) -> Tensor | None:
    """Conditions of two images."""
    if config.has_texts:
        return torch.zeros(2, plan.num_classes)
    return torch.zeros(2, dtype=torch.long) if plan.num_classes else None


def _plan(
    config: NetworkConfig, resolution: int, channels: int, num_classes: int, text_size: int
) -> Plan:
    size_of_condition = text_size if config.has_texts else num_classes if config.conditional else 0
    return Plan(
        resolution=resolution,
        channels=channels,
        num_classes=size_of_condition,
        width=config.width,
        latent_size=config.latent_size,
        critic_norm=config.critic_norm,
        pack=config.pack,
        projection=config.projection,
        **{name: getattr(config, name) for name in ("minibatch_std", *OF_SOME)},
        encoder_side=config.encoder_side,
    )


def _require_taken(config: NetworkConfig, generator: Generator) -> None:
    for name, architecture in OF_SOME.items():
        value = getattr(config, name)
        if value and name not in generator.takes:
            raise InputError(
                f"network.{name} is {value:g}, which network.architecture {config.architecture} "
                f"does not have; set it to 0, or take an architecture that has it, say "
                f"{architecture}"
            )


def _built(
    name: str,
    build: Callable[[Plan], Network],
    plan: Plan,
    kind: type[Network],
    rng: torch.Generator,
) -> Network:
    if not is_reference(name):
        return build(plan)
    # Layers of torch, which a person's network may have, draw from the global generator.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**31, (), generator=rng)))
        network: Network = calling(name, build, plan)
    if not isinstance(network, kind):
        raise InputError(
            f"network.architecture {name} builds a {type(network).__name__}; it must be a "
            f"subclass of lab.gan.networks.{kind.__name__}"
        )
    return network


def _initialise(network: nn.Module, rng: torch.Generator) -> None:
    for module in network.modules():
        if isinstance(module, (Layer, FixedConv1x1)):
            module.initialise(rng)


def _require_shape(
    name: str, network: nn.Module, inputs: tuple[Tensor, Tensor | None], shape: list[int]
) -> None:
    """Run a copy of a person's network once: its running statistics stay as they are."""
    trial = copy.deepcopy(network).eval()
    with torch.no_grad():
        output = calling(name, trial, *inputs)
    if list(output.shape) != shape:
        player = "generator" if isinstance(network, Generator) else "critic"
        raise InputError(
            f"the {player} of {name} returns {list(output.shape)} for {list(inputs[0].shape)}; it "
            f"must return {shape}"
        )
