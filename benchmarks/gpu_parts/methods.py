"""The games of the world-size tests on a device: every network, penalty, term and game."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import torch

from lab.gan.game import Game
from lab.gan.games import game_class
from lab.gan.rounds import RealBatch, RealSource
from tests.gan import worlds
from tests.gan.games import SHAPE, real_images, small_config

Values = worlds.Values


NUM_ON_CPU = 2


def methods(*, reduced: bool) -> Iterator[tuple[str, Values]]:
    """Each game's name and settings, without those of test files; networks first.

    Reduced: a few of them.
    """
    return islice(_methods(), NUM_ON_CPU if reduced else None)


def _methods() -> Iterator[tuple[str, Values]]:
    lists = (
        worlds.other_architectures,
        worlds.styled_and_growing,
        worlds.other_rounds,
        worlds.variational_games,
        worlds.augmented_games,
        worlds.term_games,
        worlds.uneven_games,
        worlds.some_games,
    )
    for games in lists:
        for values in games():
            if not any(".py:" in str(value) for value in values.values()):
                yield worlds.name_of(values), values


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
