"""The vector field of the game: both losses on one fixed batch, differentiable in all weights."""

from __future__ import annotations

from torch import Tensor

from lab.config import value_of
from lab.gan.game import Game
from lab.gan.objectives import CriticBatch, critic_objective
from lab.gan.rounds import RealBatch


class Field:
    """Both losses of copies of the players on one global batch; no weight is updated.

    A lazy penalty counts with its weight, as it does on average.
    """

    def __init__(self, game: Game, real: RealBatch) -> None:
        """`real` is a whole batch of training images."""
        self._game = game
        self._generator, self._critic = game.copies()
        self.generator = [w for w in self._generator.parameters() if w.requires_grad]
        self.critic = [w for w in self._critic.parameters() if w.requires_grad]
        self._real = real.images.to(self.generator[0])
        self._labels = real.labels if game.config.network.conditional else None

    def losses(self) -> tuple[Tensor, Tensor]:
        """The losses of the generator and the critic, [] each; fakes keep their graph to G."""
        game, config, critic = self._game, self._game.config, self._critic
        z, labels = game.draws.latents("field", game.num_steps_done)
        fake_labels = None if labels is None else labels.flatten()
        if game.loss.needs_real:  # of pairs of one class
            fake_labels = self._labels
        fake = self._generator(z.flatten(0, 1), fake_labels)
        mix, noise = game.draws.penalty(0, self._real.shape[1:])
        batch = CriticBatch(self._real, fake, self._labels, fake_labels, mix, noise)
        weight = value_of(config.penalty.weight, game.images_seen)
        weight = weight if config.penalty.kind != "none" else 0.0
        of_critic = critic_objective(critic, config)(batch, weight).loss
        real_logits = critic.every_logit(self._real, self._labels).flatten()
        fake_logits = critic.every_logit(fake, fake_labels).flatten()
        return game.loss.generator(real_logits, fake_logits).mean(), of_critic
