"""The field of the game holds all that the players minimise, with every derivative."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lab.gan.field import Field
from lab.gan.game import Game
from lab.stability.jacobian import transposed_product
from tests.gan.games import real_images, small_game, train

TERMS = {
    "terms.lecam.weight": 0.3,
    "terms.lecam.from_step": 0,
    "terms.bcr.weight": 1.0,
    "terms.zcr.weight": 1.0,
    "terms.content.weight": 1.0,
    "terms.mode_seeking.weight": 0.1,
    "terms.drift.weight": 0.1,
    "augmentation.instance_noise": 0.1,
}


def field_of(game: Game) -> Field:
    return Field(game, real_images(game)(0))


def losses(values: dict[str, Any], num_steps: int = 2) -> list[float]:
    """Of the generator and of the critic."""
    game = train(small_game(values, precision="float64"), num_steps)
    return [float(loss.detach()) for loss in field_of(game).losses()]


def gradients(field: Field) -> Tensor:
    """v, both players' parts in one vector."""
    parts = zip(field.losses(), (field.generator, field.critic), strict=True)
    each = [torch.autograd.grad(loss, weights) for loss, weights in parts]
    return torch.cat([-gradient.reshape(-1) for of in each for gradient in of])


@torch.no_grad()
def move(weights: list[nn.Parameter], by: Tensor) -> None:
    """Add a vector to all weights."""
    for weight, part in zip(weights, by.split([w.numel() for w in weights]), strict=True):
        weight += part.view(weight.shape)


@pytest.mark.parametrize(
    "values",
    [
        TERMS,
        {"terms.label_smoothing.weight": 0.1, "loss": "non-saturating", "penalty.kind": "r1-r2"},
        {"loss": "relativistic", "terms.content.weight": 1.0, "augmentation.kind": "diffaugment"},
    ],
)
def test_the_jacobian_is_the_derivative_of_the_field(values: dict[str, Any]) -> None:
    """Against central differences along one direction, terms and augmentation included."""
    field = field_of(train(small_game(values, precision="float64"), 2))
    weights = [*field.generator, *field.critic]
    rng = torch.Generator().manual_seed(1)
    x, u = (torch.randn(2, sum(w.numel() for w in weights), generator=rng)).double()
    product, _ = transposed_product(field.losses, field.generator, field.critic)
    along = float(torch.from_numpy(product(x.numpy())) @ u)

    moved = []
    for step in (1e-7, -2e-7):
        move(weights, step * u)
        moved.append(gradients(field))
    assert along == pytest.approx(float(x @ (moved[0] - moved[1]) / 2e-7), rel=1e-4)


def test_a_term_adds_its_value_to_the_player_that_has_it() -> None:
    without = losses({}, 0)
    of_generator, of_critic = losses({"terms.drift.weight": 0.5}, 0)
    assert of_generator == without[0]
    assert of_critic > without[1]


def test_what_acts_every_few_steps_counts_with_its_weight() -> None:
    often = {"terms.drift.weight": 0.5, "terms.content.weight": 1.0}
    seldom = often | {"terms.drift.every_steps": 7, "terms.content.every_steps": 3}
    assert losses(seldom, 0) == losses(often, 0)


def test_the_field_changes_nothing_of_the_game() -> None:
    game = train(small_game(TERMS), 2)
    before = {name: value.clone() for name, value in game.tensors().items()}
    for loss in field_of(game).losses():
        loss.backward()  # type: ignore[no-untyped-call]
    for name, value in game.tensors().items():
        assert torch.equal(value, before[name]), name


def test_a_penalty_that_has_not_begun_has_no_part_in_it() -> None:
    ramp = {"start": 0.0, "end": 10.0, "from_images": 1_000, "until_images": 2_000}
    with_ramp = losses({"penalty.kind": "wgan-gp", "penalty.weight": ramp}, 0)
    assert with_ramp == losses({"penalty.kind": "none"}, 0)
