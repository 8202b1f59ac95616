"""Degraded: the distance to real images rose by a factor beyond noise, and stayed."""

from __future__ import annotations

import math
from statistics import median

from lab.record import QUALITY
from lab.record.columns import CRITIC_LOSS, CRITIC_LOSS_MIN, MetricNames
from lab.record.words import brief, kimg
from lab.stability.history import Onset, RunHistory, earliest
from lab.stability.risen import risen
from lab.stability.rises import noise
from lab.stability.rule import Rule

FELL_TO_NOTHING = 0.05
"""The critic's loss is about 0 below this share of its value in the first window."""
NEAR_ITS_BEST = 1.1
"""A log whose first distance is below every level held later by this factor began trained."""
LAST_SHARE = 1 / 3
"""A run that began trained is compared with its start over this last share of its images."""


def degraded(history: RunHistory) -> Onset | None:
    """The distance rose and stayed, or a run that began trained ended worse than its start."""
    return earliest(_rose(history), _worse_than_its_start(history))


def _rose(history: RunHistory) -> Onset | None:
    """The distance rose and stayed (`lab.stability.risen`). Onset: the rise's first evaluation.

    The evidence reports a critic's loss that had fallen to about 0 and jumped, as in the late
    collapse of BigGAN (Brock et al. 2019, sec. 4.2).
    """
    rise = risen(history)
    if rise is None:
        return None
    jump = _jump(history.until(rise.second.row), rise.onset.row)
    return Onset(rise.second.row, rise.onset.images, rise.words + jump)


def _worse_than_its_start(history: RunHistory) -> Onset | None:
    """A run that began trained (fine-tuning), and at its end is worse than it began.

    Its first distance lies below every later level, and the median of the last third above it by
    `NEAR_ITS_BEST` and two standard deviations of the noise. Only for logs, as a run of the lab
    begins untrained.
    """
    points = history.log_distances
    if not history.ended or not history.began_trained or len(points) < 2:
        return None
    end = (1.0 - LAST_SHARE) * points[-1].images
    last = [point.value for point in points[1:] if point.images >= end]
    worse = median(last) - points[0].value
    if worse <= max(math.log(NEAR_ITS_BEST), 2 * noise([point.value for point in points])):
        return None
    return Onset(
        points[-1].row,
        points[1].images,
        f"the run began trained, at {history.amount_at(0)}, and ended worse than its start: "
        f"{history.words_of_distance} was {brief(math.exp(worse))} x that, by the median of the "
        "last third, and never below it",
    )


def _jump(history: RunHistory, onset: int) -> str:
    """A clause if the critic's loss was about 0 before the onset and jumped after it."""
    losses = history.points(CRITIC_LOSS)
    low = history.points(CRITIC_LOSS_MIN) or losses
    before = [point for point in low if point.row < onset]
    after = [point for point in losses if point.row >= onset]
    if len(before) < 2 or not after:
        return ""
    nothing = FELL_TO_NOTHING * abs(losses[0].value)
    least = min(before, key=lambda point: abs(point.value))
    most = max(after, key=lambda point: point.value)
    if abs(least.value) > nothing or most.value < max(10 * nothing, 3 * before[-1].value):
        return ""
    return (
        f"; the critic's loss had fallen to {brief(least.value)} at {kimg(least.images)} and "
        f"jumped to {brief(most.value)}"
    )


def _reads(names: MetricNames) -> tuple[str, ...]:
    return (QUALITY, names.kernel, names.frechet)


RULE = Rule("degraded", degraded, _reads, {"rise_factor": "factor"}, names_flags=True)
