"""Modes that were never had: the judge's rule on samples of the grid whose modes are known.

Points are measured as features of images are. A mode is a class, and a point is of the nearest.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lab.config import StabilityConfig
from lab.metrics.classes import shares_of
from lab.metrics.manifold import manifold
from lab.randomness import counted_generator
from lab.record import IMAGES_SEEN, class_share
from lab.record.columns import metric_names
from lab.stability.history import make_history
from lab.stability.narrow import never_had
from lab.validate.mixtures.modes import GRID, Mixture
from lab.validate.part import Check

NUM_SAMPLES = 500
"""At an evaluation; of 25 modes each has 20."""
NEAREST_K = 5
NUM_EVALUATIONS = 2
"""As many in a row make a verdict."""
NEAR_REAL = (1.0, 1.25)
"""Standard deviations, over the data's, of samples that look real: precision is 1 and .93."""
OF_ANY_QUALITY = (5.0, 3.0, 2.0, 1.5, 1.25, 1.0, 0.7)
"""As above, of samples of all modes; at 5, a blur, precision is .2."""
NAMES = metric_names("plane", NUM_SAMPLES)


def narrow_checks(seed: int, counts: Sequence[int] = range(1, len(GRID.centres))) -> list[Check]:
    """Samples of so many modes look real and must be narrow; samples of all modes are not."""
    num_modes = len(GRID.centres)
    planted = [(count, spread) for spread in NEAR_REAL for count in counts]
    missed = [each for each in planted if not is_narrow(*each, seed)]
    alarms = [spread for spread in OF_ANY_QUALITY if is_narrow(num_modes, spread, seed)]
    return [
        Check(
            f"A sampler that never had some of the {num_modes} modes is narrow to the judge.",
            not missed,
            f"{len(planted) - len(missed)} of {len(planted)} samplers of {min(counts)} to "
            f"{max(counts)} modes, with {_joined(NEAR_REAL)} times the data's standard deviation"
            + "".join(f"; missed: {count} modes at {spread:g}" for count, spread in missed),
        ),
        Check(
            f"A sampler of all {num_modes} modes is not, however blurred or sharp.",
            not alarms,
            f"{len(alarms)} of {len(OF_ANY_QUALITY)} samplers are narrow, with "
            f"{_joined(OF_ANY_QUALITY)} times the data's standard deviation",
        ),
    ]


def is_narrow(num_modes: int, spread: float, seed: int) -> bool:
    """Whether samples of random modes, `spread` times as wide as the data's, are narrow."""
    draw = counted_generator(seed, f"{num_modes} modes, {spread:g} times as wide", 0)
    kept = torch.randperm(len(GRID.centres), generator=draw)[:num_modes].tolist()
    centres = tuple(GRID.centres[i] for i in kept)
    sampler = Mixture("some modes", centres, spread * GRID.sigma, GRID.scale)
    real = GRID.sample(NUM_SAMPLES, draw)
    history = make_history(
        [
            {IMAGES_SEEN: i, **_columns(real, sampler.sample(NUM_SAMPLES, draw))}
            for i in range(1, NUM_EVALUATIONS + 1)
        ],
        names=NAMES,
        baseline=_columns(real, GRID.sample(NUM_SAMPLES, draw)),
        budget_images=NUM_EVALUATIONS,
        settings=StabilityConfig(),
        num_samples=NUM_SAMPLES,
    )
    return never_had(history) is not None


def _columns(real: Tensor, samples: Tensor) -> dict[str, float]:
    """What an evaluation of points [N, 2] measures."""
    measured = manifold(real, samples, NEAREST_K)
    modes = torch.cdist(samples, torch.tensor(GRID.centres)).argmin(dim=1)
    shares = shares_of(modes, len(GRID.centres))
    return {
        NAMES.precision: measured.precision,
        NAMES.recall: measured.recall,
        NAMES.coverage: measured.coverage,
        **{class_share(i): share for i, share in enumerate(shares)},
    }


def _joined(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
