"""Penalties where the gradient is known: a linear critic w.x, and a quadratic one a/2 |x|^2."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from lab.config import CriticNorm, NetworkConfig, PenaltyKind, choices
from lab.gan.networks import Critic, build_critic
from lab.gan.penalties import Penalty, PenaltyInputs, find_penalty

PENALTIES: dict[str, Penalty] = {
    name: find_penalty(name) for name in choices(PenaltyKind) if name != "none"
}
B, C, H, W = 5, 2, 3, 4


def drawn(*size: int, seed: int) -> Tensor:
    return torch.rand(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


REAL = 2 * drawn(B, C, H, W, seed=1) - 1
FAKE = 2 * drawn(B, C, H, W, seed=2) - 1
MIX = drawn(B, 1, 1, 1, seed=3)
NOISE = drawn(B, C, H, W, seed=4)


def inputs(critic: Callable[[Tensor, Tensor | None], Tensor]) -> PenaltyInputs:
    return PenaltyInputs(critic, REAL, FAKE, None, None, MIX, NOISE)


def squared_norm(images: Tensor) -> Tensor:
    return (images**2).sum(dim=(1, 2, 3))


def linear(weight: Tensor) -> Callable[[Tensor, Tensor | None], Tensor]:
    """Its gradient is `weight` everywhere."""
    return lambda images, labels: (images * weight).sum(dim=(1, 2, 3))


def quadratic(a: float) -> Callable[[Tensor, Tensor | None], Tensor]:
    """Its gradient is a x, so each penalty tells where it was taken."""
    return lambda images, labels: a / 2 * squared_norm(images)


def test_every_configurable_penalty_exists() -> None:
    assert all(isinstance(penalty, Penalty) for penalty in PENALTIES.values())
    assert find_penalty("none")(inputs(quadratic(0.7))).tolist() == [0.0] * B


def test_a_linear_critic_pays_by_its_slope_alone() -> None:
    weight = drawn(C, H, W, seed=5)
    square = float((weight**2).sum())
    expected = {
        "wgan-gp": (square**0.5 - 1) ** 2,
        "dragan": (square**0.5 - 1) ** 2,
        "zero-gp": square,
        "r1": square / 2,
        "r2": square / 2,
        "r1-r2": square,
    }

    for name, penalty in PENALTIES.items():
        found = penalty(inputs(linear(weight)))
        assert found.shape == (B,)
        assert found.tolist() == pytest.approx([expected[name]] * B), name


def test_a_quadratic_critic_shows_where_each_penalty_looks() -> None:
    a = 0.7
    between = (1 - MIX) * REAL + MIX * FAKE
    deviation = REAL.flatten(1).std(dim=1)[:, None, None, None]
    round_real = REAL + MIX * 0.5 * deviation * NOISE
    expected = {
        "wgan-gp": (a * squared_norm(between).sqrt() - 1) ** 2,
        "zero-gp": a**2 * squared_norm(between),
        "r1": a**2 * squared_norm(REAL) / 2,
        "r2": a**2 * squared_norm(FAKE) / 2,
        "r1-r2": a**2 * (squared_norm(REAL) + squared_norm(FAKE)) / 2,
        "dragan": (a * squared_norm(round_real).sqrt() - 1) ** 2,
    }

    for name, penalty in PENALTIES.items():
        torch.testing.assert_close(penalty(inputs(quadratic(a))), expected[name])


def test_the_gradient_of_a_penalty_in_the_critics_weights_is_exact() -> None:
    weight = drawn(C, H, W, seed=5).requires_grad_()
    for name, factor in {"r1": 1.0, "zero-gp": 2.0}.items():
        (slope,) = torch.autograd.grad(PENALTIES[name](inputs(linear(weight))).mean(), weight)
        torch.testing.assert_close(slope, factor * weight.detach())


def test_float64_penalties_are_not_rounded_to_float32() -> None:
    weight = drawn(C, H, W, seed=5)
    found = PENALTIES["zero-gp"](inputs(linear(weight)))

    assert found.dtype == torch.float64
    assert abs(float(found[0]) - float((weight**2).sum())) < 1e-13


def test_a_flat_critic_gets_finite_slopes_from_every_penalty() -> None:
    for name, penalty in PENALTIES.items():
        weight = torch.zeros(C, H, W, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(penalty(inputs(linear(weight))).sum(), weight)
        assert slope.isfinite().all(), name


def test_only_the_penalties_listed_look_at_the_noise() -> None:
    for name, penalty in PENALTIES.items():
        quiet = inputs(quadratic(1.0))._replace(noise=torch.zeros_like(NOISE))
        changed = not torch.equal(penalty(quiet), penalty(inputs(quadratic(1.0))))
        assert changed == (penalty.needs_noise), name


@pytest.mark.parametrize("name", PENALTIES)
def test_a_sample_is_penalised_alike_alone_and_in_a_batch(name: str) -> None:
    whole = PENALTIES[name](inputs(quadratic(0.7)))
    alone = [
        PENALTIES[name](
            PenaltyInputs(quadratic(0.7), REAL[i], FAKE[i], None, None, MIX[i], NOISE[i])
        )
        for i in (slice(0, 2), slice(2, B))
    ]

    torch.testing.assert_close(torch.cat(alone), whole)


def small_critic(norm: CriticNorm, *, num_classes: int) -> Critic:
    config = NetworkConfig(
        architecture="dcgan", width=1 / 16, critic_norm=norm, conditional=num_classes > 0
    )
    draw = torch.Generator().manual_seed(0)
    return build_critic(config, resolution=32, channels=1, num_classes=num_classes, rng=draw)


@pytest.mark.parametrize("norm", choices(CriticNorm))
@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("num_classes", [0, 3])
def test_double_backward_reaches_every_weight_that_shapes_the_slope(
    name: str, norm: CriticNorm, num_classes: int
) -> None:
    critic = small_critic(norm, num_classes=num_classes)
    labels = torch.tensor([0, 1, 2, 0]) if num_classes else None
    images = (2 * drawn(4, 1, 32, 32, seed=1) - 1).float()
    fake = (2 * drawn(4, 1, 32, 32, seed=2) - 1).float()
    mix, noise = drawn(4, 1, 1, 1, seed=3).float(), drawn(4, 1, 32, 32, seed=4).float()

    PENALTIES[name](
        PenaltyInputs(critic, images, fake, labels, labels, mix, noise)
    ).mean().backward()

    for weight in (parameter for parameter in critic.parameters() if parameter.dim() > 1):
        assert weight.grad is not None
        assert weight.grad.isfinite().all()
        assert weight.grad.abs().max() > 0
