"""Consensus optimisation: both players also descend the size of the joint gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from lab.config import value_of
from lab.gan.games.joint import Joint, gradients_of, set_gradients, trained
from lab.gan.games.simultaneous import Simultaneous
from lab.gan.optimizers import grad_norm, limit_gradients
from lab.gan.rounds import RealBatch, Round


class Consensus(Joint, Simultaneous):
    """Each player's gradient gains gamma grad |v|^2 / 2 (Mescheder et al. 2017, algorithm 2).

    v holds both players' gradients of their own losses, penalties included. grad |v|^2 / 2 is
    J^T v with the field's derivative J, taken by one more backward pass through v.
    """

    def _gradients(self, step: int, real: RealBatch) -> tuple[Round, Tensor]:
        self._free_critic(True)
        given = self._coming_pass(step, real)
        with self.autocast():
            fake = self._fake(given)
            result = self._critic_loss(self._plain_objective, given, fake, step)
            generator_loss = self._generator_loss(self.critic, given, fake, step)
        critic = list(trained(self.critic).values())
        generator = list(trained(self.generator).values())
        mine = (
            *gradients_of(result.loss * given.weight, critic, differentiable=True),
            *gradients_of(generator_loss * given.weight, generator, differentiable=True),
        )
        weights = [*critic, *generator]
        with torch.no_grad():
            field = self._summed(mine)
        pull = gradients_of(mine, weights, toward=field, differentiable=False)
        gamma = value_of(self.config.penalty.consensus_weight, self.images_seen)
        with torch.no_grad():
            torch._foreach_add_(field, self._summed(pull), alpha=gamma)
        set_gradients(weights, field)
        norms = [grad_norm(network) for network in (self.critic, self.generator)]
        settings = self.config.optimizer
        limit_gradients(self.critic, norms[0], settings.critic)
        limit_gradients(self.generator, norms[1], settings.generator)
        self._free_critic(False)
        played = Round(
            critic_seen=result.seen().to(self._dtype) * given.weight,
            critic_norm=norms[0],
            generator_seen=generator_loss.detach() * given.weight,
            generator_norm=norms[1],
            real=real.images,
            fake=fake.detach(),
        )
        return played, result.real.sign().mean() * given.weight
