"""Eigenvalues of games whose Jacobian is known, and a generator whose condition is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from lab.errors import InputError
from lab.stability.jacobian import (
    MAX_PARAMETERS,
    game_spectrum,
    generator_condition,
    require_small,
    transposed_product,
)

SEED = 3


def drawn(*size: int, seed: int = SEED) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed)).double()


class QuadraticGame:
    """L_G = x'Ax/2 + x'By, L_D = y'Cy/2 - x'By: v is linear, with a Jacobian in blocks."""

    def __init__(self, size: int) -> None:
        a, c = drawn(size, size), drawn(size, size, seed=4)
        self.a, self.c = a @ a.t() / size, c @ c.t() / size
        self.b = drawn(size, size, seed=5)
        self.x, self.y = (drawn(size, seed=seed).requires_grad_() for seed in (6, 7))

    def losses(self) -> tuple[Tensor, Tensor]:
        x, y = self.x, self.y
        return x @ self.a @ x / 2 + x @ self.b @ y, y @ self.c @ y / 2 - x @ self.b @ y

    def jacobian(self) -> np.ndarray:
        top, bottom = torch.cat([-self.a, -self.b], 1), torch.cat([self.b.t(), -self.c], 1)
        return torch.cat([top, bottom]).numpy()


@pytest.mark.parametrize("size", [2, 20])
def test_the_spectrum_of_a_quadratic_game_is_that_of_its_blocks(size: int) -> None:
    game = QuadraticGame(size)
    found = game_spectrum(
        game.losses, [game.x], [game.y], drawn(2 * size, seed=8), tolerance=1e-10
    )
    true = np.linalg.eigvals(game.jacobian())

    assert found.real_max == pytest.approx(true.real.max(), abs=1e-6)
    assert found.imag_max == pytest.approx(true.imag.max(), abs=1e-6)
    assert found.modulus_max == pytest.approx(np.abs(true).max(), abs=1e-6)


def test_a_bilinear_game_only_rotates() -> None:
    x, y = (torch.tensor([value], dtype=torch.float64, requires_grad=True) for value in (2.0, 3.0))
    found = game_spectrum(lambda: (0.7 * x @ y, -0.7 * x @ y), [x], [y], drawn(2))
    assert found == pytest.approx((0.0, 0.7, 0.7), abs=1e-12)


def test_a_product_is_that_of_the_transposed_jacobian() -> None:
    game = QuadraticGame(5)
    product, size = transposed_product(game.losses, [game.x], [game.y])
    vector = drawn(10, seed=9).numpy()
    assert size == 10
    np.testing.assert_allclose(product(vector), game.jacobian().T @ vector, atol=1e-12)


def test_a_weight_without_effect_has_eigenvalue_zero() -> None:
    used, unused = (torch.ones(1, dtype=torch.float64, requires_grad=True) for _ in range(2))
    found = game_spectrum(
        lambda: (used.square().sum(), 3 * used.sum()), [used], [unused], drawn(2)
    )
    assert found == pytest.approx((0.0, 0.0, 2.0))


def test_networks_that_are_too_large_are_refused_in_one_sentence() -> None:
    require_small(MAX_PARAMETERS)
    with pytest.raises(InputError, match=r"1,000,000 parameters; it is for at most .*width"):
        require_small(1_000_000)


def test_the_condition_of_a_linear_generator_is_its_singular_values_ratio_squared() -> None:
    left, right = torch.linalg.qr(drawn(30, 3)).Q, torch.linalg.qr(drawn(3, 3)).Q
    weight = left @ torch.diag(torch.tensor([6.0, 3.0, 2.0]).double()) @ right
    found = generator_condition(lambda z: (z @ weight.t()).view(-1, 2, 15), drawn(4, 3))
    assert found == pytest.approx(9.0, abs=1e-6)


def test_the_condition_of_several_codes_is_their_geometric_mean() -> None:
    codes = torch.tensor([[1.0, 1.0], [1.0, 10.0]], dtype=torch.float64)
    found = generator_condition(lambda z: z.square() / 2, codes)
    assert found == pytest.approx(10.0)


@pytest.mark.parametrize("lost", [1, 2])
def test_directions_without_effect_give_a_large_condition_and_not_infinity(lost: int) -> None:
    kept = torch.tensor([1.0] * (2 - lost) + [0.0] * lost)
    found = generator_condition(lambda z: z * kept, torch.ones(3, 2))
    assert found == pytest.approx(torch.finfo(torch.float32).eps ** -2, rel=1e-4)
