"""The auxiliary classifier on the critic's features."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import log_softmax

from lab.errors import InputError
from lab.gan.game import Game
from lab.gan.objectives import CriticBatch
from lab.gan.rounds import ImageShape, RealBatch
from tests.gan.games import small_config, small_game, train
from tests.gan.terms.seen import SIZE, generator_seen, images, term_game

VALUES = {"network.conditional": True, "terms.ac_gan.weight": 0.5, "network.critic_norm": "none"}


def test_both_players_pay_the_cross_entropy_of_the_classes() -> None:
    game = term_game(VALUES)
    labels = torch.tensor([0, 2, 1, 1])
    draw = game.draws.of_pass("critic", 0, slice(0, SIZE))
    batch = CriticBatch(images(game, 1), images(game, 2), labels, labels.flip(0), None, None)
    head = game.critic.heads["classes"]

    def entropy(pixels: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        logits = game.critic.features(pixels) @ head.weight.t() + head.bias
        return -log_softmax(logits, dim=1)[range(SIZE), classes].mean()

    with_term = game.critic_objective(batch._replace(draw=draw), 0.0)
    without = game.critic_objective(batch, 0.0)
    direct = entropy(batch.real, labels) + entropy(batch.fake, labels.flip(0))
    torch.testing.assert_close(with_term.loss - without.loss, 0.5 * direct)
    torch.testing.assert_close(with_term.real, without.real)

    seen = generator_seen(game)
    ours, _ = game.generator_objective(seen.z, seen.labels, None, None, seen.draw)
    plain, _ = game.generator_objective(seen.z, seen.labels, None, None)
    torch.testing.assert_close(ours - plain, 0.5 * entropy(seen.fake, seen.labels))


def test_a_head_leaves_the_critics_own_weights_as_they_are() -> None:
    usual = small_game({**VALUES, "terms.ac_gan.weight": 0}).critic.state_dict()
    headed = small_game(VALUES).critic.state_dict()
    assert {name for name in headed if name not in usual} == {
        "heads.classes.weight",
        "heads.classes.bias",
    }
    assert headed["heads.classes.weight"].std() > 0
    assert all(torch.equal(value, headed[name]) for name, value in usual.items())


def test_the_classifier_is_trained_and_frozen_with_the_critic() -> None:
    game = small_game(VALUES)
    before = game.critic.heads["classes"].weight.clone()
    train(game, 1)
    assert not torch.equal(game.critic.heads["classes"].weight, before)
    assert not game.critic.heads["classes"].weight.requires_grad, "after the generator's step"


def test_a_classifier_learns_the_classes_of_real_images() -> None:
    game = small_game({**VALUES, "terms.ac_gan.weight": 1, "optimizer.critic.lr": 2e-3})
    labels = torch.arange(SIZE) % 3
    pixels = -torch.ones(SIZE, 1, 32, 32)
    for image, label in zip(pixels, labels.tolist(), strict=True):
        image[:, 10 * label : 10 * label + 10] = 1.0
    for _ in range(30):
        game.step(lambda _: RealBatch(pixels, labels))
    logits = game.critic.of_head("classes", game.critic.features(pixels))
    assert torch.equal(logits.argmax(1), labels)


def test_without_a_projection_the_logits_do_not_depend_on_the_class() -> None:
    critic = small_game({**VALUES, "network.projection": False}).critic
    pixels = torch.zeros(2, 1, 32, 32)
    assert critic.projection is None
    assert torch.equal(critic(pixels, torch.tensor([0, 1])), critic(pixels, torch.tensor([2, 2])))


def test_without_classes_it_is_refused() -> None:
    with pytest.raises(InputError, match=r"ac_gan\.weight is not 0 and network\.conditional is f"):
        small_game({"terms.ac_gan.weight": 1})
    shape = ImageShape(resolution=32, channels=1, num_classes=1)
    with pytest.raises(InputError, match=r"terms\.ac_gan\.weight is not 0 and the data has 1 cl"):
        Game(small_config(VALUES), shape, device=torch.device("cpu"), precision="float32")
