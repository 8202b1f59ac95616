"""Recorded updates: the numbers of the updates themselves, bit for bit."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lab.gan.game import Game
from tests.gan.games import real_images, small_game
from tests.gan.tape import Tape
from tests.gan.worlds import (
    BATCH,
    Values,
    augmented_games,
    name_of,
    other_architectures,
    other_rounds,
    some_games,
    styled_and_growing,
    term_games,
    uneven_games,
    variational_games,
)

NUM_STEPS = 8
GAMES = [
    values
    for values in (
        *some_games(),
        *uneven_games(),
        *other_architectures(),
        *other_rounds(),
        *styled_and_growing(),
        *term_games(),
        *augmented_games(),
        *variational_games(),
    )
    if not any(".py:" in str(value) or value == "optimistic-adam" for value in values.values())
]


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
    rows = [torch.stack(list(game.step(source).observed)) for _ in range(NUM_STEPS)]
    return game, torch.stack(rows)


@pytest.mark.parametrize("values", GAMES, ids=name_of)
def test_a_recorded_game_has_the_bits_of_the_same_game(values: Values) -> None:
    plain, observed = played(values, recorded=False)
    game, again = played(values, recorded=True)
    assert game.recordings is not None
    assert game.recordings.failure is None
    assert game.recordings.num_recorded > 0 or ever_changing(values)
    assert torch.equal(again, observed)
    others = game.tensors()
    for name, tensor in plain.tensors().items():
        assert torch.equal(tensor, others[name]), name
