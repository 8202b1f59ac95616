"""Mixtures: counting on samples made by hand, and games that train side by side."""

from __future__ import annotations

import pytest
import torch

from lab.validate.mixtures import (
    ORDERINGS,
    QUICK,
    MixtureJob,
    MixtureResult,
    MixtureSizes,
    methods_for,
    ordering_checks,
    protocol_checks,
    train,
)
from lab.validate.mixtures.game import MixtureMethod, PlaneCritic, game_of
from lab.validate.mixtures.modes import GRID, PERFECT_SHARE, RING, Counted, Mixture, counted
from lab.validate.mixtures.narrow import is_narrow, narrow_checks


def test_rings_and_grids_have_the_published_modes() -> None:
    assert len(RING.centres) == 8
    assert len(GRID.centres) == 25
    assert (RING.sigma, GRID.sigma) == (0.01, 0.05)
    assert pytest.approx(0.98889, abs=1e-5) == PERFECT_SHARE


def test_modes_are_counted_within_three_sigma_and_nowhere_else() -> None:
    samples = torch.tensor([[1.0, 0.029], [1.0, 0.031], [0.0, 1.0], [0.0, 0.0]])
    assert counted(samples, RING) == Counted(2, 0.5)


def test_samples_that_are_not_finite_capture_nothing() -> None:
    assert counted(torch.full((10, 2), float("nan")), RING) == Counted(0, 0.0)


def test_the_protocol_knows_perfect_lost_and_noisy_samplers() -> None:
    assert all(check.holds for check in protocol_checks())


def test_a_sampler_that_lacks_a_mode_is_narrow_and_one_of_all_modes_is_not() -> None:
    checks = narrow_checks(0, counts=(1, 24))
    assert all(check.holds for check in checks)
    assert checks[0].evidence.startswith("4 of 4 samplers of 1 to 24 modes")


def test_samples_that_do_not_look_real_are_not_narrow() -> None:
    assert not is_narrow(5, 3.0, seed=0)


@pytest.mark.parametrize("method", methods_for(RING)[4:], ids=lambda method: method.name)
def test_a_game_of_two_seeds_keeps_them_apart(method: MixtureMethod) -> None:
    """Poisoning one game's opponent leaves the other's numbers as they are."""
    games = [
        game_of(method, RING, num_games=2, batch_size=8, width=8, num_rounds=6, seed=3)
        for _ in range(2)
    ]
    poisoned = games[1].networks[games[1].players[1]]
    with torch.no_grad():
        for weight in poisoned.parameters():
            weight[1].mul_(3.0)
    for game in games:
        game.train()
    first, second = (game.samples(50) for game in games)
    torch.testing.assert_close(first[0], second[0])
    assert not torch.allclose(first[1], second[1])


def test_points_of_a_pack_have_one_logit_and_are_of_one_game() -> None:
    """Rows r and r + S of S games: the first pack of game 0 is rows 0 and 3 of three games."""
    critic = PlaneCritic(3, 8, 1.0, torch.Generator().manual_seed(0), joined=2)
    points = torch.randn(12, 2, 1, 1, generator=torch.Generator().manual_seed(1))
    logits = critic(points)
    packs = logits.view(2, 2, 3)
    assert torch.equal(packs[:, 0], packs[:, 1])
    moved = points.clone()
    moved[3] += 1.0
    changed = (critic(moved) != logits).nonzero().flatten().tolist()
    assert changed == [0, 3]


def test_training_repeats_by_seed() -> None:
    job = MixtureJob(
        methods_for(GRID)[3],
        GRID,
        MixtureSizes(num_seeds=2, ring_rounds=4, grid_rounds=4, batch_size=8, width=8),
    )
    first, second = train(job), train(job)
    assert first.counts == second.counts
    torch.testing.assert_close(first.plotted, second.plotted, rtol=0, atol=0)


def results_with(modes_of_others: int) -> dict[tuple[str, str], MixtureResult]:
    shown = torch.zeros(4, 2)
    found = {}
    for mixture in (RING, GRID):
        plain = {fewer for _, fewer in ORDERINGS[mixture.name]}
        for method in methods_for(mixture):
            modes = 4 if method.name in plain else modes_of_others
            counts = tuple(Counted(modes + i % 2, 0.5) for i in range(QUICK.num_seeds))
            found[mixture.name, method.name] = MixtureResult(counts, shown)
    return found


def test_orderings_hold_only_where_intervals_are_apart() -> None:
    assert all(check.holds for check in ordering_checks(results_with(7)))
    assert not any(check.holds for check in ordering_checks(results_with(4)))
    assert not any(check.holds for check in ordering_checks(results_with(2)))


def test_mixtures_sample_their_own_modes() -> None:
    two = Mixture("two", ((0.0, 0.0), (5.0, 5.0)), sigma=0.1, scale=1.0)
    samples = two.sample(2000, torch.Generator().manual_seed(0))
    assert counted(samples, two).modes == 2
    assert counted(samples, two).high_quality > 0.97
