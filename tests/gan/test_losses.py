"""Losses against formulas typed again, in float64, and where they pull."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from lab.config import LossName, choices
from lab.gan.losses import Loss, find_loss

REAL = torch.tensor([-2.0, -0.3, 0.0, 0.8, 1.0, 3.0], dtype=torch.float64)
FAKE = torch.tensor([0.4, -1.7, 0.0, 2.5, -1.0, 3.0], dtype=torch.float64)


def D(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


LOSSES: dict[str, Loss] = {name: find_loss(name) for name in choices(LossName)}
CRITIC: dict[str, Callable[[float, float], float]] = {
    "minimax": lambda r, f: -math.log(D(r)) - math.log(1 - D(f)),
    "non-saturating": lambda r, f: -math.log(D(r)) - math.log(1 - D(f)),
    "least-squares": lambda r, f: ((r - 1) ** 2 + f**2) / 2,
    "wasserstein": lambda r, f: f - r,
    "hinge": lambda r, f: max(0.0, 1 - r) + max(0.0, 1 + f),
    "relativistic": lambda r, f: -math.log(D(r - f)),
}
GENERATOR: dict[str, Callable[[float, float], float]] = {
    "minimax": lambda r, f: math.log(1 - D(f)),
    "non-saturating": lambda r, f: -math.log(D(f)),
    "least-squares": lambda r, f: (f - 1) ** 2 / 2,
    "wasserstein": lambda r, f: -f,
    "hinge": lambda r, f: -f,
    "relativistic": lambda r, f: -math.log(D(f - r)),
}


def slopes(
    objective: Callable[[Tensor, Tensor], Tensor], real: Tensor, fake: Tensor
) -> list[Tensor]:
    """Gradients in the logits of real and of fake images; zeros where one is not looked at."""
    logits = [real.clone().requires_grad_(), fake.clone().requires_grad_()]
    total = objective(*logits).sum()
    found = torch.autograd.grad(total, logits, allow_unused=True)
    return [torch.zeros_like(real) if slope is None else slope for slope in found]


def test_every_configurable_loss_exists() -> None:
    assert all(isinstance(loss, Loss) for loss in LOSSES.values())
    assert set(LOSSES) == set(CRITIC) == set(GENERATOR)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_their_papers_formulas_for_each_sample(name: str) -> None:
    pairs = list(zip(REAL.tolist(), FAKE.tolist(), strict=True))
    critic = torch.tensor([CRITIC[name](r, f) for r, f in pairs], dtype=torch.float64)
    generator = torch.tensor([GENERATOR[name](r, f) for r, f in pairs], dtype=torch.float64)

    torch.testing.assert_close(LOSSES[name].critic(REAL, FAKE), critic)
    torch.testing.assert_close(LOSSES[name].generator(REAL, FAKE), generator)


@pytest.mark.parametrize("name", LOSSES)
def test_the_critic_raises_real_and_lowers_fake_and_the_generator_raises_fake(name: str) -> None:
    real, fake = torch.tensor([0.2]).double(), torch.tensor([-0.1]).double()
    if name == "least-squares":
        fake = -fake  # its target for fake is 0, from above

    real_slope, fake_slope = slopes(LOSSES[name].critic, real, fake)
    assert real_slope < 0 < fake_slope

    _, fake_slope = slopes(LOSSES[name].generator, real, fake)
    assert fake_slope < 0


@pytest.mark.parametrize("name", LOSSES)
def test_only_a_loss_that_needs_real_images_has_the_generator_look_at_them(name: str) -> None:
    real_slope, _ = slopes(LOSSES[name].generator, REAL, FAKE)

    assert bool(real_slope.any()) == LOSSES[name].needs_real


def test_a_logistic_critic_that_cannot_tell_loses_twice_log_two() -> None:
    half = torch.zeros(1, dtype=torch.float64)

    for name in ("minimax", "non-saturating"):
        assert LOSSES[name].critic(half, half).item() == pytest.approx(2 * math.log(2))
    assert LOSSES["relativistic"].critic(half, half).item() == pytest.approx(math.log(2))


def test_the_non_saturating_generator_learns_where_the_minimax_one_does_not() -> None:
    sure = torch.tensor([-20.0], dtype=torch.float64)

    _, minimax = slopes(LOSSES["minimax"].generator, sure, sure)
    _, non_saturating = slopes(LOSSES["non-saturating"].generator, sure, sure)
    assert abs(minimax.item()) < 1e-8
    assert non_saturating.item() == pytest.approx(-1.0)


def test_the_best_least_squares_critic_rests_at_its_targets() -> None:
    one, zero = torch.ones(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)

    assert [slope.item() for slope in slopes(LOSSES["least-squares"].critic, one, zero)] == [0, 0]


def test_the_hinge_critic_rests_beyond_the_margin() -> None:
    real, fake = torch.tensor([1.5]).double(), torch.tensor([-1.5]).double()

    assert [slope.item() for slope in slopes(LOSSES["hinge"].critic, real, fake)] == [0, 0]


@pytest.mark.parametrize("name", LOSSES)
def test_extreme_logits_give_finite_losses_and_slopes(name: str) -> None:
    real, fake = torch.tensor([-1e4, 1e4]), torch.tensor([1e4, -1e4])

    for objective in (LOSSES[name].critic, LOSSES[name].generator):
        assert objective(real, fake).isfinite().all()
        assert all(slope.isfinite().all() for slope in slopes(objective, real, fake))
