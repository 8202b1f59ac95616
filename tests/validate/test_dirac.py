"""The Dirac-GAN: the lab's own game against the table's formulas."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from lab.validate.dirac.cycles import RESTLESS, period_rows, restless_check, restless_table
from lab.validate.dirac.eigenvalues import TOLERANCE, convention_check, critical_check, distance
from lab.validate.dirac.game import DiracPoint, dirac_game, step_jacobian
from lab.validate.dirac.grid import METHODS, SweepSizes, diagonal, orders, pairs
from lab.validate.dirac.sweeps import (
    Played,
    Sweep,
    agreement_checks,
    outcomes_of,
    play,
)
from lab.validate.dirac.theory import (
    DiracMethod,
    Order,
    expected,
    field_eigenvalues,
    is_close_call,
    is_stable,
    period,
    step_eigenvalues,
)

BY_NAME = {method.name: method for method in METHODS}
GAN = BY_NAME["GAN"]
R1 = BY_NAME["GAN + R1"]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_the_fields_eigenvalues_are_the_formulas(method: DiracMethod) -> None:
    zero = torch.zeros(1, dtype=torch.float64)
    rest = DiracPoint(zero, zero)
    for strength in (0.4, 3.0) if method.damped else (0.0,):
        game = dirac_game(method, strength, start=rest, steps=rest, order="simultaneous")
        found = torch.linalg.eigvals(game.field_jacobian()[0]).tolist()
        assert distance(found, field_eigenvalues(method, strength)) < TOLERANCE


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_played_rounds_eigenvalues_are_theorys(method: DiracMethod) -> None:
    steps = (diagonal if method.consensus else pairs)((0.2, 1.3))
    for order in orders(method):
        found = torch.linalg.eigvals(step_jacobian(method, 0.7, steps, order)).tolist()
        for mine, h_g, h_d in zip(found, steps.theta.tolist(), steps.psi.tolist(), strict=True):
            theory = step_eigenvalues(method, 0.7, h_g, h_d, order)
            assert distance(mine, theory) < TOLERANCE


@pytest.mark.parametrize(
    ("method", "order"),
    [(method, order) for method in METHODS if not method.consensus for order in orders(method)],
    ids=str,
)
def test_the_written_condition_is_that_of_the_eigenvalues(
    method: DiracMethod, order: Order
) -> None:
    for h_g in (0.05, 0.4, 1.5, 5.0):
        for h_d in (0.07, 0.6, 2.0, 7.0):
            for strength in (0.3, 1.1, 2.6) if method.damped else (0.0,):
                values = step_eigenvalues(method, strength, h_g, h_d, order)
                modulus = max(abs(value) for value in values)
                if abs(modulus - 1) > 1e-9:
                    stable = is_stable(method, strength, h_g, h_d, order)
                    assert stable == (modulus < 1), (h_g, h_d, strength)


def test_consensus_is_stable_below_its_largest_step() -> None:
    method, gamma = BY_NAME["GAN + consensus"], 1.0
    largest = 2 * gamma / (1 + gamma**2 * 0.25)
    for step, stable in ((0.99 * largest, True), (1.01 * largest, False)):
        values = step_eigenvalues(method, gamma, step, step, "simultaneous")
        assert is_stable(method, gamma, step, step, "simultaneous") == stable
        assert (max(abs(value) for value in values) < 1) == stable


def test_the_weight_of_r1_is_gamma_on_half_the_square() -> None:
    assert convention_check().holds


def test_rotation_ends_at_the_critical_gamma() -> None:
    assert critical_check().holds


def outcome(method: DiracMethod, strength: float, order: Order, step: float) -> str:
    steps = diagonal([step])
    start = DiracPoint(1e-4 * steps.theta.sqrt(), 1e-4 * steps.psi.sqrt())
    game = dirac_game(method, strength, start=start, steps=steps, order=order)
    return outcomes_of(game.played(300), steps)[0]


def test_r1_brings_the_dirac_gan_to_rest() -> None:
    assert outcome(R1, 0.5, "critic first", 0.3) == "converges"


def test_alternating_updates_without_damping_cycle() -> None:
    assert outcome(GAN, 0.0, "critic first", 0.3) == "cycles"
    assert outcome(GAN, 0.0, "generator first", 0.3) == "cycles"


def test_simultaneous_updates_without_damping_diverge() -> None:
    assert outcome(GAN, 0.0, "simultaneous", 0.5) == "diverges"


def test_too_much_r1_diverges() -> None:
    assert outcome(R1, 9.0, "critic first", 0.5) == "diverges"


@pytest.mark.parametrize(
    ("name", "largest"),
    [
        ("GAN, extragradient", 2.0),
        ("WGAN, extragradient", 1.0),
        ("GAN, optimistic descent", 2.0 / math.sqrt(3)),
        ("GAN, unrolled 3", 2.0 * math.sqrt(4 / 13)),
    ],
)
def test_looking_ahead_brings_the_undamped_game_to_rest_below_a_largest_step(
    name: str, largest: float
) -> None:
    """1 / f' for extragradient, 1 / (f' sqrt 3) for optimistic descent."""
    order = orders(BY_NAME[name])[0]
    assert outcome(BY_NAME[name], 0.0, order, 0.8 * largest) == "converges"
    assert outcome(BY_NAME[name], 0.0, order, 1.1 * largest) == "diverges"


def test_lookahead_brings_alternating_updates_to_rest_and_small_simultaneous_ones() -> None:
    lookahead = BY_NAME["GAN, lookahead 5"]
    assert outcome(lookahead, 0.0, "critic first", 0.7) == "converges"
    assert outcome(lookahead, 0.0, "simultaneous", 0.5) == "converges"
    assert outcome(lookahead, 0.0, "simultaneous", 2.0) == "diverges"


def test_a_path_that_is_not_finite_has_diverged() -> None:
    path = torch.full((8, 1), math.nan, dtype=torch.float64)
    path[0] = 1.0
    one = torch.ones(1, dtype=torch.float64)
    assert outcomes_of(DiracPoint(path, path), DiracPoint(one, one)) == ["diverges"]


def test_the_measured_period_is_the_formulas() -> None:
    rows = period_rows(GAN)
    assert rows[0][3] == pytest.approx(period(GAN, 0.1, 0.1))
    assert all(float(row[-1]) < 1e-3 for row in rows)  # type: ignore[arg-type]


def test_a_wgan_that_comes_to_rest_would_be_noticed() -> None:
    rows = [["WGAN-GP", "alternating", 0.1, 1.0, 0.5, 0.05]]
    assert not restless_check(restless_table(rows)).holds
    rows = [["WGAN-GP", "alternating", 0.1, 1.0, 2.0, 2.0]]
    assert restless_check(restless_table(rows)).holds
    assert len(RESTLESS) == 4


def test_one_wrong_outcome_breaks_the_agreement() -> None:
    sweep = Sweep(R1, 1.0, "critic first", SweepSizes((1.0,), 3))
    points = play(sweep)
    assert {point.observed for point in points} >= {"converges", "diverges"}
    assert agreement_checks([sweep], [points])[1].holds
    clear = next(i for i, point in enumerate(points) if point.observed == "converges")
    wrong: list[Played] = [*points]
    wrong[clear] = replace(points[clear], observed="diverges", close_call=False)
    assert not agreement_checks([sweep], [wrong])[1].holds


def test_boundary_cases_are_those_near_modulus_one() -> None:
    assert is_close_call(GAN, 0.0, 0.05, 0.05, "simultaneous", 0.01)
    assert not is_close_call(GAN, 0.0, 0.05, 0.05, "critic first", 0.01)
    assert expected(GAN, 0.0, 0.05, 0.05, "critic first") == "cycles"
