"""The Dirac-GAN's theory (Mescheder et al. 2018; docs/science.md section 4): formulas of numbers.

D(x) = psi x, the generator at theta, the data at 0, f(t) = -log(1 + e^-t). Near the equilibrium
(0, 0) every method of the table is a damped rotation: with the slope f' = f'(0) and a damping
gamma of psi,

    theta <- theta + h_g f' psi        psi <- psi - h_d (f' theta + gamma psi)

up to the sign of psi, which swaps with that of D. Eigenvalues do not depend on which of the
alternating updates goes first: those of AB are those of BA.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from typing import Literal

from lab.config import LossName, PenaltyKind

Order = Literal["simultaneous", "critic first", "generator first"]
Rule = Literal["descent", "extragradient", "optimistic", "lookahead", "unrolled"]
Outcome = Literal["converges", "cycles", "diverges"]
OUTCOMES: tuple[Outcome, ...] = ("converges", "cycles", "diverges")

LOOKAHEAD_ALPHA = 0.5
SLOPES: dict[LossName, float] = {
    "minimax": 0.5,
    "non-saturating": 0.5,
    "relativistic": 0.5,
    "wasserstein": 1.0,
}
"""f'(0) of each loss."""
CURVATURE = -0.25
"""f''(0) of the logistic losses."""
DAMPINGS: dict[PenaltyKind, float] = {
    "none": 0.0,
    "r1": 1.0,
    "r2": 1.0,
    "r1-r2": 2.0,
    "zero-gp": 2.0,
}
"""gamma over the penalty's weight: R1 and R2 weigh half the squared norm, zero-GP the whole."""


@dataclass(frozen=True)
class DiracMethod:
    """A row of the table: a loss, and one thing that may damp it."""

    name: str
    loss: LossName
    penalty: PenaltyKind = "none"
    """The strength is its weight, where it is not `none`."""
    noisy: bool = False
    """The strength is sigma of noise on all that the critic sees."""
    consensus: bool = False
    """The strength weighs |v|^2 / 2 in both players' losses (Mescheder et al. 2017)."""
    rule: Rule = "descent"
    """How the players follow their gradients; others than descent have no damping beside them."""
    ahead: int = 1
    """Rounds between two moves of lookahead's slow weights; critic steps that are unrolled."""

    def __str__(self) -> str:
        return self.name

    @property
    def slope(self) -> float:
        """f'(0)"""
        return SLOPES[self.loss]

    @property
    def rounds_of_map(self) -> int:
        """Rounds after which the method's map is complete."""
        return self.ahead if self.rule == "lookahead" else 1

    @property
    def damped(self) -> bool:
        """Whether it has a strength at all."""
        return self.penalty != "none" or self.noisy or self.consensus

    def damping(self, strength: float) -> float:
        """gamma of psi: noise of sigma damps as R1 with sigma^2 / 2 does."""
        if self.noisy:
            return -2 * CURVATURE * strength**2
        return DAMPINGS[self.penalty] * strength


def field_eigenvalues(method: DiracMethod, strength: float) -> tuple[complex, complex]:
    """Of the gradient field at the equilibrium; one column of the table."""
    if method.consensus:
        real, imaginary = -strength * method.slope**2, method.slope
        return complex(real, imaginary), complex(real, -imaginary)
    half = method.damping(strength) / 2
    root = cmath.sqrt(half**2 - method.slope**2)
    return -half + root, -half - root


def step_eigenvalues(
    method: DiracMethod, strength: float, generator_step: float, critic_step: float, order: Order
) -> tuple[complex, ...]:
    """Of the map that one round is, at the equilibrium: roots of x^2 - trace x + determinant.

    Simultaneous: I + diag(h_g, h_d) J. Alternating, either order: the product of two shears, whose
    determinant is the damping's alone. The other rules change each eigenvalue 1 + s of descent:

    extragradient: 1 + s + s^2, since x + A (x + A x) is played with A = diag(h_g, h_d) J;
    optimistic: the roots of x^2 - (1 + 2 s) x + s, since the last direction is part of the state;
    lookahead, k rounds: 1 - alpha + alpha (1 + s)^k;
    unrolled: see `_unrolled`.
    """
    if method.rule == "unrolled":
        assert order == "critic first"
        return _unrolled(method, generator_step, critic_step)
    pair = _descent(method, strength, generator_step, critic_step, order)
    if method.rule == "extragradient":
        return tuple(1 + (value - 1) + (value - 1) ** 2 for value in pair)
    if method.rule == "optimistic":
        return tuple(x for value in pair for x in _roots(1 + 2 * (value - 1), value - 1))
    if method.rule == "lookahead":
        alpha = LOOKAHEAD_ALPHA
        return tuple(1 - alpha + alpha * value**method.ahead for value in pair)
    return pair


def _unrolled(method: DiracMethod, h_g: float, h_d: float) -> tuple[complex, complex]:
    """The critic's step, then the generator's through k critic steps.

    After k steps psi is psi - k h_d f' theta, so L_G = -f' theta (psi - k h_d f' theta) and

        theta <- theta + h_g (f' psi - 2 k h_d f'^2 theta).
    """
    turned = h_g * h_d * method.slope**2
    damped = 2 * method.ahead * turned
    return _roots(2 - turned - damped, 1 - damped)


def _roots(trace: complex, determinant: complex) -> tuple[complex, complex]:
    root = cmath.sqrt(trace**2 / 4 - determinant)
    return trace / 2 + root, trace / 2 - root


def _descent(
    method: DiracMethod, strength: float, generator_step: float, critic_step: float, order: Order
) -> tuple[complex, complex]:
    f, h_g, h_d = method.slope, generator_step, critic_step
    if method.consensus:
        assert order == "simultaneous"
        assert h_g == h_d
        first, second = (1 + h_g * value for value in field_eigenvalues(method, strength))
        return first, second
    damped, turned = h_d * method.damping(strength), h_g * h_d * f**2
    if order == "simultaneous":
        trace, determinant = 2 - damped, 1 - damped + turned
    else:
        trace, determinant = 2 - damped - turned, 1 - damped
    return _roots(trace, determinant)


def is_stable(
    method: DiracMethod, strength: float, generator_step: float, critic_step: float, order: Order
) -> bool:
    """The discrete-time condition of the table, as it is written there."""
    f, h_g, h_d = method.slope, generator_step, critic_step
    if method.consensus:
        return h_g < 2 * strength / (1 + strength**2 * f**2)
    turned = h_g * h_d * f**2
    if method.rule == "extragradient":
        return turned < 1
    if method.rule == "optimistic":
        return turned < 1 / 3
    if method.rule == "unrolled":
        return turned < 4 / (1 + 4 * method.ahead)
    if method.rule == "lookahead":
        point = (generator_step, critic_step, order)
        return all(abs(value) < 1 for value in step_eigenvalues(method, strength, *point))
    gamma = method.damping(strength)
    if gamma == 0:
        return False
    if order == "simultaneous":
        return h_g * f**2 < gamma and h_d * (2 * gamma - h_g * f**2) < 4
    return h_d * (2 * gamma + h_g * f**2) < 4


def expected(
    method: DiracMethod, strength: float, generator_step: float, critic_step: float, order: Order
) -> Outcome:
    """The outcome of a small deviation by the table."""
    if is_stable(method, strength, generator_step, critic_step, order):
        return "converges"
    if method.rule != "descent":
        return "diverges"
    bilinear = method.damping(strength) == 0 and not method.consensus
    turned = generator_step * critic_step * method.slope**2
    neutral = bilinear and order != "simultaneous" and turned <= 4
    return "cycles" if neutral else "diverges"


def is_close_call(
    method: DiracMethod,
    strength: float,
    generator_step: float,
    critic_step: float,
    order: Order,
    margin: float,
) -> bool:
    """Whether some hundred steps are too few to decide: |modulus - 1| below `margin`.

    Of the maps that only turn (modulus 1 on purpose): h_g h_d f'^2 within 10% of its limit, 4.
    """
    point = (generator_step, critic_step, order)
    if expected(method, strength, *point) == "cycles":
        return generator_step * critic_step * method.slope**2 > 4 * 0.9
    modulus = max(abs(value) for value in step_eigenvalues(method, strength, *point))
    each_round: float = modulus ** (1.0 / method.rounds_of_map)
    return abs(each_round - 1) < margin


def period(method: DiracMethod, generator_step: float, critic_step: float) -> float:
    """Rounds of one turn under alternating updates without damping."""
    half = method.slope * math.sqrt(generator_step * critic_step) / 2
    return 2 * math.pi / (2 * math.asin(half))
