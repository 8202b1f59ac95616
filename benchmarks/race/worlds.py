"""Made-up configurations with a known P(stable), and made-up runs of them, for race_study.

A stable run's score is its configuration's quality with noise; a failed one's is the share of it
that it lived, so that the score carries some evidence of stability, as the lab's does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NOISE = 0.05
"""Standard deviation of a stable run's quality over seeds."""


class Configurations(NamedTuple):
    """What is true of each configuration; [studies, configurations]."""

    stable: Array
    """P(stable)."""
    quality: Array
    """Mean final quality of a stable run."""


class Runs(NamedTuple):
    """One entry a run; [studies, configurations, seeds]."""

    stable: NDArray[np.bool_]
    score: Array


Draw = Callable[[np.random.Generator, int, int], Configurations]


def draw_runs(configurations: Configurations, num_seeds: int, rng: np.random.Generator) -> Runs:
    """Independent runs of every configuration."""
    shape = (*configurations.stable.shape, num_seeds)
    stable = rng.random(shape) < configurations.stable[..., None]
    noisy = configurations.quality[..., None] + NOISE * rng.standard_normal(shape)
    life = np.where(stable, 1.0, rng.random(shape))
    return Runs(stable, np.clip(noisy, 0, 1) * life)


def with_quality(stable: Array, rng: np.random.Generator) -> Configurations:
    """Quality that leans on stability and is mostly its own."""
    noise = rng.beta(4, 3, stable.shape)
    return Configurations(stable, 0.25 * stable + 0.75 * noise)


def mixture(rng: np.random.Generator, num_studies: int, num: int) -> Configurations:
    """Seven in ten are poor, two middling, one good."""
    shape = (num_studies, num)
    kinds = [rng.beta(a, b, shape) for a, b in ((1, 6), (3, 3), (20, 1.5))]
    kind = rng.choice(3, shape, p=[0.7, 0.2, 0.1])
    return with_quality(np.choose(kind, kinds), rng)


def rare(rng: np.random.Generator, num_studies: int, num: int) -> Configurations:
    """One in fifteen is good, and not by much."""
    shape = (num_studies, num)
    good = rng.random(shape) < 1 / 15
    stable = np.where(good, rng.beta(8, 2, shape), rng.beta(1, 12, shape))
    return with_quality(stable, rng)


def even(rng: np.random.Generator, num_studies: int, num: int) -> Configurations:
    """Every P(stable) is as likely as any other."""
    return with_quality(rng.random((num_studies, num)), rng)


def easy(rng: np.random.Generator, num_studies: int, num: int) -> Configurations:
    """Most are good: the best of them is stable nearly always."""
    return with_quality(rng.beta(6, 1, (num_studies, num)), rng)


def plateau(rng: np.random.Generator, num_studies: int, num: int) -> Configurations:
    """One in six is as good as safe, as inside a safe zone; the rest fail about half the time."""
    shape = (num_studies, num)
    safe = rng.random(shape) < 1 / 6
    stable = np.where(safe, rng.beta(80, 1, shape), rng.beta(2, 2, shape))
    return with_quality(stable, rng)


def surface(point: Array) -> Configurations:
    """A smooth surface over [0, 1]^3, the last axis: log of both rates, and a momentum.

    Stable in a slanted valley, fewer than one in ten uniform points above .9; quality is best near
    its edge, where the rates are high.
    """
    generator_rate, critic_rate, momentum = np.moveaxis(point, -1, 0)
    along = (generator_rate + critic_rate) / 2 - 0.45
    across = generator_rate - critic_rate + 0.1
    height = 4.5 - 60 * along**2 - 14 * across**2 - 8 * (momentum - 0.2) ** 2
    stable = 1 / (1 + np.exp(-height))
    quality = 0.85 * np.exp(-6 * (along - 0.12) ** 2 - across**2 - 0.3 * (momentum - 0.4) ** 2)
    return Configurations(stable, quality)


def on_surface(rng: np.random.Generator, num_studies: int, num: int) -> Configurations:
    """Uniform points of the surface."""
    return surface(rng.random((num_studies, num, 3)))


WORLDS: dict[str, Draw] = {
    "mixture": mixture,
    "rare": rare,
    "even": even,
    "easy": easy,
    "plateau": plateau,
    "surface": on_surface,
}
