"""What of the Dirac-GAN is measured: methods, strengths, steps, orders of the updates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from lab.validate.dirac.game import Point
from lab.validate.dirac.theory import Method, Order
from lab.validate.part import Table

METHODS = (
    Method("GAN", "minimax"),
    Method("non-saturating GAN", "non-saturating"),
    Method("relativistic GAN", "relativistic"),
    Method("WGAN", "wasserstein"),
    Method("GAN + R1", "minimax", "r1"),
    Method("non-saturating + R1", "non-saturating", "r1"),
    Method("WGAN + R1", "wasserstein", "r1"),
    Method("GAN + R2", "minimax", "r2"),
    Method("WGAN + R2", "wasserstein", "r2"),
    Method("relativistic + R1 + R2", "relativistic", "r1-r2"),
    Method("GAN + zero-centred GP", "minimax", "zero-gp"),
    Method("GAN + instance noise", "minimax", noisy=True),
    Method("non-saturating + instance noise", "non-saturating", noisy=True),
    Method("GAN + consensus", "minimax", consensus=True),
    Method("WGAN + consensus", "wasserstein", consensus=True),
)
ORDERS: tuple[Order, ...] = ("simultaneous", "critic first", "generator first")


@dataclass(frozen=True)
class Sizes:
    """How much is played."""

    strengths: tuple[float, ...]
    """Weights of penalty and consensus, and sigma of noise."""
    num_steps: int
    """Sizes of each player's step, evenly in the logarithm from `steps_from` to `steps_to`."""
    steps_from: float = 0.05
    steps_to: float = 8.0

    @property
    def steps(self) -> list[float]:
        edges = math.log(self.steps_from), math.log(self.steps_to)
        return torch.linspace(*edges, self.num_steps, dtype=torch.float64).exp().tolist()


QUICK = Sizes(strengths=(0.5, 1.0, 2.0), num_steps=10)
FULL = Sizes(strengths=(0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 4.0), num_steps=24)


def strengths(method: Method, sizes: Sizes) -> tuple[float, ...]:
    """Those to measure; of a method without one, a 0."""
    return sizes.strengths if method.damped else (0.0,)


def orders(method: Method) -> tuple[Order, ...]:
    """Consensus is a simultaneous update by its definition."""
    return ORDERS[:1] if method.consensus else ORDERS


def updates(order: Order) -> str:
    """As a reader knows them."""
    return order if order == "simultaneous" else "alternating"


def pairs(steps: Sequence[float]) -> Point:
    """Every generator step with every critic step."""
    pairs = torch.cartesian_prod(*[torch.tensor(steps, dtype=torch.float64)] * 2)
    return Point(pairs[:, 0].clone(), pairs[:, 1].clone())


def diagonal(steps: Sequence[float]) -> Point:
    """The same step for both players."""
    both = torch.tensor(steps, dtype=torch.float64)
    return Point(both, both)


def column(table: Table, index: int) -> list[float]:
    """The numbers of one column."""
    return [float(row[index]) for row in table.rows]  # type: ignore[arg-type]
