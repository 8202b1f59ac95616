"""Lazy penalties and terms in updates of their own, as StyleGAN2 has them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from lab.errors import InputError
from lab.gan.penalties import squared_gradient_norm
from tests.gan.games import real_images, small_game

OWN: dict[str, Any] = {
    "training.lazy": "own",
    "penalty.kind": "r1",
    "penalty.weight": 3.0,
    "penalty.every_steps": 2,
}


def test_adam_is_corrected_for_the_further_steps() -> None:
    game = small_game(OWN | {"optimizer.critic.lr": 3e-3, "optimizer.critic.beta2": 0.99})
    (group,) = game.critic_optimizer.param_groups
    assert group["lr"] == pytest.approx(3e-3 * 2 / 3)
    assert group["betas"] == pytest.approx((0.5 ** (2 / 3), 0.99 ** (2 / 3)))
    (group,) = game.generator_optimizer.param_groups
    assert group["lr"] == pytest.approx(2e-4)


def test_a_schedule_is_corrected_too() -> None:
    ramp = {"start": 1e-2, "end": 1e-3, "until_images": 4}
    game = small_game(OWN | {f"optimizer.critic.lr.{name}": to for name, to in ramp.items()})
    for _ in range(2):
        game.step(real_images(game))
    (group,) = game.critic_optimizer.param_groups
    assert group["lr"] == pytest.approx(1e-3 * 2 / 3)


@pytest.mark.parametrize(("lazy", "expected"), [("own", 6), ("shared", 4)])
def test_every_second_step_has_one_more(lazy: str, expected: int) -> None:
    game = small_game(OWN | {"training.lazy": lazy})
    source = real_images(game)
    for _ in range(4):
        game.step(source)
    steps = {float(state["step"]) for state in game.critic_optimizer.state.values()}
    assert steps == {float(expected)}


def test_the_further_step_descends_the_penalty_alone() -> None:
    rate = 0.01
    values = {"optimizer.critic.kind": "sgd", "optimizer.critic.lr": rate}
    values |= {"network.critic_norm": "none"}
    with_penalty, without = (
        small_game({**OWN, **values, "penalty.weight": weight}, precision="float64")
        for weight in (3.0, 0.0)
    )
    real = real_images(without)(0)
    images = real.images.double()
    for game in (with_penalty, without):
        game._free_critic(True)
        game._critic_step(0, game._real(real))
    weights = list(without.critic.parameters())
    norms = squared_gradient_norm(without.critic, images, None, differentiable=True)
    gradients = torch.autograd.grad(norms.mean() / 2, weights, allow_unused=True)
    moved = [
        weight if gradient is None else weight - rate * 2 / 3 * 2 * 3.0 * gradient
        for weight, gradient in zip(weights, gradients, strict=True)
    ]
    for expected, came in zip(moved, with_penalty.critic.parameters(), strict=True):
        torch.testing.assert_close(came, expected, rtol=1e-9, atol=1e-12)


def test_a_game_without_a_place_for_it_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"training\.lazy is own and training\.game is simultaneous"
    ):
        small_game(OWN | {"training.game": "simultaneous"})
