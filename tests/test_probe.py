"""A probed round: the same training as a plain one, and what it shows besides."""

from __future__ import annotations

import math

import pytest
import torch

from lab.gan.rounds import RealBatch
from lab.probe import Probe
from tests.gan.games import real_images, small_game, train, weights_and_buffers


def test_a_probed_round_trains_as_a_plain_one() -> None:
    plain, probed = small_game(), small_game()
    train(plain, 2)
    for _ in range(2):
        Probe(probed).step(real_images(probed), real_images(probed)(99))

    expected = weights_and_buffers(plain)
    for name, value in weights_and_buffers(probed).items():
        assert torch.equal(value, expected[name]), name


@pytest.mark.parametrize("precision", ["float32", "float64", "bfloat16"])
def test_a_probe_shows_how_far_the_players_moved(precision: str) -> None:
    game = small_game({"network.conditional": True}, precision=precision)
    train(game, 1)
    names = [name for name, _ in game.generator.named_parameters(prefix="generator")]
    before = weights_and_buffers(game)

    sampled = Probe(game).step(real_images(game), real_images(game)(99)).sampled

    after = weights_and_buffers(game)
    moved = math.sqrt(sum(float((after[n] - before[n]).square().sum()) for n in names))
    size = math.sqrt(sum(float(before[n].square().sum()) for n in names))
    assert float(sampled["generator_update_ratio"]) == pytest.approx(moved / size, rel=1e-4)
    assert 0 < float(sampled["critic_update_ratio"]) < 1
    assert all(value.shape == () and value.isfinite() for value in sampled.values())


def test_a_probe_reports_the_largest_singular_value_and_held_out_logits() -> None:
    game = small_game({"network.critic_norm": "none"})
    heldout = real_images(game)(99)
    sampled = Probe(game).step(real_images(game), heldout).sampled

    tops = [torch.linalg.matrix_norm(layer.matrix(), 2) for layer in game.critic.layers()]
    assert float(sampled["critic_sigma_max"]) == pytest.approx(float(max(tops)), rel=0.05)
    with torch.no_grad():
        logits = game.critic(heldout.images)
    assert float(sampled["logit_heldout"]) == pytest.approx(float(logits.mean()))


def test_a_batch_of_one_has_no_diversity_and_nothing_that_is_not_finite() -> None:
    game = small_game({"training.batch_size": 1})
    sampled = Probe(game).step(real_images(game), real_images(game)(99)).sampled

    assert "diversity" not in sampled
    assert all(value.isfinite() for value in sampled.values())


def test_a_batch_of_equal_real_images_does_not_look_like_divergence() -> None:
    game = small_game()
    batch = RealBatch(torch.zeros(4, 1, 32, 32), torch.zeros(4).long())

    assert Probe(game).step(lambda _: batch, batch).sampled["diversity"].isfinite()
