"""Synthetic logs whose truth is known: curves of a distance over the evaluations of a run.

Every curve starts at the distance of an untrained generator and carries noise that is normal in
the logarithm of the distance, as in published logs: .02 for a quiet one, .1 for a usual one, .3
for one that looks erratic. Arrays of distances have the shape [num_logs, num_evaluations].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.randomness import counted_seed
from lab.validate.logs.truth import Truth

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

NUM_EVALUATIONS = 50
"""As the published logs of StudioGAN have."""
START = 400.0
"""Distance of the untrained generator: a Frechet distance of 32x32 images."""
PLATEAUS = (8.0, 60.0)
"""Lowest and highest distance that a run which learns ends at."""
REACHED = (0.2, 0.6)
"""Share of the run after which a curve is within `NEAR` of its plateau."""
NEAR = 0.1
LATE = 0.3
"""Share of the run in which a late starter learns nothing."""
BREAKS = (0.6, 0.85)
"""Share of the run at which a truth begins: past `REACHED`, so that a factor is one of a plateau,
and with evaluations enough behind it."""
DRIFT_EVALUATIONS = 10
NUM_SPIKES = 3
SPIKES = (1.5, 4.0)
"""Factors of single evaluations."""
SPIKE_GAP = 3
"""Evaluations from one possible spike to the next: two are never neighbours."""
NEVER_BELOW = 0.85
"""A run that never learned stays above this share of `START`, before noise."""
STILL_FALLING = (160.0, 240.0)
"""Distances at the end of a run whose budget was too short."""


class Logs(NamedTuple):
    """Distances, and where the truth of each log begins."""

    distances: Array
    """[num_logs, num_evaluations]"""
    onsets: Counts | None = None
    """[num_logs] the first evaluation that shows the truth; None where nothing happens."""


@dataclass(frozen=True)
class Cell:
    """Logs of one kind, at one noise."""

    kind: str
    """A name in `KINDS`."""
    noise: float
    """Standard deviation of the logarithm of the distance."""
    factor: float = 1.0
    """How many times the distance rises, for kinds that rise."""
    num_logs: int = 1


def make_logs(cell: Cell, seed: int) -> Logs:
    """The logs of a cell; the same for the same seed, whatever else is made."""
    rng = np.random.default_rng(counted_seed(seed, f"{cell.kind} {cell.noise} {cell.factor}", 0))
    curves, onsets = KINDS[cell.kind].make(rng, cell.num_logs, cell.factor)
    return Logs(curves * np.exp(cell.noise * rng.standard_normal(curves.shape)), onsets)


Make = Callable[[np.random.Generator, int, float], Logs]
"""Curves without noise from a random generator, the number of logs and the factor of a rise."""


def healthy(rng: np.random.Generator, num_logs: int, factor: float = 1.0) -> Logs:
    """Down to a plateau, half of the curves as an exponential, half as a power."""
    return Logs(_learning(rng, num_logs))


def late_start(rng: np.random.Generator, num_logs: int, factor: float = 1.0) -> Logs:
    """Flat for a share `LATE` of the run, then as a healthy one."""
    return Logs(_learning(rng, num_logs, late=LATE))


def spikes(rng: np.random.Generator, num_logs: int, factor: float = 1.0) -> Logs:
    """Healthy, with `NUM_SPIKES` single evaluations that read too high, none at the end."""
    curves = _learning(rng, num_logs)
    possible = np.arange(SPIKE_GAP, NUM_EVALUATIONS - 1, SPIKE_GAP)
    chosen = np.argsort(rng.random((num_logs, len(possible))), axis=1)[:, :NUM_SPIKES]
    height = _log_uniform(rng, SPIKES, (num_logs, NUM_SPIKES))
    np.put_along_axis(
        curves, possible[chosen], np.take_along_axis(curves, possible[chosen], 1) * height, 1
    )
    return Logs(curves)


def step(rng: np.random.Generator, num_logs: int, factor: float) -> Logs:
    """The distance rises by the factor at one evaluation and stays."""
    return _rising(rng, num_logs, lambda since: np.where(since >= 0, factor, 1.0))


def drift(rng: np.random.Generator, num_logs: int, factor: float) -> Logs:
    """The distance rises to the factor in equal parts over `DRIFT_EVALUATIONS`, and stays."""

    def rising(since: Counts) -> Array:
        return np.asarray(factor ** np.clip((since + 1) / DRIFT_EVALUATIONS, 0.0, 1.0))

    return _rising(rng, num_logs, rising, latest=NUM_EVALUATIONS - DRIFT_EVALUATIONS - 3)


def dip(num_evaluations: int) -> Make:
    """Quality dips: the distance is the factor higher for so many evaluations, then recovers."""

    def make(rng: np.random.Generator, num_logs: int, factor: float) -> Logs:
        def inside(since: Counts) -> Array:
            return np.where((since >= 0) & (since < num_evaluations), factor, 1.0)

        return _rising(rng, num_logs, inside, latest=NUM_EVALUATIONS - num_evaluations - 1)

    return make


def low_plateau(rng: np.random.Generator, num_logs: int, factor: float = 1.0) -> Logs:
    """Never below `NEVER_BELOW` of the start: nothing is learned."""
    level = rng.uniform(NEVER_BELOW, 1.05, (num_logs, 1))
    return Logs(START * (level + (1 - level) * np.exp(-_shares() / 0.1)))


def still_falling(rng: np.random.Generator, num_logs: int, factor: float = 1.0) -> Logs:
    """By equal factors to the last evaluation, above the target there: the budget was short."""
    end = rng.uniform(*STILL_FALLING, (num_logs, 1))
    return Logs(START * (end / START) ** _shares())


def _shares() -> Array:
    """The share of the run at each evaluation, [1, num_evaluations]."""
    return np.linspace(0.0, 1.0, NUM_EVALUATIONS)[None, :]


def _learning(rng: np.random.Generator, num_logs: int, late: float = 0.0) -> Array:
    plateau = _log_uniform(rng, PLATEAUS, (num_logs, 1))
    reached = rng.uniform(*REACHED, (num_logs, 1))
    share = np.clip((_shares() - late) / (1 - late), 0.0, None) / reached
    # The gap to the plateau falls by this factor until the plateau counts as reached.
    fall = (START - plateau) / (NEAR * plateau)
    exponential = fall**-share
    power = (1 + (np.sqrt(fall) - 1) * share) ** -2.0
    gap = np.where(rng.random((num_logs, 1)) < 0.5, exponential, power)
    curves: Array = plateau + (START - plateau) * gap
    return curves


def _log_uniform(
    rng: np.random.Generator, ends: tuple[float, float], shape: tuple[int, int]
) -> Array:
    low, high = map(math.log, ends)
    return np.exp(rng.uniform(low, high, shape))


def _rising(
    rng: np.random.Generator,
    num_logs: int,
    factors: Callable[[Counts], Array],
    latest: int = NUM_EVALUATIONS,
) -> Logs:
    """Healthy curves times `factors` of the evaluations since the onset, [num_logs, ...]."""
    curves = _learning(rng, num_logs)
    first, last = (math.floor(share * NUM_EVALUATIONS) for share in BREAKS)
    onsets = rng.integers(first, min(last, latest), num_logs, endpoint=True)
    since = np.arange(NUM_EVALUATIONS)[None, :] - onsets[:, None]
    return Logs(curves * factors(since), onsets)


@dataclass(frozen=True)
class Kind:
    """What happens in a log, how it is made, and the truth of it."""

    make: Make
    truth: Truth | None
    """None where the judge may say either: nothing is claimed."""
    rises_over: int = 1
    """Evaluations until a rise has its whole height."""


KINDS: dict[str, Kind] = {
    "healthy": Kind(healthy, "healthy"),
    "late start": Kind(late_start, "healthy"),
    "spikes": Kind(spikes, "healthy"),
    "dip of 1": Kind(dip(1), "healthy"),
    "dip of 4": Kind(dip(4), None),
    "dip of 8": Kind(dip(8), None),
    "step": Kind(step, "broke"),
    "drift": Kind(drift, "broke", DRIFT_EVALUATIONS),
    "low plateau": Kind(low_plateau, "never learned"),
    "still falling": Kind(still_falling, "short"),
}
HEALTHY = tuple(name for name, kind in KINDS.items() if kind.truth == "healthy")
