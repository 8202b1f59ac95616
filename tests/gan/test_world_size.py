"""Nothing that a game computes depends on how many workers compute it."""

from __future__ import annotations

from functools import lru_cache
from statistics import median

import pytest
import torch

from lab.gan.ranks import ALONE, Ranks, RanksDisagree
from lab.gan.share import Share
from tests.gan.games import small_game
from tests.gan.worlds import (
    Played,
    Values,
    augmented_games,
    every_game,
    name_of,
    other_architectures,
    other_rounds,
    play,
    some_games,
    styled_and_growing,
    term_games,
    text_games,
    uneven_games,
    variational_games,
    worst_difference,
)
from tests.ranks import on_ranks

QUICK = [*some_games(), *uneven_games()]
STEPS = 10
FEW_STEPS = 6
"""Enough for what comes every third step, twice."""
GROUPS = {
    "losses": QUICK,
    "networks": [*other_architectures(), *styled_and_growing()],
    "rounds": [*other_rounds(), *variational_games()],
    "terms": term_games(),
    "augmentations": augmented_games(),
    "texts": text_games(),
}
TOLERANCE = 1e-9
"""Relative, in float64."""


class Compared:
    """Each game on one worker and on two."""

    def __init__(self, games: list[Values], precision: str, num_steps: int = STEPS) -> None:
        self.games = games
        self.one = play(ALONE, games, precision, num_steps)
        self.two: list[list[Played]] = on_ranks(2, play, games, precision, num_steps)

    def differences(self) -> dict[str, float]:
        return {
            name_of(values): worst_difference(one, two)
            for values, one, two in zip(self.games, self.one, self.two[0], strict=True)
        }


@lru_cache(maxsize=1)
def compared(group: str) -> Compared:
    """The games of a group, played once."""
    return Compared(GROUPS[group], "float64", FEW_STEPS)


@pytest.mark.parametrize(
    ("group", "index"),
    [(group, index) for group, games in GROUPS.items() for index in range(len(games))],
    ids=[f"{group}-{name_of(one)}" for group, games in GROUPS.items() for one in games],
)
def test_two_workers_equal_one(group: str, index: int) -> None:
    played = compared(group)
    one, first, second = played.one[index], played.two[0][index], played.two[1][index]
    assert worst_difference(one, first) < TOLERANCE
    assert torch.equal(first.observed, second.observed)
    for name, value in first.tensors.items():
        assert torch.equal(value, second.tensors[name]), name


def test_the_quick_games_hold_every_pair_of_loss_penalty_and_norm() -> None:
    def pairs(games: list[Values]) -> set[tuple[str, str]]:
        keys = ("loss", "penalty.kind", "network.critic_norm")
        return {
            (values[a], values[b])
            for values in games
            for a in keys
            for b in keys
            if a < b and a in values and b in values
        }

    assert pairs(some_games()) == pairs(every_game())


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_workers_equal_one_for_every_loss_penalty_and_norm() -> None:
    differences = Compared(every_game(), "float64").differences()
    assert len(differences) > 300
    assert max(differences.values()) < TOLERANCE


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_in_float32_two_workers_differ_by_rounding_that_adam_and_the_game_amplify() -> None:
    played = Compared(some_games(), "float32")
    first = [
        float(((one.observed - two.observed)[0].abs() / one.observed.abs().amax(0)).max())
        for one, two in zip(played.one, played.two[0], strict=True)
    ]
    differences = sorted(played.differences().values())
    middle, worst = median(differences), differences[-1]
    print(f"float32, {STEPS} steps: median {middle:.1e}, worst {worst:.1e}")
    assert max(first) < 1e-4, "before anything could grow"
    assert middle < 1e-4


def _disagreeing(ranks: Ranks) -> str:
    game = small_game({"network.critic_norm": "none"}, ranks=ranks)
    ranks.require_agreement(game.tensors())
    if not ranks.first:
        with torch.no_grad():
            game.critic.head.weight.view(-1)[3] += 1e-7
    try:
        ranks.require_agreement(game.tensors())
    except RanksDisagree as error:
        return str(error)
    return "agreed"


def test_a_rank_that_differs_is_found_and_the_tensor_named() -> None:
    for said in on_ranks(2, _disagreeing):
        assert said.startswith("critic.head.weight differs between the 2 workers")


@pytest.mark.parametrize("num_samples", [4, 7, 64])
@pytest.mark.parametrize(("num_ranks", "num_parts"), [(1, 3), (2, 1), (2, 2), (3, 1)])
def test_ranks_read_disjoint_samples_and_all_of_them(
    num_samples: int, num_ranks: int, num_parts: int
) -> None:
    batch = torch.arange(num_samples)
    shares = [Share(rank, num_ranks, num_parts) for rank in range(num_ranks)]
    read = torch.cat([share.of(batch) for share in shares])
    assert torch.equal(read.sort().values, batch)
    for part in range(num_parts):
        together = torch.cat([share.cut(batch)[part] for share in shares])
        assert torch.equal(together, Share(0, 1, num_parts).cut(batch)[part])
    whole = sum(share.spread(share.of(batch), num_samples) for share in shares)
    assert torch.equal(torch.as_tensor(whole), batch)
