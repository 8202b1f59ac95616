"""One round of the game with the dearer signals taken; played a few times an evaluation."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lab.gan.game import Game
from lab.gan.rounds import Observed, RealBatch, RealSource
from lab.stability.signals import pairwise_diversity, relative_change

HALF_A_GREY_LEVEL = 1 / 255
"""Real images nearer than this are equal: a batch of copies must not divide by zero."""


class Probed(NamedTuple):
    """A round's signals, 0-d tensors on the device."""

    observed: Observed
    sampled: dict[str, Tensor]


class Probe:
    """Plays single rounds of a game and looks closer."""

    def __init__(self, game: Game) -> None:
        self.game = game

    def step(self, real_batch: RealSource, heldout: RealBatch) -> Probed:
        """Play one round; `heldout` is this rank's share of a batch of held-out images.

        Also update ratios, held-out logits, singular values, diversity."""
        game = self.game
        before = {"generator": _weights(game.generator), "critic": _weights(game.critic)}
        played = game.step(real_batch)
        sampled = {
            f"{player}_update_ratio": relative_change(weights, _live(getattr(game, player)))
            for player, weights in before.items()
        }
        with torch.no_grad(), game.autocast():
            labels = heldout.labels if game.config.network.conditional else None
            images = heldout.images.to(played.real.dtype)
            sampled["logit_heldout"] = game.mean(game.critic(images, labels))
        sampled["critic_sigma_max"] = game.critic_sigmas.read().max()
        real, fake = game.whole(played.real), game.whole(played.fake)
        if len(real) > 1:
            sampled["diversity"] = _relative_diversity(fake, real)
        return Probed(played.observed, sampled)


def _relative_diversity(fake: Tensor, real: Tensor) -> Tensor:
    return pairwise_diversity(fake) / pairwise_diversity(real).clamp_min(HALF_A_GREY_LEVEL)


def _live(network: nn.Module) -> list[Tensor]:
    return [parameter.detach() for parameter in network.parameters()]


def _weights(network: nn.Module) -> list[Tensor]:
    return [weight.clone() for weight in _live(network)]
