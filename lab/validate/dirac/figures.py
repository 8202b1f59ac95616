"""Figures of the Dirac-GAN: phase portraits, and where R1 holds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from lab.validate.dirac.cycles import NEVER_AT_REST
from lab.validate.dirac.game import DiracPoint, dirac_game
from lab.validate.dirac.grid import METHODS, ORDERS, updates
from lab.validate.dirac.sweeps import Played, Sweep
from lab.validate.dirac.theory import OUTCOMES, DiracMethod, Order
from lab.validate.part import Plane, Planes, Series


def portraits() -> Planes:
    """Paths from one start, large enough for the field's bend to show."""
    portraits: list[tuple[str, DiracMethod, float, Order, float | None]] = [
        ("GAN, simultaneous", METHODS[0], 0.0, "simultaneous", None),
        ("GAN, alternating", METHODS[0], 0.0, "critic first", None),
        ("R1, gamma 0.3", METHODS[4], 0.3, "critic first", None),
        ("R1, gamma 1 (critical)", METHODS[4], 1.0, "critic first", None),
        ("instance noise, sigma 1", METHODS[11], 1.0, "critic first", None),
        ("consensus, gamma 1", METHODS[13], 1.0, "simultaneous", None),
        ("extragradient", METHODS[15], 0.0, "simultaneous", None),
        ("lookahead 5", METHODS[19], 0.0, "critic first", None),
        ("WGAN-GP", NEVER_AT_REST[0][0], 1.0, "critic first", None),
        ("WGAN, clipped", NEVER_AT_REST[1][0], 0.0, "critic first", 1.0),
    ]
    planes = []
    for title, method, strength, order, clip in portraits:
        one = torch.ones(1, dtype=torch.float64)
        game = dirac_game(
            method, strength, start=DiracPoint(one, one), steps=DiracPoint(0.1 * one, 0.1 * one),
            order=order, clip=clip,
        )  # fmt: skip
        path = game.played(600)
        line = _series("path", path.theta[:, 0], path.psi[:, 0], line=True)
        planes.append(Plane(title, [line, _series("start", one, one)]))
    note = "600 rounds from (1, 1), both steps 0.1."
    return Planes("Phase portraits", "theta", "psi", planes, note, square=True)


def region(sweeps: Sequence[Sweep], swept: Sequence[list[Played]]) -> Planes:
    """R1 in the two numbers that decide: h_d gamma, and h_g f'^2 / gamma."""
    planes = []
    for order in ORDERS[:2]:
        marks: dict[str, list[tuple[float, float]]] = {name: [] for name in OUTCOMES}
        for sweep, points in zip(sweeps, swept, strict=True):
            if sweep.method.penalty != "r1" or sweep.order != order:
                continue
            gamma, slope = sweep.method.damping(sweep.strength), sweep.method.slope
            for point in points:
                mark = (point.critic_step * gamma, point.generator_step * slope**2 / gamma)
                marks[point.observed].append(mark)
        series = [_series("condition", *_edge(order), line=True)]
        for name, coordinates in marks.items():
            if coordinates:
                x, y = zip(*coordinates, strict=True)
                series.append(Series(name, _short(x), _short(y)))
        planes.append(Plane(f"R1, {updates(order)}", series))
    return Planes(
        "What trajectories with R1 did, and the condition",
        "h_d gamma",
        "h_g f'^2 / gamma",
        planes,
        "One mark a trajectory of the grid, boundary cases included; every loss with R1.",
        log=True,
    )


def _edge(order: Order) -> tuple[Tensor, Tensor]:
    """The condition's border: (h_d gamma, h_g f'^2 / gamma)."""
    if order != "simultaneous":
        across = torch.logspace(-0.9, 0.299, 60, dtype=torch.float64)
        return across, 4 / across - 2
    across = torch.logspace(-2, math.log10(4), 30, dtype=torch.float64)
    back = torch.linspace(4, 2.02, 30, dtype=torch.float64)
    return torch.cat([across, back]), torch.cat([torch.ones(30), 2 - 4 / back])


def _series(name: str, x: Tensor, y: Tensor, *, line: bool = False) -> Series:
    return Series(name, _short(x.tolist()), _short(y.tolist()), line)


def _short(values: Sequence[float]) -> list[float]:
    """Four digits are more than a figure shows."""
    return [float(f"{value:.4g}") for value in values]
