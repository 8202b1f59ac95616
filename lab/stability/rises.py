"""Rises of a distance: how noisy it is, the best level it held, and whether it rose and stayed.

All in x = ln(distance), in which equal steps are equal factors (`Scale.log_distances`), on whole
series at once. Each is causal: what stands at an evaluation depends on it and earlier ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

USUAL_NOISE = 0.08
"""Standard deviation of x of a healthy run about its trend, before its own is known: the seven
healthy logs of lab/validate/logs have .02 to .12."""
PRIOR_WEIGHT = 4
"""The run's own noise counts as much as `USUAL_NOISE` from this many second differences on."""
NOISE_LEVELS = 4.0
"""A rise counts from this many standard deviations of the noise on."""
SINGLE = 1.5
"""Above a single low value, which may be luck, a rise counts from this many limits on."""
_MEDIAN_BEND = 0.6745 * math.sqrt(6.0)
"""Median of |x_{t+1} - 2 x_t + x_{t-1}| for white noise of standard deviation 1."""


class Rise(NamedTuple):
    """A rise that stayed for two evaluations in a row; indices into the series."""

    best: int
    """The lowest value of the best level that the series had held."""
    onset: int
    """The first evaluation above that level, from which on it never came back."""
    confirmed: int
    """The second of the two evaluations in a row that lie above the limit."""
    limit: float
    """The least rise in x that counted."""


def noise(x: Sequence[float] | Array) -> float:
    """Standard deviation of x about its trend, from its second differences.

    Small where x falls evenly, however fast. The first value, often of an untrained generator, is
    left out. Short series are drawn towards `USUAL_NOISE`.
    """
    values = np.asarray(x, dtype=np.float64)[1:]
    bends = np.abs(np.diff(values, 2))
    of_run = float(np.median(bends)) / _MEDIAN_BEND if bends.size else 0.0
    return (bends.size * of_run + PRIOR_WEIGHT * USUAL_NOISE) / (bends.size + PRIOR_WEIGHT)


def levels(x: Sequence[float] | Array) -> Array:
    """The level held at each evaluation: the median of the last three values, [n].

    Of the first two values the higher one; a single low value makes no level, except the first.
    """
    values = np.asarray(x, dtype=np.float64)
    held = values.copy()
    if held.size > 1:
        held[1] = max(values[0], values[1])
    if held.size > 2:
        held[2:] = np.median(np.lib.stride_tricks.sliding_window_view(values, 3), axis=1)
    return held


def limit_of(x: Array, best: int, factor: float) -> float:
    """The rise in x that counts after a best at that index: a factor, or noise if that is more."""
    return max(math.log(factor), NOISE_LEVELS * noise(x[: best + 1]))


def first_rise(
    x: Sequence[float] | Array, factor: float, *, first_confirmed: int = 1
) -> Rise | None:
    """The first rise by `factor` or more above the best level held, two evaluations in a row.

    The second of the two must be at `first_confirmed` or later.
    """
    values = np.asarray(x, dtype=np.float64)
    if values.size < 2:
        return None
    held = levels(values)
    before = np.maximum(0, np.arange(values.size) - 2)
    best, at = np.minimum.accumulate(held)[before], _last_minimum(held)[before]
    single, single_at = np.minimum.accumulate(values)[before], _last_minimum(values)[before]
    both = np.minimum(values[:-1], values[1:])
    limits: dict[int, float] = {}
    for t in 1 + np.flatnonzero(both - single[1:] > math.log(factor)):
        if t < first_confirmed:
            continue
        for top, level, share in (
            (int(at[t]), best[t], 1.0),
            (int(single_at[t]), single[t], SINGLE),
        ):
            if top not in limits:
                limits[top] = limit_of(values, top, factor)
            limit = share * limits[top]
            if both[t - 1] - level > limit:
                lowest = _lowest(values, top) if share == 1.0 else top
                return Rise(lowest, _onset(values, level, limit, int(t)), int(t), limit)
    return None


def last_alone_rises(x: Sequence[float] | Array, factor: float) -> Rise | None:
    """A rise of the last value alone, which one more evaluation would confirm or refute."""
    values = np.asarray(x, dtype=np.float64)
    if values.size < 2:
        return None
    held = levels(values[:-1])
    top = int(_last_minimum(held)[-1])
    limit = limit_of(values, top, factor)
    if values[-1] - held[top] <= limit:
        return None
    last = values.size - 1
    return Rise(_lowest(values, top), last, last, limit)


def _last_minimum(held: Array) -> NDArray[np.int64]:
    """At each index where the running minimum was last reached."""
    best = np.minimum.accumulate(held)
    here = np.where(held == best, np.arange(held.size), 0)
    return np.maximum.accumulate(here)


def _lowest(x: Array, level_at: int) -> int:
    """The lowest of the values that make the level at an index."""
    first = max(0, level_at - 2)
    return first + int(np.argmin(x[first : level_at + 1]))


def _onset(x: Array, best: float, limit: float, confirmed: int) -> int:
    """The first evaluation after the last one within half the limit of the best level."""
    near = np.flatnonzero(x[:confirmed] <= best + limit / 2)
    return min(int(near[-1]) + 1, confirmed) if near.size else 0


class Progress(NamedTuple):
    """How x changes over the last part of a run: a line in ln(images), least squares."""

    slope: float
    """Change of x for each unit of ln(images); negative while the run improves."""
    error: float
    """Standard error of the slope."""

    @property
    def improves(self) -> bool:
        """Whether x falls beyond noise."""
        return self.slope < -2.0 * self.error


def progress(images: Sequence[int], x: Sequence[float], share: float = 1 / 3) -> Progress | None:
    """The trend over the last `share` of the images, of at least three evaluations.

    The error is the larger one of the residuals' and the run's noise's. None without three
    evaluations after the first step.
    """
    t = np.asarray(images, dtype=np.float64)
    values = np.asarray(x, dtype=np.float64)[t > 0]
    t = np.log(t[t > 0])
    if t.size < 3:
        return None
    count = max(3, int(np.sum(t >= t[-1] + math.log(1.0 - share) - 1e-9)))
    t, last = t[-count:], values[-count:]
    spread = float(np.sum((t - t.mean()) ** 2))
    slope = float(np.sum((t - t.mean()) * last) / spread)
    rest = last - last.mean() - slope * (t - t.mean())
    of_rest = math.sqrt(float(np.sum(rest**2)) / (count - 2))
    return Progress(slope, max(of_rest, noise(values)) / math.sqrt(spread))


def images_until(
    images: float, x: float, target: float, change: Progress
) -> tuple[float, float, float]:
    """Images at which x reaches the target at the present rate, and a 95 % interval of them.

    The upper end is infinite where the slope may be 0.
    """

    def at(slope: float) -> float:
        power = (x - target) / -slope if slope < 0 else math.inf
        return images * math.exp(power) if power < 50 else math.inf

    wide = 1.96 * change.error
    return at(change.slope), at(change.slope - wide), at(change.slope + wide)
