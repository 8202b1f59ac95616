"""Simultaneous updates: both gradients are taken at the same point, then both players step."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from lab.errors import InputError
from lab.gan.game import Game
from lab.gan.rounds import RealBatch, RealSource, Round


class Simultaneous(Game):
    """One critic step a round. Subclasses take other gradients at other points."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        training = self.config.training
        if training.critic_steps != 1:
            raise InputError(
                f"training.game is {training.game!r} and training.critic_steps is "
                f"{training.critic_steps}; both players step at once in this game, so set "
                "training.critic_steps to 1"
            )

    def _round(self, step: int, real_batch: RealSource) -> Round:
        real = self._real(real_batch(step))
        times = self._when(step), self._when_generated(step)
        return self._play(self._both_steps, step, real, *times)

    def _both_steps(self, step: int, real: RealBatch) -> Round:
        self.critic.update_spectral_vectors()
        played, signs = self._gradients(step, real)
        self._move()
        if self._observes:
            self._observe(played.critic_seen, signs)
        return played

    def _gradients(self, step: int, real: RealBatch) -> tuple[Round, Tensor]:
        """Both players' gradients where they stand; the mean sign of real logits, []."""
        self._free_critic(True)
        critic_seen, signs, critic_norm = self._critic_gradients(step, real)
        self._free_critic(False)
        generator_seen, generator_norm, fake = self._generator_gradients(step, real)
        norms = {"critic_norm": critic_norm, "generator_norm": generator_norm}
        seen = {"critic_seen": critic_seen, "generator_seen": generator_seen}
        return Round(**seen, **norms, real=real.images, fake=fake), signs

    def _move(self) -> None:
        """Both players' steps from their gradients."""
        self._move_critic()
        self.generator_optimizer.step()
