"""Trajectories of the Dirac-GAN against the discrete-time conditions, over a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from torch import Tensor

from lab.validate.dirac.game import DiracPoint, dirac_game
from lab.validate.dirac.grid import (
    METHODS,
    ORDERS,
    SweepSizes,
    diagonal,
    orders,
    pairs,
    strengths,
    updates,
)
from lab.validate.dirac.theory import (
    OUTCOMES,
    DiracMethod,
    Order,
    Outcome,
    expected,
    is_close_call,
)
from lab.validate.part import Cell, Check, Matrix, Table

CLOSE_CALL = 0.01
"""Boundary cases: points whose modulus is this near 1 are left out of the agreement."""
START = 1e-4
"""A trajectory begins this far from the equilibrium, where the field is all but linear."""
NUM_ROUNDS = 500
FACTOR = 10.0
"""Grown by this: diverges; shrunk by this: converges; neither: cycles. Outside the margin a
modulus shows itself in three quarters of the rounds: 1.01^375 is 42."""


@dataclass(frozen=True)
class Sweep:
    """All pairs of steps for one method, strength and order, played side by side."""

    method: DiracMethod
    strength: float
    order: Order
    sizes: SweepSizes

    def __str__(self) -> str:
        strength = f", strength {self.strength:g}" if self.method.damped else ""
        return f"{self.method.name}{strength}, {updates(self.order)}"


@dataclass(frozen=True)
class Played:
    """One pair of steps: the outcome by theory, and that of the trajectory."""

    generator_step: float
    critic_step: float
    expected: Outcome
    observed: Outcome
    close_call: bool


def sweeps_of(sizes: SweepSizes) -> list[Sweep]:
    return [
        Sweep(method, strength, order, sizes)
        for method in METHODS
        for strength in strengths(method, sizes)
        for order in orders(method)[:2]
    ]


def play(sweep: Sweep) -> list[Played]:
    """Every pair of steps of a sweep, from the same small deviation."""
    method, strength, order = sweep.method, sweep.strength, sweep.order
    steps = (diagonal if method.consensus else pairs)(sweep.sizes.steps)
    start = DiracPoint(START * steps.theta.sqrt(), START * steps.psi.sqrt())
    game = dirac_game(method, strength, start=start, steps=steps, order=order)
    outcomes = outcomes_of(game.played(NUM_ROUNDS), steps)
    points = zip(steps.theta.tolist(), steps.psi.tolist(), strict=True)
    return [
        Played(
            *point,
            expected(method, strength, *point, order),
            observed,
            is_close_call(method, strength, *point, order, CLOSE_CALL),
        )
        for point, observed in zip(points, outcomes, strict=True)
    ]


def outcomes_of(path: DiracPoint, steps: DiracPoint) -> list[Outcome]:
    """What became of each game, from its path [rounds + 1, m] alone.

    The radius is sqrt(theta^2 / h_g + psi^2 / h_d), which an undamped round keeps to first order.
    The largest of the last quarter is compared with the first of all; NaN and inf have diverged.
    """
    radius = radii(path, steps)
    last = radius[-max(2, len(radius) // 4) :].amax(dim=0)
    grown = (last / radius[0]).nan_to_num(nan=math.inf)
    return [
        "diverges" if factor > FACTOR else "converges" if factor < 1 / FACTOR else "cycles"
        for factor in grown.tolist()
    ]


def radii(path: DiracPoint, steps: DiracPoint) -> Tensor:
    """Distance from the equilibrium, [rounds + 1, m]."""
    return (path.theta.square() / steps.theta + path.psi.square() / steps.psi).sqrt()


def agreement_checks(sweeps: Sequence[Sweep], swept: Sequence[list[Played]]) -> list[Check]:
    checks = []
    for order in ORDERS[:2]:
        mine = [
            point
            for sweep, points in zip(sweeps, swept, strict=True)
            if sweep.order == order
            for point in points
        ]
        clear = [point for point in mine if not point.close_call]
        agreed = sum(point.observed == point.expected for point in clear)
        seen = {point.observed for point in clear}
        possible = {point.expected for point in clear}
        checks.append(
            Check(
                f"Under {updates(order)} updates trajectories converge, cycle or diverge where "
                "the discrete-time condition predicts it.",
                agreed == len(clear) and len(clear) > 0 and seen == possible,
                f"{agreed:,} of {len(clear):,} points agree ({_counted(clear)}); "
                f"{len(mine) - len(clear):,} boundary cases (modulus within {CLOSE_CALL} of 1) "
                "left out",
            )
        )
    return checks


def _counted(points: Sequence[Played]) -> str:
    counts = {name: sum(point.expected == name for point in points) for name in OUTCOMES}
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


def agreement_table(sweeps: Sequence[Sweep], swept: Sequence[list[Played]]) -> Table:
    rows: list[list[Cell]] = []
    for method, order in product(METHODS, ORDERS[:2]):
        points = [
            point
            for sweep, points in zip(sweeps, swept, strict=True)
            if (sweep.method, sweep.order) == (method, order)
            for point in points
        ]
        if not points:
            continue
        clear = [point for point in points if not point.close_call]
        agreed = sum(point.observed == point.expected for point in clear)
        rows.append(
            [
                method.name,
                updates(order),
                agreed,
                len(clear),
                len(points) - len(clear),
                _counted(clear),
            ]
        )
    return Table(
        "Trajectories against the discrete-time condition",
        ("method", "updates", "agree", "of", "boundary cases", "expected"),
        rows,
        "Each point is one trajectory: a pair of steps and a strength. Alternating rounds are "
        "Game.step, critic first; the condition is the same for the other order.",
    )


def named(swept: Sequence[list[Played]]) -> Matrix:
    clear = [point for points in swept for point in points if not point.close_call]
    counts = [
        [
            sum(point.expected == truth and point.observed == name for point in clear)
            for name in OUTCOMES
        ]
        for truth in OUTCOMES
    ]
    return Matrix(
        "Outcomes: theory against trajectory",
        OUTCOMES,
        OUTCOMES,
        counts,
        "Rows: the outcome by the discrete-time condition. Columns: that of the trajectory.",
    )
