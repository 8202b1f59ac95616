"""Runs at a plateau whose critic's rate is multiplied.

No theory predicts whether that breaks a trained generator; of the Dirac-GAN with R1 one does
(docs/science.md, section 4). Here a Dirac-GAN displaces the images that are
served, so the judge sees a run of good quality that breaks, or holds, by a known condition.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lab.config import value_of
from lab.gan.optimizers import set_rate
from lab.gan.rounds import RealSource, Step
from lab.randomness import counted_generator
from lab.validate.planted.games import FROM, NOISE_LEVELS, PlantedGame, ServedGame

GAMMA = 0.5
"""Weight of R1 on half the squared norm."""
STEP = 0.1
"""h_g, and h_d before it is multiplied: h_d (2 gamma + h_g / 4) is .1."""
START = 3.0
"""theta before training."""
JITTER = 0.02
"""Standard deviation of theta's noise a round, as batches give: a plateau is not at rest."""
LEVELS = 16.0
"""Grey levels of the displacement at most: what breaks stays among samples of fair quality."""
BREAKING, HARMLESS = 42.0, 10.0
"""Factors of the critic's step: h_d (2 gamma + h_g f'^2) is 4.3 and 1.0; below 4 it converges."""
TRAINED_FACTOR = 100.0
"""Of the rate of a trained critic."""


class CriticRateMultiplied(ServedGame):
    """Held-out images are served, displaced by tanh(theta) along one pattern. theta and a linear
    critic's psi play a non-saturating Dirac-GAN with R1, a round a step, generator first; from
    `FROM` on the critic's step is `factor` times as large."""

    factor = BREAKING

    def _build_networks(self) -> None:
        super()._build_networks()
        self.theta, self.psi = START, 0.0
        self._pattern: Tensor | None = None

    def step(self, real_batch: RealSource) -> Step:
        factor = self.factor if self.share_done >= FROM else 1.0
        self.theta, self.psi = played(self.theta, self.psi, factor)
        draw = counted_generator(self.config.seed, "jitter", self.images_seen)
        self.theta += JITTER * float(torch.randn((), generator=draw))
        return super().step(real_batch)

    def changed(self, images: Tensor) -> Tensor:
        if self._pattern is None:
            draw = counted_generator(self.config.seed, "pattern", 0)
            signs = torch.rand(images.shape[1:], generator=draw) < 0.5
            self._pattern = torch.where(signs, -1.0, 1.0).to(images)
        return images + LEVELS / 127.5 * math.tanh(self.theta) * self._pattern

    def noise_levels(self) -> float:
        return NOISE_LEVELS


class CriticRateRaised(CriticRateMultiplied):
    """As above with a factor under which theory has the game converge."""

    factor = HARMLESS


class TrainedCriticRateMultiplied(PlantedGame):
    """The rate of a trained critic is `TRAINED_FACTOR` times as large from `FROM` on."""

    def step(self, real_batch: RealSource) -> Step:
        if self.share_done >= FROM:
            rate = value_of(self.config.optimizer.critic.lr, 0)
            set_rate(self.critic_optimizer, TRAINED_FACTOR * rate)
        return super().step(real_batch)


def played(theta: float, psi: float, factor: float) -> tuple[float, float]:
    """theta and psi after a round with f(t) = -log(1 + e^-t): the generator ascends f(psi theta),
    the critic f(-psi theta) - gamma psi^2 / 2 along a step that is `factor` times `STEP`."""
    theta += STEP * psi * _sigmoid(-psi * theta)
    psi -= factor * STEP * (theta * _sigmoid(psi * theta) + GAMMA * psi)
    return theta, psi


def _sigmoid(t: float) -> float:
    return 1.0 / (1.0 + math.exp(-t)) if t > -700.0 else 0.0
