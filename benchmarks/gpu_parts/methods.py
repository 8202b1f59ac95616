"""The games of the world-size tests on a device: every network, penalty, term and game."""

from __future__ import annotations

import torch

from lab.gan.game import Game
from lab.gan.games import game_class
from lab.gan.rounds import RealBatch, RealSource
from tests.gan import worlds
from tests.gan.games import SHAPE, real_images, small_config

Values = worlds.Values
NUM_ON_CPU = 2


def methods(*, reduced: bool) -> list[tuple[str, Values]]:
    """Each game's name and settings, networks first; reduced: a few of them."""
    games = worlds.built_in_games()[: NUM_ON_CPU if reduced else None]
    return [(worlds.name_of(values), values) for values in games]


def game_on(values: Values, device: torch.device, precision: str) -> Game:
    """A small game of these settings on grey images of three classes."""
    config = small_config({"training.batch_size": worlds.BATCH, **values})
    return game_class(config)(config, SHAPE, device=device, precision=precision)


def images_for(game: Game) -> RealSource:
    """The tests' images, a batch of their own for every critic step, on the game's device."""
    on_cpu = real_images(game)

    def source(critic_step: int) -> RealBatch:
        images, labels = on_cpu(critic_step)
        placed = images.to(game.device).contiguous(memory_format=torch.channels_last)
        return RealBatch(placed, labels.to(game.device))

    return source
