"""The game: both players, their optimisers, the two updates, and the state that continues it.

Every draw is counted (lab.randomness) and made for the global batch; a worker takes its `Share`.
A step never waits for the device: what is observed comes back as tensors on it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from lab.config import RunConfig
from lab.gan.average import copy_of, decay, update_average
from lab.gan.losses import LOSSES
from lab.gan.networks import Critic, Generator, build_critic, build_generator
from lab.gan.objectives import CriticBatch, CriticObjective, GeneratorObjective
from lab.gan.optimizers import adam, clip_weights, grad_norm, set_rate
from lab.gan.penalties import NEEDS_NOISE
from lab.randomness import counted_generator

Network = TypeVar("Network", bound=nn.Module)


class ImageShape(NamedTuple):
    """What the data looks like to the networks."""

    resolution: int
    channels: int
    num_classes: int


@dataclass(frozen=True)
class Share:
    """Which part of a global batch this worker computes."""

    rank: int = 0
    num_ranks: int = 1

    def of(self, batch: Tensor) -> Tensor:
        """The contiguous slice of a global batch [B, ...] that belongs to this rank."""
        start = len(batch) * self.rank // self.num_ranks
        stop = len(batch) * (self.rank + 1) // self.num_ranks
        return batch[start:stop]


class RealBatch(NamedTuple):
    """This rank's share of a batch of real images."""

    images: Tensor
    """[B, C, H, W] in [-1, 1]"""
    labels: Tensor
    """[B] int64"""


RealSource = Callable[[int], RealBatch]
"""Critic step -> this rank's share of its batch."""


class Observed(NamedTuple):
    """Signals of one step, 0-d tensors on the device, detached."""

    critic_loss: Tensor
    generator_loss: Tensor
    logit_real: Tensor
    logit_fake: Tensor
    critic_accuracy: Tensor
    """Share of real and fake pairs that the critic ranks rightly, in [0, 1]."""
    critic_grad_norm: Tensor
    generator_grad_norm: Tensor


class Step(NamedTuple):
    """What one generator step, with its critic steps, leaves behind."""

    observed: Observed
    real: Tensor
    """The last real batch [B, C, H, W]."""
    fake: Tensor
    """The generator step's images [B', C, H, W]."""


class Game:
    """Generator against critic. `step(real_batch)` plays one round."""

    def __init__(
        self,
        config: RunConfig,
        shape: ImageShape,
        *,
        device: torch.device,
        precision: str,
        share: Share | None = None,
    ) -> None:
        self.config = config
        self.shape = shape
        self.device = device
        self.precision = precision
        self.share = share or Share()
        self.num_steps_done = 0
        self._build_networks()
        self._build_objectives()
        settings = config.optimizer
        self.generator_optimizer = adam(self.generator, settings, "generator")
        self.critic_optimizer = adam(self.critic, settings, "critic")

    def _build_networks(self) -> None:
        network, shape = self.config.network, self.shape
        built = {
            "resolution": shape.resolution,
            "channels": shape.channels,
            "num_classes": shape.num_classes,
        }
        draw = counted_generator(self.config.seed, "initial generator", 0)
        self.generator: Generator = self._placed(build_generator(network, generator=draw, **built))
        draw = counted_generator(self.config.seed, "initial critic", 0)
        self.critic: Critic = self._placed(build_critic(network, generator=draw, **built))
        self.average: Generator = copy_of(self.generator)

    def _placed(self, network: Network) -> Network:
        placed = network.to(self.device, self._dtype).train()
        for parameter in placed.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        return placed

    def _build_objectives(self) -> None:
        config = self.config
        loss = LOSSES[config.loss]
        joint = config.network.critic_norm != "batch"
        self.critic_objective = CriticObjective(
            self.critic, loss, config.penalty.kind, joint=joint
        )
        self.generator_objective = GeneratorObjective(self.generator, self.critic, loss)

    @property
    def images_seen(self) -> int:
        """Real images shown to the critic so far, over all workers."""
        return self.num_steps_done * self.config.images_per_step

    def step(self, real_batch: RealSource) -> Step:
        """Play one round: `critic_steps` critic updates, one generator update, one average."""
        config, step = self.config, self.num_steps_done
        self._set_rates(step)
        self.critic.requires_grad_(True)
        for critic_step in range(
            step * config.training.critic_steps, (step + 1) * config.training.critic_steps
        ):
            real = self._real(real_batch(critic_step))
            critic_seen = self._critic_step(critic_step, real)
        self.critic.requires_grad_(False)
        generator_loss, generator_norm, fake = self._generator_step(step, real)
        self.num_steps_done += 1
        self._update_average()
        observed = Observed(
            critic_seen.loss,
            generator_loss,
            critic_seen.real.mean(),
            critic_seen.fake.mean(),
            (critic_seen.real > critic_seen.fake).float().mean(),
            critic_seen.grad_norm,
            generator_norm,
        )
        return Step(observed, real.images, fake)

    def _critic_step(self, critic_step: int, real: RealBatch) -> _CriticSeen:
        batch = self._critic_batch(critic_step, real)
        self.critic.update_spectral_vectors()
        with self.autocast():
            result = self.critic_objective(batch, self._penalty_weight(critic_step))
        self.critic_optimizer.zero_grad(set_to_none=True)
        result.loss.backward()
        norm = grad_norm(self.critic)
        self.critic_optimizer.step()
        if self.config.penalty.clip is not None:
            clip_weights(self.critic, self.config.penalty.clip)
        return _CriticSeen(result.loss.detach(), result.real, result.fake, norm)

    def _generator_step(self, step: int, real: RealBatch) -> tuple[Tensor, Tensor, Tensor]:
        training = self.config.training
        num_codes = training.batch_size * training.generator_batch_multiplier
        z, labels = self._latents("generator", step, num_codes)
        images, real_labels = None, None
        if LOSSES[self.config.loss].needs_real:
            # Neighbouring codes share an image, so that a share pairs as the global batch does.
            multiplier = training.generator_batch_multiplier
            images = real.images.repeat_interleave(multiplier, dim=0)
            real_labels = self._known(real.labels.repeat_interleave(multiplier))
        with self.autocast():
            loss, fake = self.generator_objective(z, labels, images, real_labels)
        self.generator_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = grad_norm(self.generator)
        self.generator_optimizer.step()
        return loss.detach(), norm, fake

    def _critic_batch(self, critic_step: int, real: RealBatch) -> CriticBatch:
        z, labels = self._latents("critic", critic_step, self.config.training.batch_size)
        with torch.no_grad(), self.autocast():
            fake = self.generator(z, labels)
        mix, noise = self._penalty_draws(critic_step, real.images)
        return CriticBatch(real.images, fake, self._known(real.labels), labels, mix, noise)

    def _real(self, batch: RealBatch) -> RealBatch:
        """The batch in the type of the networks."""
        return RealBatch(batch.images.to(self._dtype), batch.labels)

    def _latents(self, player: str, step: int, count: int) -> tuple[Tensor, Tensor | None]:
        """This rank's share of `count` latent codes [n, latent_size], and of their classes."""
        draw = counted_generator(self.config.seed, f"{player} noise", step, self.device)
        size = (count, self.config.network.latent_size)
        z = torch.randn(size, generator=draw, device=self.device, dtype=self._dtype)
        if not self.config.network.conditional:
            return self.share.of(z), None
        labels = torch.randint(
            self.shape.num_classes, (count,), generator=draw, device=self.device
        )
        return self.share.of(z), self.share.of(labels)

    def _known(self, labels: Tensor) -> Tensor | None:
        return labels if self.config.network.conditional else None

    def _penalty_weight(self, critic_step: int) -> float:
        """The weight at this critic step; lazy regularisation pays k steps at once."""
        penalty = self.config.penalty
        if penalty.kind == "none" or critic_step % penalty.every_steps:
            return 0.0
        return penalty.weight * penalty.every_steps

    def _penalty_draws(
        self, critic_step: int, images: Tensor
    ) -> tuple[Tensor | None, Tensor | None]:
        if self._penalty_weight(critic_step) == 0.0:
            return None, None
        count = self.config.training.batch_size
        draw = counted_generator(self.config.seed, "penalty", critic_step, self.device)
        mix = self.share.of(self._uniform((count, 1, 1, 1), draw))
        if self.config.penalty.kind not in NEEDS_NOISE:
            return mix, None
        return mix, self.share.of(self._uniform((count, *images.shape[1:]), draw))

    def _uniform(self, size: tuple[int, ...], draw: torch.Generator) -> Tensor:
        return torch.rand(size, generator=draw, device=self.device, dtype=self._dtype)

    def _set_rates(self, step: int) -> None:
        if self.config.optimizer.schedule == "constant":
            return
        left = 1.0 - step / self.config.num_steps
        set_rate(self.generator_optimizer, self.config.optimizer.generator_lr * left)
        set_rate(self.critic_optimizer, self.config.optimizer.critic_lr * left)

    def _update_average(self) -> None:
        training = self.config.training
        old_weight = decay(
            self.config.images_per_step,
            self.images_seen,
            training.ema_half_life_images,
            training.ema_rampup,
        )
        update_average(self.average, self.generator, old_weight)

    @property
    def _dtype(self) -> torch.dtype:
        return torch.float64 if self.precision == "float64" else torch.float32

    def autocast(self) -> AbstractContextManager[Any]:
        """The arithmetic of the networks' passes."""
        if self.precision != "bfloat16":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def state(self) -> dict[str, Any]:
        """Everything needed to continue: tensors and plain numbers only."""
        return {
            "num_steps_done": self.num_steps_done,
            "generator": self.generator.state_dict(),
            "critic": self.critic.state_dict(),
            "average": self.average.state_dict(),
            "generator_optimizer": self.generator_optimizer.state_dict(),
            "critic_optimizer": self.critic_optimizer.state_dict(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from `state()`.

        Raises Key-, Type-, Value- or RuntimeError when it is not the state of such a game.
        """
        for part in ("generator", "critic", "average", "generator_optimizer", "critic_optimizer"):
            getattr(self, part).load_state_dict(state[part])
        self.num_steps_done = int(state["num_steps_done"])


class _CriticSeen(NamedTuple):
    loss: Tensor
    real: Tensor
    fake: Tensor
    grad_norm: Tensor
