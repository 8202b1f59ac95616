"""A probed round: the same training as a plain one, and what it shows besides."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from lab.gan.game import Game
from lab.gan.ranks import ALONE, Ranks
from lab.gan.rounds import RealBatch
from lab.run.probe import Probe
from tests.gan.games import real_images, small_game, train, weights_and_buffers
from tests.ranks import on_ranks


def probed(game: Game) -> dict[str, Tensor]:
    """What one probed round shows."""
    (sampled,) = Probe(game).step(real_images(game), real_images(game)(99)).sampled
    return sampled


def test_a_probed_round_trains_as_a_plain_one() -> None:
    plain, looked = small_game(), small_game()
    train(plain, 3)
    probe = Probe(looked)
    for _ in range(2):
        probe.step(real_images(looked), real_images(looked)(99))
    probe.step_after(real_images(looked))

    expected = weights_and_buffers(plain)
    for name, value in weights_and_buffers(looked).items():
        assert torch.equal(value, expected[name]), name


@pytest.mark.parametrize("precision", ["float32", "float64", "bfloat16"])
def test_a_probe_shows_how_far_the_players_moved(precision: str) -> None:
    game = small_game({"network.conditional": True}, precision=precision)
    train(game, 1)
    names = [name for name, _ in game.generator.named_parameters(prefix="generator")]
    before = weights_and_buffers(game)

    sampled = probed(game)

    after = weights_and_buffers(game)
    moved = math.sqrt(sum(float((after[n] - before[n]).square().sum()) for n in names))
    size = math.sqrt(sum(float(before[n].square().sum()) for n in names))
    assert float(sampled["generator_update_ratio"]) == pytest.approx(moved / size, rel=1e-4)
    assert 0 < float(sampled["critic_update_ratio"]) < 1
    assert all(value.shape == () and value.isfinite() for value in sampled.values())


def changes(game: Game, rounds: int) -> list[Tensor]:
    """The generator's updates of some plain rounds, flat."""
    found = []
    for _ in range(rounds):
        before = torch.cat([w.detach().flatten() for w in game.generator.parameters()])
        game.step(real_images(game))
        after = torch.cat([w.detach().flatten() for w in game.generator.parameters()])
        found.append(after - before)
    return found


def test_the_round_after_a_probed_one_shows_the_angle_between_their_updates() -> None:
    plain, game = small_game(), small_game()
    first, second = changes(plain, 2)
    probe = Probe(game)
    probe.step(real_images(game), real_images(game)(99))
    (turned,) = probe.step_after(real_images(game)).sampled

    expected = torch.cosine_similarity(first, second, dim=0)
    assert float(turned["generator_update_cosine"]) == pytest.approx(float(expected), rel=1e-4)
    assert -1 <= float(turned["critic_update_cosine"]) <= 1
    assert probe.step_after(real_images(game)).sampled == []


def test_probed_in_every_round_each_shows_its_angle_to_the_last() -> None:
    plain, game = small_game(), small_game()
    updates = changes(plain, 3)
    probe = Probe(game)
    found = [probe.step(real_images(game), real_images(game)(99)).sampled for _ in range(3)]

    assert [len(groups) for groups in found] == [1, 2, 2]
    expected = torch.cosine_similarity(updates[1], updates[2], dim=0)
    last = found[2][1]["generator_update_cosine"]
    assert float(last) == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.parametrize("norm", ["none", "weight"])
def test_a_probe_reports_the_top_singular_value_of_every_layer(norm: str) -> None:
    game = small_game({"network.critic_norm": norm})
    sampled = probed(game)

    for player in ("generator", "critic"):
        layers = getattr(game, f"{player}_sigmas").layers
        tops = [float(torch.linalg.matrix_norm(layer.matrix().detach(), 2)) for layer in layers]
        shown = [float(sampled[f"{player}_sigma_{i}"]) for i in range(len(tops))]
        assert shown == pytest.approx(tops, rel=0.05)
        assert float(sampled[f"{player}_sigma_max"]) == max(shown)
        assert f"{player}_sigma_{len(tops)}" not in sampled


def test_a_probe_asks_the_critic_after_the_round_about_images_it_was_not_trained_on() -> None:
    game = small_game()
    sampled = probed(game)

    source = real_images(game)
    with torch.no_grad():
        train_, heldout = (game.critic(source(step).images) for step in (1, 99))
    assert float(sampled["logit_train"]) == pytest.approx(float(train_.mean()))
    assert float(sampled["logit_heldout"]) == pytest.approx(float(heldout.mean()))
    assert float(sampled["r_t"]) == pytest.approx(float(train_.sign().mean()))


def test_the_slope_is_that_of_a_critic_whose_slope_is_known() -> None:
    game = small_game({"network.critic_norm": "none"})
    slope = torch.randn(1, 32, 32, generator=torch.Generator().manual_seed(5))
    features = game.critic.features
    game.critic.features = lambda x: features(x) * 0 + (x * slope).sum((1, 2, 3))[:, None]  # type: ignore[method-assign]
    game.critic.logits = lambda x, labels: x.mean(1)  # type: ignore[method-assign]
    assert float(probed(game)["lipschitz"]) == pytest.approx(float(slope.norm()), rel=1e-4)


def test_a_batch_of_one_has_no_diversity_and_nothing_that_is_not_finite() -> None:
    game = small_game({"training.batch_size": 1})
    sampled = probed(game)

    assert "diversity" not in sampled
    assert all(value.isfinite() for value in sampled.values())


def test_a_batch_of_equal_real_images_does_not_look_like_divergence() -> None:
    game = small_game()
    batch = RealBatch(torch.zeros(4, 1, 32, 32), torch.zeros(4).long())

    (sampled,) = Probe(game).step(lambda _: batch, batch).sampled
    assert all(value.isfinite() for value in sampled.values())
    assert sampled["participation_ratio"] == 1.0


WORLDS: tuple[dict[str, Any], ...] = (
    {"training.batch_size": 7, "training.accumulate": 3, "network.conditional": True},
    {"training.batch_size": 8, "network.critic_norm": "batch"},
    {"training.generator_batch_multiplier": 2, "network.critic_norm": "weight"},
)


def shown_on(ranks: Ranks) -> list[dict[str, float]]:
    """What two rounds of each game show."""
    torch.set_num_threads(1)
    found = []
    for values in WORLDS:
        game = small_game(values, precision="float64", ranks=ranks)
        probe = Probe(game)
        groups = probe.step(real_images(game), real_images(game)(99)).sampled
        groups += probe.step_after(real_images(game)).sampled
        found.append({name: float(group[name]) for group in groups for name in group})
    return found


def test_two_workers_show_what_one_shows() -> None:
    alone, (first, second) = shown_on(ALONE), on_ranks(2, shown_on)
    assert first == second
    for one, two in zip(alone, first, strict=True):
        assert two == pytest.approx(one, rel=1e-9, abs=1e-12)
        assert {"participation_ratio", "lipschitz", "critic_update_cosine"} < set(one)
