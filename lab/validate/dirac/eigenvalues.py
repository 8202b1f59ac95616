"""Eigenvalues of the Dirac-GAN: of the field by autograd, of a round by playing it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import permutations

import torch

from lab.config import make_config, value_of
from lab.gan.penalties import PenaltyInputs, r1
from lab.validate.dirac.game import DiracPoint, LineCritic, dirac_game, step_jacobian
from lab.validate.dirac.grid import METHODS, SweepSizes, column, diagonal, orders, pairs, strengths
from lab.validate.dirac.theory import DiracMethod, Order, field_eigenvalues, step_eigenvalues
from lab.validate.part import Cell, Check, Table

TOLERANCE = 1e-6
"""Of an eigenvalue, in the complex plane."""
MEASURED_STEPS = (0.07, 0.3, 1.1, 2.3)
"""Steps whose maps have no double eigenvalue, where an error of 1e-12 would show as 1e-6."""


def eigenvalue_tables(sizes: SweepSizes) -> tuple[Table, Table]:
    fields: list[list[Cell]] = []
    rounds: list[list[Cell]] = []
    for method in METHODS:
        for strength in strengths(method, sizes):
            measured, theory = _field_pair(method, strength)
            error = distance(measured, theory)
            fields.append(
                [method.name, strength if method.damped else None, _shown(theory),
                 _shown(measured), error]
            )  # fmt: skip
            for order in orders(method):
                points = (diagonal if method.consensus else pairs)(MEASURED_STEPS)
                error = _round_error(method, strength, points, order)
                rounds.append(
                    [method.name, strength if method.damped else None, order,
                     len(points.theta), error]
                )  # fmt: skip
    return (
        Table(
            "Eigenvalues of the gradient field at the equilibrium",
            ("method", "strength", "formula", "measured", "distance"),
            fields,
            "Measured: the derivative, by automatic differentiation, of minus each player's "
            "gradient of the lab's own objective, penalties included. Strength: the weight of "
            "the penalty (as configured in the lab) or of consensus, or sigma of the noise.",
        ),
        Table(
            "Eigenvalues of a played round at the equilibrium",
            ("method", "strength", "updates", "pairs of steps", "largest distance"),
            rounds,
            "Measured: central differences over rounds that the lab's games played: of lookahead "
            "over its k rounds, of optimistic descent with both last directions as part of the "
            "state. The two alternating orders have the same eigenvalues, as AB and BA have; "
            "Game.step plays the critic first.",
        ),
    )


def _field_pair(method: DiracMethod, strength: float) -> tuple[list[complex], list[complex]]:
    zero = torch.zeros(1, dtype=torch.float64)
    rest = DiracPoint(zero, zero)
    game = dirac_game(method, strength, start=rest, steps=rest, order="simultaneous")
    measured: list[complex] = torch.linalg.eigvals(game.field_jacobian()[0]).tolist()
    return measured, list(field_eigenvalues(method, strength))


def _round_error(method: DiracMethod, strength: float, steps: DiracPoint, order: Order) -> float:
    """The largest distance of measured from theoretical eigenvalues over pairs of steps."""
    jacobians = step_jacobian(method, strength, steps, order)
    measured: list[list[complex]] = torch.linalg.eigvals(jacobians).tolist()
    points = zip(steps.theta.tolist(), steps.psi.tolist(), strict=True)
    return max(
        distance(pair, list(step_eigenvalues(method, strength, *point, order)))
        for pair, point in zip(measured, points, strict=True)
    )


def distance(measured: Sequence[complex], theory: Sequence[complex]) -> float:
    """Largest difference of eigenvalues, in the best of their pairings."""
    return min(
        max(abs(one - other) for one, other in zip(measured, paired, strict=True))
        for paired in permutations(theory)
    )


def eigenvalue_checks(fields: Table, rounds: Table) -> list[Check]:
    return [
        Check(
            "The field's eigenvalues at the equilibrium are those of the table, for every method.",
            max(column(fields, -1)) <= TOLERANCE,
            f"largest distance {max(column(fields, -1)):.1e} over {len(fields.rows)} "
            f"configurations of {len(METHODS)} methods; allowed {TOLERANCE:.0e}",
        ),
        Check(
            "A played round's eigenvalues are those of theory, simultaneous or alternating in "
            "either order.",
            max(column(rounds, -1)) <= TOLERANCE,
            f"largest distance {max(column(rounds, -1)):.1e} over "
            f"{sum(column(rounds, 3)):,.0f} pairs of steps; allowed {TOLERANCE:.0e}",
        ),
    ]


def convention_check() -> Check:
    """That the weight in the configuration is gamma on half the squared norm."""
    psi, gamma = 3.0, value_of(make_config({}, {"penalty.kind": "r1"}).penalty.weight, 0)
    critic = LineCritic(torch.tensor([psi], dtype=torch.float64))
    image = torch.zeros(1, 1, 1, 1, dtype=torch.float64)
    paid = gamma * r1(PenaltyInputs(critic, image, image, None, None, image, None)).sum()
    (slope,) = torch.autograd.grad(paid, critic.psi)
    return Check(
        "R1's weight in the lab is Mescheder's gamma: it multiplies half the squared norm.",
        math.isclose(float(paid.detach()), gamma / 2 * psi**2)
        and math.isclose(float(slope), gamma * psi),
        f"at weight {gamma:g} and slope {psi:g} the critic pays {float(paid.detach()):g} "
        f"(gamma/2 psi^2 = {gamma / 2 * psi**2:g}) and is pulled by {float(slope):g} "
        f"(gamma psi = {gamma * psi:g})",
    )


def critical_check() -> Check:
    """Overdamped from gamma = 2 f' on: the eigenvalues turn real there."""
    near, held, clauses = 1e-3, [], []
    for method in METHODS:
        if method.penalty not in ("r1", "r2"):
            continue
        critical = 2 * method.slope
        below, _ = _field_pair(method, critical * (1 - near))
        above, _ = _field_pair(method, critical * (1 + near))
        held.append(_turns(below) and not _turns(above))
        clauses.append(f"{method.name} at {critical:g}")
    return Check(
        "With R1 or R2 the rotation ends at the critical gamma, 2 f'.",
        all(held),
        f"complex at {1 - near:g} of it and real at {1 + near:g}: {', '.join(clauses)}",
    )


def _turns(eigenvalues: Sequence[complex]) -> bool:
    return max(abs(value.imag) for value in eigenvalues) > TOLERANCE


def _shown(pair: Sequence[complex]) -> str:
    """`-0.5 +- 0.43i`, or two real numbers."""
    first, second = sorted(pair, key=lambda value: (value.real, value.imag))
    if abs(first.imag) > TOLERANCE:
        return f"{second.real:.6f} ± {abs(second.imag):.6f}i"
    return f"{first.real:.6f}, {second.real:.6f}"
