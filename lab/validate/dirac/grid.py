"""What of the Dirac-GAN is measured: methods, strengths, steps, orders of the updates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from lab.validate.dirac.game import DiracPoint
from lab.validate.dirac.theory import DiracMethod, Order
from lab.validate.part import Table

METHODS = (
    DiracMethod("GAN", "minimax"),
    DiracMethod("non-saturating GAN", "non-saturating"),
    DiracMethod("relativistic GAN", "relativistic"),
    DiracMethod("WGAN", "wasserstein"),
    DiracMethod("GAN + R1", "minimax", "r1"),
    DiracMethod("non-saturating + R1", "non-saturating", "r1"),
    DiracMethod("WGAN + R1", "wasserstein", "r1"),
    DiracMethod("GAN + R2", "minimax", "r2"),
    DiracMethod("WGAN + R2", "wasserstein", "r2"),
    DiracMethod("relativistic + R1 + R2", "relativistic", "r1-r2"),
    DiracMethod("GAN + zero-centred GP", "minimax", "zero-gp"),
    DiracMethod("GAN + instance noise", "minimax", noisy=True),
    DiracMethod("non-saturating + instance noise", "non-saturating", noisy=True),
    DiracMethod("GAN + consensus", "minimax", consensus=True),
    DiracMethod("WGAN + consensus", "wasserstein", consensus=True),
    DiracMethod("GAN, extragradient", "minimax", rule="extragradient"),
    DiracMethod("WGAN, extragradient", "wasserstein", rule="extragradient"),
    DiracMethod("GAN, optimistic descent", "minimax", rule="optimistic"),
    DiracMethod("WGAN, optimistic descent", "wasserstein", rule="optimistic"),
    DiracMethod("GAN, lookahead 5", "minimax", rule="lookahead", ahead=5),
    DiracMethod("WGAN, lookahead 5", "wasserstein", rule="lookahead", ahead=5),
    DiracMethod("GAN, unrolled 3", "minimax", rule="unrolled", ahead=3),
    DiracMethod("WGAN, unrolled 3", "wasserstein", rule="unrolled", ahead=3),
)
ORDERS: tuple[Order, ...] = ("simultaneous", "critic first", "generator first")


@dataclass(frozen=True)
class SweepSizes:
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


QUICK = SweepSizes(strengths=(0.5, 1.0, 2.0), num_steps=10)
FULL = SweepSizes(strengths=(0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 4.0), num_steps=24)


def strengths(method: DiracMethod, sizes: SweepSizes) -> tuple[float, ...]:
    """Those to measure; of a method without one, a 0."""
    return sizes.strengths if method.damped else (0.0,)


def orders(method: DiracMethod) -> tuple[Order, ...]:
    """Those of its definition: most methods that look ahead move both players at once."""
    if method.consensus or method.rule in ("extragradient", "optimistic"):
        return ORDERS[:1]
    return ("critic first",) if method.rule == "unrolled" else ORDERS


def updates(order: Order) -> str:
    """As a reader knows them."""
    return order if order == "simultaneous" else "alternating"


def pairs(steps: Sequence[float]) -> DiracPoint:
    """Every generator step with every critic step."""
    pairs = torch.cartesian_prod(*[torch.tensor(steps, dtype=torch.float64)] * 2)
    return DiracPoint(pairs[:, 0].clone(), pairs[:, 1].clone())


def diagonal(steps: Sequence[float]) -> DiracPoint:
    """The same step for both players."""
    both = torch.tensor(steps, dtype=torch.float64)
    return DiracPoint(both, both)


def column(table: Table, index: int) -> list[float]:
    """The numbers of one column."""
    return [float(row[index]) for row in table.rows]  # type: ignore[arg-type]
