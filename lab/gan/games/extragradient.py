"""Extragradient: a step from here with the gradient that waits one step ahead."""

from __future__ import annotations

import torch
from torch import Tensor

from lab.gan.games.simultaneous import Simultaneous
from lab.gan.rounds import RealBatch, Round


class Extragradient(Simultaneous):
    """x' = x - rate d(x), then x <- x - rate d(x'), for both players at once (Gidel et al. 2019).

    With sgd this is algorithm 2, with adam algorithm 4, ExtraAdam: d is the optimizer's direction,
    and its moments take in both gradients. Both are of the same batch, codes and draws (the same
    sample, Mishchenko et al. 2020), so that a round shows as many images as that of another game.
    What is observed is the second pass, whose gradient moves the players.
    """

    def _both_steps(self, step: int, real: RealBatch) -> Round:
        self.critic.update_spectral_vectors()
        weights = [*self.critic.parameters(), *self.generator.parameters()]
        before = [weight.detach().clone() for weight in weights]
        self._gradients(step, real)
        self._move()
        played, signs = self._gradients(step, real)
        with torch.no_grad():
            here: list[Tensor] = [weight.detach() for weight in weights]
            torch._foreach_copy_(here, before)
        self._move()
        if self._observes:
            self._observe(played.critic_seen, signs)
        return played
