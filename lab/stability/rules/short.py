"""Short: the target is missed while the run still improves, which is the budget's failure."""

from __future__ import annotations

from lab.record import QUALITY
from lab.record.words import kimg
from lab.stability.history import Onset, RunHistory
from lab.stability.rises import images_until
from lab.stability.rule import Rule
from lab.stability.target import missed, still_improving, target_log_distance

FAR = 100
"""Budgets beyond which an estimate is no longer given as a number."""


def short(history: RunHistory) -> Onset | None:
    """At the budget the target is missed, while the distance still falls beyond noise.

    The evidence extends the trend of the last third, a line in ln(images), to the target.
    """
    if not history.ended or not history.has_target:
        return None
    change, why = still_improving(history), missed(history)
    if change is None or why is None:
        return None
    last = history.log_distances[-1]
    target = target_log_distance(history)
    estimate = images_until(last.images, last.value, target, change)
    return Onset(
        len(history.rows) - 1,
        history.budget_images,
        f"{why}, but still improving; {_more(*estimate, FAR * history.budget_images)}",
    )


def _more(middle: float, low: float, high: float, far: float) -> str:
    if middle > far:
        return "at its present rate the target is out of reach"
    span = (
        f"between {_roughly(low)} and {_roughly(high)}"
        if high <= far
        else f"{_roughly(low)} at the earliest"
    )
    return (
        f"give it more images: at its present rate it reaches the target at about "
        f"{_roughly(middle)}, {span}"
    )


def _roughly(images: float) -> str:
    """An estimate in two digits."""
    return kimg(float(f"{images:.2g}"))


RULE = Rule(
    "short", short, lambda names: (QUALITY,), {"target_quality": "shortfall"}, names_signals=False
)
