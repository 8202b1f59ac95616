"""Rounds of the game with the more expensive signals, a few times between evaluations."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lab.gan.game import Game
from lab.gan.networks.spectral import TopSingularValues
from lab.gan.penalties import squared_gradient_norm
from lab.gan.rounds import RealBatch, RealSource, Signals, Step
from lab.stability.signals_steps import (
    pairwise_diversity,
    relative_participation,
    relative_size,
    update_cosine,
)

HALF_A_GREY_LEVEL = 1 / 255
"""Real images nearer than this are equal: a batch of copies must not divide by zero."""

Sampled = dict[str, Tensor]
"""Signals by name, 0-d tensors on the device."""


class Probed(NamedTuple):
    """A round's signals."""

    observed: Signals
    sampled: list[Sampled]
    """Groups of signals that not every round has."""


class Moved(NamedTuple):
    """A player's weights before a round, and what the round added to them."""

    before: list[Tensor]
    change: list[Tensor]


class Look(NamedTuple):
    """Batches for the critic, this rank's share of each; equally many images of each."""

    train: Tensor
    heldout: Tensor
    fake: Tensor
    """[n, C, H, W]"""
    labels: tuple[Tensor | None, Tensor | None, Tensor | None]
    """Their classes in the same order, if the critic is conditional."""


class Probe:
    """Plays rounds of a game and looks closer at some.

    A probe lives from one evaluation to the next, so that nothing it holds outlives a checkpoint.
    """

    def __init__(self, game: Game) -> None:
        self.game = game
        self._last: dict[str, Moved] | None = None

    def step_after(self, real_batch: RealSource) -> Probed:
        """Play a round; after a probed round it gives the angle between the players' updates."""
        if self._last is None:
            return Probed(self.game.step(real_batch).observed, [])
        played, moved = self._watched(real_batch)
        turned = turns(self._last, moved)
        self._last = None
        return Probed(played.observed, [turned])

    def step(self, real_batch: RealSource, heldout: RealBatch) -> Probed:
        """Play a round and take every signal; `heldout` is this rank's share of held-out images.

        The critic, if there is one, is looked at after the round, with the training images that
        come next: on the last ones it has just been trained.
        """
        game, step = self.game, self.game.num_steps_done
        played, moved = self._watched(real_batch)
        turned = [] if self._last is None else [turns(self._last, moved)]
        self._last = moved
        sampled = step_lengths(moved)
        if "critic" in game.players:
            look = look_at(game, played, real_batch, heldout)
            sampled |= logits_and_features(game, look)
            sampled |= {"lipschitz": steepest_slope(game, look, step)}
        for player in game.players:
            sampled |= singular_values(player, getattr(game, f"{player}_sigmas"))
        sampled |= diversity(game, played)
        return Probed(played.observed, [sampled, *turned])

    def _watched(self, real_batch: RealSource) -> tuple[Step, dict[str, Moved]]:
        before = copied_weights(self.game)
        played = self.game.step(real_batch)
        return played, moves(self.game, before)


def copied_weights(game: Game) -> dict[str, list[Tensor]]:
    """Each player's weights as they are now."""
    return {
        player: [weight.clone() for weight in _weights(game, player)] for player in game.players
    }


def moves(game: Game, before: dict[str, list[Tensor]]) -> dict[str, Moved]:
    """What each player's weights became since."""
    return {
        player: Moved(was, list(torch._foreach_sub(_weights(game, player), was)))
        for player, was in before.items()
    }


def turns(first: dict[str, Moved], second: dict[str, Moved]) -> Sampled:
    """Cosines of each player's updates in two rounds."""
    return {
        f"{player}_update_cosine": update_cosine(moved.change, second[player].change)
        for player, moved in first.items()
    }


def step_lengths(moved: dict[str, Moved]) -> Sampled:
    """Each player's update over its weights."""
    return {
        f"{player}_update_ratio": relative_size(change, before)
        for player, (before, change) in moved.items()
    }


def look_at(game: Game, played: Step, real_batch: RealSource, heldout: RealBatch) -> Look:
    """Training images that the critic has not seen, held-out ones, and one image a code."""
    next_step = game.num_steps_done * game.config.training.critic_steps
    coming = real_batch(next_step)
    every = game.config.training.generator_batch_multiplier
    dtype = played.real.dtype
    images = coming.images.to(dtype), heldout.images.to(dtype), played.fake[::every]
    _, drawn = game.draws.latents("generator", game.num_steps_done - 1, every)
    if drawn is None:
        return Look(*images, (None, None, None))
    pairs = game.loss.needs_real
    of_fake = real_batch(next_step - 1).labels if pairs else game.share.of(drawn[:, 0])
    return Look(*images, (coming.labels, heldout.labels, of_fake))


@torch.no_grad()
def logits_and_features(game: Game, look: Look) -> Sampled:
    """Mean logits of training, held-out and generated images, their signs, and participation."""
    critic = game.critic
    with game.autocast():
        features = [critic.features(images) for images in look[:3]]
        logits = [critic.logits(*of) for of in zip(features, look.labels, strict=True)]
    columns = torch.stack([*logits, logits[0].sign()], dim=1)
    train, heldout, generated, sign = game.mean(columns).unbind()
    real, _, fake = features
    return {
        "logit_train": train,
        "logit_heldout": heldout,
        "logit_generated": generated,
        "r_t": sign,
        "participation_ratio": relative_participation(game.whole(fake), game.whole(real)),
    }


def steepest_slope(game: Game, look: Look, step: int) -> Tensor:
    """The largest |grad D| between training and generated images; [].

    A lower bound of the critic's Lipschitz constant, where WGAN-GP holds it to 1 (Gulrajani et
    al. 2017, eq. 3).
    """
    size, share = game.config.training.batch_size, game.share
    mix = share.of(game.draws.mix("lipschitz", step))
    between = torch.lerp(look.train, look.fake, mix)
    labels = look.labels[0]
    classes = [None] * share.num_parts if labels is None else share.parts(labels, size)
    with game.autocast():
        squared = [
            squared_gradient_norm(
                game.critic, images, of, differentiable=False, pack=game.critic.pack
            )
            for images, of in zip(share.parts(between, size), classes, strict=True)
        ]
    return game.whole(torch.cat(squared)).max().sqrt()


def singular_values(player: str, sigmas: TopSingularValues) -> Sampled:
    """The top singular value of each of a player's layers, and the largest."""
    values = sigmas.read()
    if not len(values):
        return {}
    named = {f"{player}_sigma_{i}": value for i, value in enumerate(values.unbind())}
    return {f"{player}_sigma_max": values.max(), **named}


def diversity(game: Game, played: Step) -> Sampled:
    """Pairwise diversity of generated images over that of real ones; none of a single image."""
    real, fake = game.whole(played.real), game.whole(played.fake)
    if len(real) < 2:
        return {}
    floor = pairwise_diversity(real).clamp_min(HALF_A_GREY_LEVEL)
    return {"diversity": pairwise_diversity(fake) / floor}


def _weights(game: Game, player: str) -> list[Tensor]:
    network: nn.Module = getattr(game, player)
    return [parameter.detach() for parameter in network.parameters()]
