"""Periods of the undamped Dirac-GAN, and the methods that never come to rest."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lab.validate.dirac.game import DiracPoint, dirac_game
from lab.validate.dirac.grid import METHODS, ORDERS, column, pairs, updates
from lab.validate.dirac.theory import DiracMethod, Order, period
from lab.validate.part import Cell, Check, Table

PERIOD_TOLERANCE = 0.005
PERIOD_STEPS = (0.1, 0.4, 1.2)
PERIOD_ROUNDS = 1000
PERIOD_START = 1e-4
RESTLESS_STEPS, RESTLESS_STARTS = (0.03, 0.1, 0.3), (0.5, 1.0, 2.0)
RESTLESS_ROUNDS = 2500


@dataclass(frozen=True)
class BoundedCycle:
    """A method without a derivative at 0, so without an eigenvalue: only what its path does."""

    method: DiracMethod
    weight: float
    clip: float | None
    order: Order


NEVER_AT_REST = (
    (DiracMethod("WGAN-GP", "wasserstein", "wgan-gp"), 1.0, None),
    (DiracMethod("WGAN, weights clipped at 1", "wasserstein"), 0.0, 1.0),
)
"""Method, weight of its penalty, clip."""
RESTLESS = tuple(
    BoundedCycle(method, weight, clip, order)
    for method, weight, clip in NEVER_AT_REST
    for order in ORDERS[:2]
)
UNDAMPED = tuple(method for method in METHODS if not method.damped and method.rule == "descent")

Rows = list[list[Cell]]


def period_rows(method: DiracMethod) -> Rows:
    """Method, both steps, the formula's period, the measured one, their relative difference."""
    steps = pairs(PERIOD_STEPS)
    start = torch.full_like(steps.theta, PERIOD_START)
    game = dirac_game(
        method, 0.0, start=DiracPoint(start, 0 * start), steps=steps, order="critic first"
    )
    paths = game.played(PERIOD_ROUNDS).theta.unbind(1)
    rows: Rows = []
    for h_g, h_d, path in zip(steps.theta.tolist(), steps.psi.tolist(), paths, strict=True):
        formula, measured = period(method, h_g, h_d), _turn(path)
        rows.append([method.name, h_g, h_d, formula, measured, abs(measured / formula - 1)])
    return rows


def _turn(values: Tensor) -> float:
    """Mean distance of upward zeros, each placed by a line between its neighbours."""
    upward = ((values[:-1] < 0) & (values[1:] >= 0)).nonzero().flatten()
    places = upward + values[upward] / (values[upward] - values[upward + 1])
    return float((places[-1] - places[0]) / (len(places) - 1))


def period_table(rows: Rows) -> Table:
    """The rows of every undamped method."""
    return Table(
        "Rounds of one turn, without damping, alternating updates",
        ("method", "generator step", "critic step", "formula", "measured", "relative error"),
        rows,
        f"Measured between the first and the last upward zero of theta in {PERIOD_ROUNDS:,} "
        "rounds.",
    )


def period_check(periods: Table) -> Check:
    """That the formula's period is the trajectories'."""
    worst = max(column(periods, -1))
    return Check(
        "Undamped alternating updates turn with period 2 pi / (2 asin(f' sqrt(h_g h_d) / 2)).",
        worst <= PERIOD_TOLERANCE,
        f"largest relative error {worst:.1e} over {len(periods.rows)} trajectories; "
        f"allowed {PERIOD_TOLERANCE}",
    )


def restless_rows(restless: BoundedCycle) -> Rows:
    """Method, updates, step, start, farthest point of the third quarter and of the last."""
    both = torch.cartesian_prod(
        torch.tensor(RESTLESS_STEPS, dtype=torch.float64),
        torch.tensor(RESTLESS_STARTS, dtype=torch.float64),
    )
    step, start = both.unbind(1)
    game = dirac_game(
        restless.method,
        restless.weight,
        start=DiracPoint(start, 0 * start),
        steps=DiracPoint(step, step),
        order=restless.order,
        clip=restless.clip,
    )
    path = game.played(RESTLESS_ROUNDS)
    distance = (path.theta.square() + path.psi.square()).sqrt()
    third, last = (part.amax(0).tolist() for part in distance.chunk(4)[2:])
    return [
        [restless.method.name, updates(restless.order), *pair, before, after]
        for pair, before, after in zip(both.tolist(), third, last, strict=True)
    ]


def restless_table(rows: Rows) -> Table:
    """The rows of every restless method."""
    return Table(
        "Methods that never come to rest",
        ("method", "updates", "step", "start", "farthest, third quarter", "last quarter"),
        rows,
        f"{RESTLESS_ROUNDS:,} rounds, the same step for both players; distance is "
        "sqrt(theta^2 + psi^2).",
    )


def restless_check(cycles: Table) -> Check:
    """Bounded: the farthest point of a quarter is that of the one before. Never at rest: it is
    no nearer than the start, or than the slope's bound 1 where the start was beyond it."""
    third, last, starts = (column(cycles, index) for index in (-2, -1, 3))
    growth = [after / before for before, after in zip(third, last, strict=True)]
    kept = [end / min(1.0, start) for end, start in zip(last, starts, strict=True)]
    return Check(
        "WGAN-GP and the clipped WGAN cycle for ever: bounded, and never at rest.",
        min(growth) > 0.98 and max(growth) < 1.02 and min(kept) > 0.98,
        f"{len(cycles.rows)} trajectories of {RESTLESS_ROUNDS:,} rounds end {min(last):.2f} to "
        f"{max(last):.2f} from the equilibrium; from the third quarter to the last the "
        f"farthest point changes by a factor of {min(growth):.4f} to {max(growth):.4f}",
    )
