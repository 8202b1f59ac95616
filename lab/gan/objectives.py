"""Each player's objective as one module whose forward returns its loss, penalties included.

Data parallelism wraps these modules, so double backward and buffers need no special case.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lab.config import RunConfig
from lab.gan.losses import Loss, loss_of
from lab.gan.networks import Critic, Generator
from lab.gan.networks.spectral import orthonormal_departure
from lab.gan.penalties import Penalty, PenaltyInputs, penalty_of


class CriticResult(NamedTuple):
    """The critic's loss and its logits; everything stays on the device."""

    loss: Tensor
    """[]"""
    real: Tensor
    """Logits of real images [B], detached."""
    fake: Tensor
    """Logits of generated images [B], detached."""


class CriticBatch(NamedTuple):
    """One critic step's inputs."""

    real: Tensor
    """[B, C, H, W] in [-1, 1]"""
    fake: Tensor
    """[B, C, H, W] in [-1, 1], without a graph to the generator."""
    real_labels: Tensor | None
    fake_labels: Tensor | None
    mix: Tensor | None
    noise: Tensor | None


class CriticObjective(nn.Module):
    """Loss plus weighted penalty of the critic over one batch."""

    def __init__(
        self,
        critic: Critic,
        loss: Loss,
        penalty: Penalty,
        *,
        joint: bool,
        orthonormal_weight: float = 0.0,
    ) -> None:
        """`joint`: one pass over real and fake together; batch norm would mix them."""
        super().__init__()
        self.critic = critic
        self.loss = loss
        self.penalty = penalty
        self.joint = joint
        self.orthonormal_weight = orthonormal_weight

    def forward(self, batch: CriticBatch, penalty_weight: float) -> CriticResult:
        real, fake = self._logits(batch)
        loss = self.loss.critic(real, fake).mean()
        if penalty_weight > 0:
            assert batch.mix is not None
            inputs = PenaltyInputs(
                self.critic,
                batch.real,
                batch.fake,
                batch.real_labels,
                batch.fake_labels,
                batch.mix,
                batch.noise,
            )
            loss = loss + penalty_weight * _full(self.penalty(inputs)).mean()
        if self.orthonormal_weight > 0:
            departure = orthonormal_departure(self.critic.layers())
            loss = loss + self.orthonormal_weight * departure
        return CriticResult(loss, real.detach(), fake.detach())

    def _logits(self, batch: CriticBatch) -> tuple[Tensor, Tensor]:
        if not self.joint:
            real = self.critic(batch.real, batch.real_labels)
            fake = self.critic(batch.fake, batch.fake_labels)
            return _full(real), _full(fake)
        labels = None
        if batch.real_labels is not None and batch.fake_labels is not None:
            labels = torch.cat([batch.real_labels, batch.fake_labels])
        logits = _full(self.critic(torch.cat([batch.real, batch.fake]), labels))
        num_real = len(batch.real)
        return logits[:num_real], logits[num_real:]


def critic_objective(critic: Critic, config: RunConfig) -> CriticObjective:
    """The critic's objective as configured."""
    orthonormal = config.network.critic_norm == "orthonormal"
    return CriticObjective(
        critic,
        loss_of(config),
        penalty_of(config),
        joint=config.network.critic_norm != "batch",
        orthonormal_weight=config.penalty.orthonormal_weight if orthonormal else 0.0,
    )


class GeneratorObjective(nn.Module):
    """The generator's loss against a frozen critic."""

    def __init__(self, generator: Generator, critic: Critic, loss: Loss) -> None:
        super().__init__()
        self.generator = generator
        self._frozen = (critic,)  # a tuple hides it: the critic is no parameter of this objective
        self.loss = loss

    def forward(
        self,
        z: Tensor,
        labels: Tensor | None,
        real: Tensor | None,
        real_labels: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """(loss [], generated images [B, C, H, W], detached); `real` only if the loss needs it."""
        (critic,) = self._frozen
        images = self.generator(z, labels)
        fake_logits = _full(critic(images, labels))
        real_logits = fake_logits
        if self.loss.needs_real:
            assert real is not None
            with torch.no_grad():
                real_logits = _full(critic(real, real_labels))
        return self.loss.generator(real_logits, fake_logits).mean(), images.detach()


def _full(values: Tensor) -> Tensor:
    """Logits or penalties out of half precision, so that their means are exact enough."""
    return values if values.dtype == torch.float64 else values.float()
