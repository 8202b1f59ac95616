from __future__ import annotations

import pytest
import torch

from lab.gan.average import copy_of, decay, update_average
from tests.gan.games import small_game, train, weights_and_buffers


def test_a_half_life_of_images_halves_the_old_weight() -> None:
    weight = 1.0
    for step in range(10):
        weight *= decay(100, 100 * (step + 1), 1000, 0.0)

    assert weight == pytest.approx(0.5)


def test_the_ramp_up_shortens_the_half_life_early_and_not_late() -> None:
    early = decay(64, 6_400, 10_000, 0.05)
    late = decay(64, 10_000_000, 10_000, 0.05)

    assert early == pytest.approx(0.5 ** (64 / 320))
    assert late == pytest.approx(0.5 ** (64 / 10_000))


def test_no_half_life_keeps_no_average() -> None:
    assert decay(64, 640, 0, 0.05) == 0.0
    assert decay(64, 640, 0, 0.0) == 0.0

    game = train(small_game({"training.ema_half_life_images": 0}), 2)
    values = weights_and_buffers(game)
    for name in game.generator.state_dict():
        assert torch.equal(values[f"average.{name}"], values[f"generator.{name}"]), name


def test_the_average_is_the_weighted_mean_and_takes_the_buffers() -> None:
    generator = small_game().generator
    average = copy_of(generator)
    old = [weight.clone() for weight in average.parameters()]
    with torch.no_grad():
        for tensor in (*generator.parameters(), *generator.buffers()):
            tensor.add_(1.0)

    update_average(average, generator, 0.75)

    for before, now in zip(old, average.parameters(), strict=True):
        torch.testing.assert_close(now, before + 0.25)
    for kept, current in zip(average.buffers(), generator.buffers(), strict=True):
        assert torch.equal(kept, current)


def test_the_average_is_frozen_in_evaluation_mode_and_apart() -> None:
    game = small_game()

    assert not game.average.training
    assert game.generator.training
    assert not any(weight.requires_grad for weight in game.average.parameters())
    shared = {weight.data_ptr() for weight in game.generator.parameters()}
    assert shared.isdisjoint(weight.data_ptr() for weight in game.average.parameters())


def test_a_game_averages_over_the_images_it_has_seen() -> None:
    game = small_game({"training.ema_half_life_images": 4})
    before = [weight.clone() for weight in game.average.parameters()]
    train(game, 1)

    new = game.generator.parameters()
    for old, current, mean in zip(before, new, game.average.parameters(), strict=True):
        torch.testing.assert_close(mean, (old + current) / 2)
