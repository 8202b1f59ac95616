"""The vector field of the game: both losses on one fixed batch, differentiable in all weights."""

from __future__ import annotations

from torch import Tensor

from lab.config import value_of
from lab.gan.game import Game
from lab.gan.networks.network import generated
from lab.gan.objectives import CriticBatch, GeneratorObjective, critic_objective
from lab.gan.rounds import RealBatch
from lab.gan.terms import Now


class Field:
    """Both players' losses, with penalties, terms and augmentation, on one global batch.

    Of copies: no weight is updated, and no state. A penalty or a term that acts every few steps
    counts with its weight, as it does on average.
    """

    def __init__(self, game: Game, real: RealBatch) -> None:
        """`real` is a whole batch of training images."""
        self._game, config = game, game.config
        self._generator, critic, view, terms = game.copies()
        self.generator = [w for w in self._generator.parameters() if w.requires_grad]
        self.critic = [w for w in critic.parameters() if w.requires_grad]
        self._of_critic = critic_objective(critic, config, view, terms, self._generator)
        self._of_generator = GeneratorObjective(
            self._generator, critic, game.loss, view, terms, whole_graph=True
        )
        self._real = real.images.to(self.generator[0])
        self._labels = real.labels if config.network.conditioned else None

    def losses(self) -> tuple[Tensor, Tensor]:
        """The losses of the generator and the critic, [] each; fakes keep their graph to G."""
        game, config = self._game, self._game.config
        step, images_seen = game.num_steps_done, game.images_seen
        z, labels = game.draws.latents("field", step)
        codes, classes = z.flatten(0, 1), None if labels is None else labels.flatten(0, 1)
        if game.loss.needs_real:  # of pairs of one class
            classes = self._labels
        draw = game.draws.of_pass("field", step, slice(0, len(self._real)))
        fake = generated(self._generator, codes, classes, draw)
        weight, mix, noise = 0.0, None, None
        if config.penalty.kind != "none":
            weight = value_of(config.penalty.weight, images_seen)
            mix, noise = game.draws.of_penalty(0, self._real.shape[1:])
        batch = CriticBatch(
            self._real, fake, self._labels, classes, mix, noise, codes, draw,
            Now(step * config.training.critic_steps, images_seen, "mean"),
        )  # fmt: skip
        of_critic = self._of_critic(batch, weight).loss
        given = codes, classes, self._real, self._labels, draw
        of_generator, _ = self._of_generator(*given, Now(step, images_seen, "mean"))
        return of_generator, of_critic
