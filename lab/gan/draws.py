"""The random draws of a step: latent codes, classes, penalty inputs.

Every draw is counted (lab.randomness) and made for the global batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lab.config import RunConfig, value_of
from lab.gan.penalties import penalty_of
from lab.randomness import counted_generator


@dataclass(frozen=True)
class PassDraws:
    """Random numbers of one pass of an update, for networks, augmentations and terms.

    The same purpose gives the same numbers however often it is asked for, and on any number of
    workers: each takes its rows of what is drawn for the global batch.
    """

    draws: Draws
    player: str
    """Whose update it is."""
    step: int
    """Its number."""
    rows: slice
    """Samples of this pass and rank, of the global batch."""
    multiplier: int = 1
    """Codes of a sample."""

    def normal(self, purpose: str, *shape: int) -> Tensor:
        """Standard normal numbers [n, *shape]."""
        return self._drawn(torch.randn, purpose, shape)

    def uniform(self, purpose: str, *shape: int) -> Tensor:
        """Uniform numbers in [0, 1), [n, *shape]."""
        return self._drawn(torch.rand, purpose, shape)

    def _drawn(self, make: Callable[..., Tensor], purpose: str, shape: tuple[int, ...]) -> Tensor:
        of = self.draws
        rng = counted_generator(
            of.config.seed, f"{purpose} of the {self.player}", self.step, of.device
        )
        size = (of.config.training.batch_size, self.multiplier, *shape)
        drawn = make(size, generator=rng, device=of.device, dtype=of.dtype)
        return drawn[self.rows].flatten(0, 1)


@dataclass(frozen=True)
class Draws:
    """The draws of one run, made on the device."""

    config: RunConfig
    num_classes: int
    device: torch.device
    dtype: torch.dtype

    def latents(self, player: str, step: int, multiplier: int = 1) -> tuple[Tensor, Tensor | None]:
        """Codes [B, m, latent_size] of a step, and their classes [B, m] if conditional."""
        rng = counted_generator(self.config.seed, f"{player} noise", step, self.device)
        count = self.config.training.batch_size
        size = (count * multiplier, self.config.network.latent_size)
        z = torch.randn(size, generator=rng, device=self.device, dtype=self.dtype)
        z = z.view(count, multiplier, -1)
        if not self.config.network.conditional:
            return z, None
        labels = torch.randint(
            self.num_classes, (count, multiplier), generator=rng, device=self.device
        )
        return z, labels

    def penalty_weight(self, critic_step: int) -> float:
        """The penalty's weight at this critic step: times `every_steps`, and 0 in between."""
        penalty = self.config.penalty
        if penalty.kind == "none" or critic_step % penalty.every_steps:
            return 0.0
        weight = value_of(penalty.weight, critic_step * self.config.training.batch_size)
        return weight * penalty.every_steps

    def penalty(
        self, critic_step: int, image_size: torch.Size
    ) -> tuple[Tensor | None, Tensor | None]:
        """Mixes [B, 1, 1, 1] and noise [B, *image_size]; None where the step uses none."""
        if self.penalty_weight(critic_step) == 0.0:
            return None, None
        count = self.config.training.batch_size
        rng = counted_generator(self.config.seed, "penalty", critic_step, self.device)
        mix = self._uniform((count, 1, 1, 1), rng)
        if not penalty_of(self.config).needs_noise:
            return mix, None
        return mix, self._uniform((count, *image_size), rng)

    def of_pass(self, player: str, step: int, rows: slice, multiplier: int = 1) -> PassDraws:
        """The draws of a pass: `rows` are its samples of the global batch."""
        return PassDraws(self, player, step, rows, multiplier)

    def mix(self, purpose: str, step: int) -> Tensor:
        """Interpolation weights [B, 1, 1, 1] of a step, drawn apart for each purpose."""
        rng = counted_generator(self.config.seed, purpose, step, self.device)
        return self._uniform((self.config.training.batch_size, 1, 1, 1), rng)

    def _uniform(self, size: tuple[int, ...], rng: torch.Generator) -> Tensor:
        return torch.rand(size, generator=rng, device=self.device, dtype=self.dtype)
