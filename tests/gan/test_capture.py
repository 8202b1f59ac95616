"""Recorded updates: the numbers of the updates themselves, bit for bit."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from lab.gan.capture import Result
from lab.gan.game import Game
from tests.gan.games import real_images, small_game, train
from tests.gan.tape import Tape
from tests.gan.worlds import BATCH, Values, built_in_games, name_of

NUM_STEPS = 6
GAMES = [values for values in built_in_games() if "optimistic-adam" not in values.values()]
EVERY = 3
"""Of so many games one is played in `make test`, and all by `make test-slow`."""


def ever_changing(values: Values) -> bool:
    """Whether a number that an update reads is another in every round.

    A rate is one on the CPU; on a GPU it is a tensor.
    """
    return "optimizer.schedule" in values or any(
        ".until_images" in path or isinstance(to, dict) for path, to in values.items()
    )


def played(values: Values, *, recorded: bool) -> tuple[Game, Tensor]:
    game = small_game({"training.batch_size": BATCH, **values})
    if recorded:
        game.record_updates(Tape(lambda: list(game.tensors().values())))
    source = real_images(game)
    num_steps = NUM_STEPS + 2 * ("training.lazy" in values)  # two intervals meet in the seventh
    rows = [torch.stack(list(game.step(source).observed)) for _ in range(num_steps)]
    return game, torch.stack(rows)


def some_slow() -> list[Any]:
    return [
        pytest.param(values, id=name_of(values), marks=pytest.mark.slow if i % EVERY else ())
        for i, values in enumerate(GAMES)
    ]


@pytest.mark.parametrize("values", some_slow())
def test_a_recorded_game_has_the_bits_of_the_same_game(values: Values) -> None:
    plain, observed = played(values, recorded=False)
    game, again = played(values, recorded=True)
    assert game.recordings is not None
    assert game.recordings.failure is None
    assert game.recordings.num_recorded > 0 or ever_changing(values)
    assert torch.equal(again, observed)
    assert equal(plain, game)


class Refusing:
    """Records nothing."""

    def record(self, make: Callable[[], Result]) -> tuple[Result, Callable[[], object]]:
        raise RuntimeError("operation not permitted when stream is capturing\nmore")


def test_what_cannot_be_recorded_is_played_as_it_is_with_one_warning() -> None:
    plain, game = train(small_game(), 5), small_game()
    game.record_updates(Refusing())
    with pytest.warns(UserWarning, match="not permitted when stream is capturing") as warned:
        train(game, 5)
    assert len(warned) == 1
    assert equal(plain, game)


def test_recordings_do_not_outlive_the_tensors_that_a_checkpoint_replaces() -> None:
    plain = train(small_game(), 5)
    state = copy.deepcopy(plain.state())
    game = small_game()
    game.record_updates(Tape(lambda: list(game.tensors().values())))
    train(game, 4)
    game.load_state(state)
    for one in (plain, game):
        train(one, 5)
    assert equal(plain, game)


def equal(game: Game, other: Game) -> bool:
    others = other.tensors()
    return all(torch.equal(tensor, others[name]) for name, tensor in game.tensors().items())
