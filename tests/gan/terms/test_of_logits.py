"""Terms of logits alone: LeCam, drift, label smoothing, top-k."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from lab.errors import InputError
from lab.gan.terms import Means
from tests.gan.games import small_config, small_game, train
from tests.gan.terms.seen import (
    LOGITS,
    OTHER_LOGITS,
    critic_seen,
    generator_seen,
    now,
    term_game,
    the_term,
)


def means(real: float, fake: float) -> Means:
    return Means(*(torch.tensor(value) for value in (real, fake, 0.0)))


def test_lecam_draws_logits_beyond_the_other_sides_mean_back() -> None:
    game = term_game({"terms.lecam.weight": 0.3, "terms.lecam.decay": 0.9})
    term = the_term(game)
    for _ in range(2):
        term.observe(means(2.0, -1.0))
    real_mean, fake_mean = 2.0 * (0.1 + 0.09), -1.0 * (0.1 + 0.09)
    assert float(term.anchor_real) == pytest.approx(real_mean)
    assert float(term.anchor_fake) == pytest.approx(fake_mean)
    real = [max(x - fake_mean, 0) ** 2 for x in LOGITS.tolist()]
    fake = [max(real_mean - x, 0) ** 2 for x in OTHER_LOGITS.tolist()]
    value = term.critic(critic_seen(game), now(weight=0.3, from_step=1000, step=1000))
    assert float(value) == pytest.approx(0.3 * (sum(real) + sum(fake)) / 4)


def test_lecam_acts_from_its_step_on_and_keeps_its_means_before() -> None:
    values = {"terms.lecam.weight": 0.3, "terms.lecam.from_step": 3}
    usual, held = small_game(), small_game(values)
    train(usual, 3)
    train(held, 3)
    assert torch.equal(usual.critic.head.weight, held.critic.head.weight)
    assert the_term(held).anchor_real != 0
    train(usual, 1)
    train(held, 1)
    assert not torch.equal(usual.critic.head.weight, held.critic.head.weight)


def test_lecams_means_are_those_of_the_global_batch_and_its_passes() -> None:
    games = [
        small_game({"terms.lecam.weight": 1, "training.accumulate": k}, precision="float64")
        for k in (1, 2)
    ]
    for game in games:
        train(game, 1)
    one, other = (the_term(game).anchor_real for game in games)
    torch.testing.assert_close(one, other)


def test_drift_is_the_mean_squared_logit_of_real_images() -> None:
    game = term_game({"terms.drift.weight": 0.001})
    value = the_term(game).critic(critic_seen(game), now(weight=0.001))
    assert float(value) == pytest.approx(0.001 * (1.5**2 + 0.5**2 + 0.25**2 + 2**2) / 4)


def logistic(real: Tensor, target: float) -> Tensor:
    return binary_cross_entropy_with_logits(real, torch.full_like(real, target))


def least_squares(real: Tensor, target: float) -> Tensor:
    return 0.5 * (real - target).square().mean()


@pytest.mark.parametrize(
    ("loss", "direct"), [("non-saturating", logistic), ("least-squares", least_squares)]
)
def test_label_smoothing_is_a_loss_with_the_target_below_one(loss: str, direct: Any) -> None:
    game = term_game({"loss": loss, "terms.label_smoothing.weight": 0.1})
    real = LOGITS.clone().requires_grad_()
    seen = critic_seen(game, real_logits=real)
    ours = game.loss.critic(real, OTHER_LOGITS).mean() + the_term(game).critic(
        seen, now(weight=0.1)
    )
    (smoothed,) = torch.autograd.grad(ours, real)
    (expected,) = torch.autograd.grad(direct(real, 0.9), real)
    torch.testing.assert_close(smoothed, expected)
    if loss == "non-saturating":  # without a constant left out
        both = direct(real, 0.9) + torch.nn.functional.softplus(OTHER_LOGITS).mean()
        torch.testing.assert_close(ours, both)


def test_top_k_is_the_mean_loss_of_the_best_images() -> None:
    game = term_game({"terms.top_k.weight": 1})
    seen = generator_seen(game, losses=game.loss.generator(LOGITS, LOGITS))
    term = the_term(game)
    for share, best in ((1.0, [1.5, -0.5, 0.25, 2.0]), (0.5, [2.0, 1.5]), (0.01, [2.0])):
        total = seen.losses.mean() + term.generator(seen, now(share=share))
        assert float(total) == pytest.approx(-sum(best) / len(best))


def test_of_equal_logits_the_first_count() -> None:
    game = term_game({"terms.top_k.weight": 1})
    losses = torch.tensor([1.0, 2.0, 4.0, 8.0], dtype=torch.float64)
    seen = generator_seen(game, logits=torch.zeros_like(LOGITS), losses=losses)
    total = losses.mean() + the_term(game).generator(seen, now(share=0.5))
    assert float(total) == 1.5


WRONG = {
    "the loss 'hinge'": (
        {"terms.label_smoothing.weight": 0.1},
        r"terms\.label_smoothing\.weight is not 0 and loss is 'hinge'; only the losses minimax",
    ),
    "a target of 0": (
        {"terms.label_smoothing.weight": 1, "loss": "minimax"},
        r"terms\.label_smoothing\.weight is 1; the target 1 - weight",
    ),
    "passes of a best share": (
        {"terms.top_k.weight": 1, "training.accumulate": 2},
        r"terms\.top_k\.weight is not 0 and training\.accumulate is 2; the best images",
    ),
    "more than the best share": ({"terms.top_k.weight": 2}, r"terms\.top_k\.weight is 2; at 1"),
    "a lazy best share": (
        {"terms.top_k.weight": 1, "terms.top_k.every_steps": 4},
        r"terms\.top_k\.every_steps is 4; the term replaces the loss of a step",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_settings_that_do_not_fit_are_one_sentence(mistake: str) -> None:
    values, sentence = WRONG[mistake]
    with pytest.raises(InputError, match=sentence) as caught:
        small_game(values)
    assert "\n" not in str(caught.value)
    assert small_config(values), "the game refuses, not the configuration"
