"""What a step draws: latent codes, classes, penalty mixes; counted, for the global batch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lab.config import RunConfig
from lab.gan.penalties import NEEDS_NOISE
from lab.randomness import counted_generator


@dataclass(frozen=True)
class Draws:
    """The counted draws of one run (lab.randomness), made on the device."""

    config: RunConfig
    num_classes: int
    device: torch.device
    dtype: torch.dtype

    def latents(self, player: str, step: int, multiplier: int = 1) -> tuple[Tensor, Tensor | None]:
        """Codes [B, m, latent_size] of a step, and their classes [B, m] if conditional."""
        draw = counted_generator(self.config.seed, f"{player} noise", step, self.device)
        count = self.config.training.batch_size
        size = (count * multiplier, self.config.network.latent_size)
        z = torch.randn(size, generator=draw, device=self.device, dtype=self.dtype)
        z = z.view(count, multiplier, -1)
        if not self.config.network.conditional:
            return z, None
        labels = torch.randint(
            self.num_classes, (count, multiplier), generator=draw, device=self.device
        )
        return z, labels

    def penalty_weight(self, critic_step: int) -> float:
        """The weight at this critic step; lazy regularisation pays k steps at once."""
        penalty = self.config.penalty
        if penalty.kind == "none" or critic_step % penalty.every_steps:
            return 0.0
        return penalty.weight * penalty.every_steps

    def penalty(
        self, critic_step: int, image_size: torch.Size
    ) -> tuple[Tensor | None, Tensor | None]:
        """Mixes [B, 1, 1, 1] and noise [B, *image_size]; None where the step needs none."""
        if self.penalty_weight(critic_step) == 0.0:
            return None, None
        count = self.config.training.batch_size
        draw = counted_generator(self.config.seed, "penalty", critic_step, self.device)
        mix = self._uniform((count, 1, 1, 1), draw)
        if self.config.penalty.kind not in NEEDS_NOISE:
            return mix, None
        return mix, self._uniform((count, *image_size), draw)

    def mix(self, purpose: str, step: int) -> Tensor:
        """Interpolation weights [B, 1, 1, 1] of a step, for a purpose of their own."""
        draw = counted_generator(self.config.seed, purpose, step, self.device)
        return self._uniform((self.config.training.batch_size, 1, 1, 1), draw)

    def _uniform(self, size: tuple[int, ...], draw: torch.Generator) -> Tensor:
        return torch.rand(size, generator=draw, device=self.device, dtype=self.dtype)
