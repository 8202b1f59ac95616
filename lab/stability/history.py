"""What a rule looks at, one run's rows so far column by column, and what it finds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from lab.config import StabilityConfig
from lab.record import IMAGES_SEEN, QUALITY
from lab.record.columns import MetricNames
from lab.record.words import kimg

LEARNING_SHARE = 0.3
"""In this first share of the budget quality comes in jumps: of six kinds of small runs that all
ended well, one lost .3 of .61 for a while. Falls count there once they last beyond it."""


class Point(NamedTuple):
    """One finite value of one column."""

    row: int
    """Index of the evaluation."""
    images: int
    """Images seen there."""
    value: float


def number(row: Mapping[str, Any], column: str) -> float | None:
    """A row's value as a float, NaN and infinities included; None where there is no number."""
    value = row.get(column)
    if value is None or isinstance(value, str):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
    except OverflowError:
        return math.inf if value > 0 else -math.inf


@dataclass(frozen=True)
class History:
    """The evaluations of one run that lie within its budget, in the order they were made."""

    rows: Sequence[Mapping[str, Any]]
    images: Sequence[int]
    """Images seen at each row."""
    names: MetricNames
    baseline: Mapping[str, float]
    """Metrics of held-out real images, by column."""
    budget_images: int
    settings: StabilityConfig

    def points(self, column: str) -> list[Point]:
        """The finite values of a column; rows that lack it are passed over."""
        found = []
        for i, row in enumerate(self.rows):
            value = number(row, column)
            if value is not None and math.isfinite(value):
                found.append(Point(i, self.images[i], value))
        return found

    def value(self, row: int, column: str) -> float | None:
        """The finite value of a column at a row, or None."""
        value = number(self.rows[row], column)
        return value if value is not None and math.isfinite(value) else None

    def until(self, row: int) -> History:
        """What was known at a row: it and all before it."""
        return replace(self, rows=self.rows[: row + 1], images=self.images[: row + 1])

    def rows_at_a_new_best(self) -> set[int]:
        """Rows whose quality is above every earlier one."""
        found: set[int] = set()
        best = -math.inf
        for point in self.points(QUALITY):
            if point.value > best:
                best = point.value
                found.add(point.row)
        return found

    @property
    def ended(self) -> bool:
        """Whether the last row has reached the budget."""
        return bool(self.images) and self.images[-1] >= self.budget_images


def make_history(
    rows: Sequence[Mapping[str, Any]],
    *,
    names: MetricNames,
    baseline: Mapping[str, float],
    budget_images: int,
    settings: StabilityConfig,
) -> History:
    """The rows up to the first that reaches the budget, less those that say nothing new.

    A row without a place on the clock is passed over, and so is one not later than the row
    before it: it repeats an evaluation, and must not make two in a row of one. Whether a row is
    kept depends on it and on earlier rows only, so verdicts stay online.
    """
    kept: list[Mapping[str, Any]] = []
    images: list[int] = []
    for row in rows:
        seen = number(row, IMAGES_SEEN)
        if seen is None or not math.isfinite(seen) or seen < 0:
            continue
        if images and seen <= images[-1]:
            continue
        kept.append(row)
        images.append(int(seen))
        if seen >= budget_images:
            break
    return History(kept, images, names, baseline, budget_images, settings)


def first_two_in_a_row(
    points: Sequence[Point], holds: Callable[[int], bool]
) -> tuple[int, int] | None:
    """Indices into `points` of the first two neighbours for both of which `holds(index)`."""
    for i in range(1, len(points)):
        if holds(i - 1) and holds(i):
            return i - 1, i
    return None


def running_best(points: Sequence[Point]) -> list[Point]:
    """At each point the highest so far; of equal ones the first."""
    best: list[Point] = []
    for point in points:
        best.append(max([*best[-1:], point], key=lambda known: known.value))
    return best


class Finding(NamedTuple):
    """Where a rule holds first."""

    row: int
    """Index of the evaluation at which it could be told."""
    onset_images: int
    evidence: str


def first_finding(*found: Finding | None) -> Finding | None:
    """The finding of the earliest row; of those at one row the first named."""
    return min((one for one in found if one is not None), key=lambda one: one.row, default=None)


def both(first: Point, second: Point) -> str:
    """Two places on the clock for a sentence."""
    return f"{kimg(first.images)} and {kimg(second.images)}"
