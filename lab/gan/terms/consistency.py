"""Consistency terms: bcr, zcr and both, icr (Zhao et al. 2021)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lab.config import RunConfig
from lab.errors import InputError
from lab.gan.augment.shift import random_shift, shifted
from lab.gan.draws import PassDraws
from lab.gan.networks.network import generated
from lab.gan.penalties import Side
from lab.gan.terms import CriticSeen, GeneratorSeen, Term


class Balanced(Term):
    """weight (E (D(x) - D(T x))^2 + E (D(G(z)) - D(T G(z)))^2), algorithm 1 of the paper.

    T flips half of the images and shifts all by up to LARGEST_SHIFT, with reflected borders. With
    an augmentation, x is what the critic is shown: T is applied after it.
    """

    def critic(self, seen: CriticSeen, now: Any) -> Tensor | None:
        """[]"""
        return balanced(seen, now.weight)


class Latent(Term):
    """weight E (D(G(z)) - D(G(z + sigma n)))^2 for the critic, algorithm 2 of the paper.

    The generator gets - generator_weight E (G(z) - G(z + sigma n))^2, a mean over pixels: it is
    to change with its code where the critic is not. n is standard normal.
    """

    def critic(self, seen: CriticSeen, now: Any) -> Tensor | None:
        """[]"""
        return latent(seen, now.weight, now.sigma)

    def generator(self, seen: GeneratorSeen, now: Any) -> Tensor | None:
        """[]"""
        return spread(seen, now.generator_weight * now.every_steps, now.sigma)


class Improved(Term):
    """Both: `weight` is that of bcr, `latent_weight` and `generator_weight` are those of zcr."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        for part in ("bcr", "zcr"):
            weight = getattr(config.terms, part).weight
            if weight != 0:
                raise InputError(
                    f"terms.icr.weight and terms.{part}.weight are both above 0; icr contains "
                    f"{part}: set one of the two to 0"
                )

    def critic(self, seen: CriticSeen, now: Any) -> Tensor | None:
        """[]"""
        of_codes = latent(seen, now.latent_weight * now.every_steps, now.sigma)
        return balanced(seen, now.weight) + of_codes

    def generator(self, seen: GeneratorSeen, now: Any) -> Tensor | None:
        """[]"""
        return spread(seen, now.generator_weight * now.every_steps, now.sigma)


def balanced(seen: CriticSeen, weight: float) -> Tensor:
    """The critic's term of bcr, []."""
    real = _moved(seen.show(seen.real, "real"), seen.draw, "real")
    fake = _moved(seen.show(seen.fake, "fake"), seen.draw, "fake")
    of_real = seen.real_logits - seen.critic(real, seen.real_labels)
    of_fake = seen.fake_logits - seen.critic(fake, seen.fake_labels)
    return weight * (of_real.square().mean() + of_fake.square().mean())


def latent(seen: CriticSeen, weight: float, sigma: float) -> Tensor:
    """The critic's term of zcr, []."""
    assert seen.generator is not None
    assert seen.z is not None
    with torch.set_grad_enabled(seen.fake.requires_grad):  # in the field of the game
        z = _near(seen.z, seen.draw, sigma)
        images = generated(seen.generator, z, seen.fake_labels, seen.draw)
        images = seen.show(images, "fake")
    logits = seen.critic(images, seen.fake_labels)
    return weight * (seen.fake_logits - logits).square().mean()


def spread(seen: GeneratorSeen, weight: float, sigma: float) -> Tensor | None:
    """The generator's term of zcr, []; None without a weight."""
    if weight == 0:
        return None
    z = _near(seen.z, seen.draw, sigma)
    images = generated(seen.generator, z, seen.labels, seen.draw)
    return -weight * (seen.fake - images).square().mean()


def _near(z: Tensor, draw: PassDraws, sigma: float) -> Tensor:
    return z + sigma * draw.normal("change of codes", *z.shape[1:])


def _moved(images: Tensor, draw: PassDraws, side: Side) -> Tensor:
    """T: [n, C, H, W] -> the same."""
    u = draw.uniform(f"{side} consistency", 3)
    images = torch.where((u[:, 0] < 0.5)[:, None, None, None], images.flip(3), images)
    by = random_shift(u[:, 1:], images.shape[-1])
    moved = shifted(images, by[:, 0], by[:, 1], reflect=True)
    return moved.contiguous(memory_format=torch.channels_last)
