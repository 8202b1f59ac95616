"""Whether a run that reached its budget reached its target, and whether it still improved."""

from __future__ import annotations

from lab.config import StabilityConfig
from lab.record import QUALITY
from lab.record.scale import UNIT_SCALE
from lab.record.target import parse_target, target_column
from lab.record.words import brief, brief_beside, kimg
from lab.stability.history import RunHistory
from lab.stability.rises import Progress, progress


def missed(history: RunHistory) -> str | None:
    """A clause on the last evaluation, if it misses the target; None if it reaches it."""
    if history.settings.target_distance:
        return _distance_missed(history)
    target = history.settings.target_quality
    points = history.points(QUALITY)
    if not points or points[-1].value >= target:
        return None
    last = points[-1]
    distance = ""
    if history.scale is not None:
        distance = (
            f" ({history.words_of_distance} {history.amount_at(last.row)}, target "
            f"{brief(history.scale.distance(target))})"
        )
    return (
        f"quality was {brief_beside(last.value, target)} at {kimg(last.images)}, below the target "
        f"{brief(target)}{distance}"
    )


def _distance_missed(history: RunHistory) -> str | None:
    target = parse_target(history.settings.target_distance)
    column = target_column(target, history.names)
    points = history.points(column)
    if not points or points[-1].value <= target.value:
        return None
    last = points[-1]
    return (
        f"{column} was {brief_beside(last.value, target.value)} at {kimg(last.images)}, above the "
        f"target {brief(target.value)}"
    )


def target_words(settings: StabilityConfig) -> str:
    """The target for a sentence: `.5`, or `fid=20`."""
    return settings.target_distance or brief(settings.target_quality)


def still_improving(history: RunHistory) -> Progress | None:
    """The trend of the last third of the run, if the distance falls there beyond noise."""
    points = history.log_distances
    change = progress([point.images for point in points], [point.value for point in points])
    return change if change is not None and change.improves else None


def target_log_distance(history: RunHistory) -> float:
    """The target as x (`RunHistory.log_distances`)."""
    scale = history.scale or UNIT_SCALE
    return float(scale.log_distances(scale.distance(history.settings.target_quality)))
