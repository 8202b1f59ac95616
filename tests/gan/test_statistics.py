"""Batch-norm statistics of the averaged generator, estimated before an evaluation."""

from __future__ import annotations

import torch

from lab.gan.game import STATISTICS_BATCHES, Game
from lab.gan.networks.normalisation import BatchNorm, estimate_statistics
from lab.gan.ranks import ALONE
from tests.gan.games import small_game, train, weights_and_buffers


def first_norm(game: Game) -> BatchNorm:
    return next(module for module in game.average.modules() if isinstance(module, BatchNorm))


def first_norm_statistics(game: Game) -> tuple[torch.Tensor, torch.Tensor]:
    """Plain means of the batches' statistics at the input of the first norm."""
    inputs: list[torch.Tensor] = []
    dense = game.average.dense
    assert isinstance(dense, torch.nn.Module)
    for index in range(STATISTICS_BATCHES):
        z, _ = game.draws.latents("statistics", index)
        inputs.append(dense(z.flatten(0, 1)))
    channels = first_norm(game).running_mean.numel()
    parts = [x.view(-1, channels) for x in inputs]
    means = torch.stack([x.mean(0) for x in parts]).mean(0)
    return means, torch.stack([x.var(0) for x in parts]).mean(0)


def test_estimated_statistics_are_the_mean_over_counted_batches() -> None:
    game = train(small_game(), 3)
    game.estimate_average()
    mean, var = first_norm_statistics(game)
    norm = first_norm(game)
    torch.testing.assert_close(norm.running_mean, mean)
    torch.testing.assert_close(norm.running_var, var)


def test_estimating_changes_nothing_but_the_average_s_statistics() -> None:
    game, other = train(small_game(), 2), train(small_game(), 2)
    game.estimate_average()
    assert not any(module.training for module in game.average.modules())
    before, after = weights_and_buffers(other), weights_and_buffers(game)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.startswith("average.") and "running" in name for name in changed)


def test_training_goes_on_as_if_nothing_had_been_estimated() -> None:
    game, other = train(small_game(), 2), train(small_game(), 2)
    game.estimate_average()
    one, two = weights_and_buffers(train(game, 1)), weights_and_buffers(train(other, 1))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_what_was_not_finite_is_forgotten() -> None:
    game = train(small_game(), 1)
    first_norm(game).running_var.fill_(torch.nan)
    game.estimate_average()
    assert all(bool(value.isfinite().all()) for value in game.average.buffers())


def test_a_network_without_batch_norm_makes_no_passes() -> None:
    def refuse() -> None:
        raise AssertionError

    estimate_statistics(torch.nn.Linear(2, 2), ALONE, [refuse])
