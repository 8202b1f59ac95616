"""What a rule reads, one run's rows so far column by column, and what it returns."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from lab.config import StabilityConfig
from lab.record import IMAGES_SEEN, QUALITY
from lab.record.columns import MetricNames
from lab.record.scale import UNIT_SCALE, Scale
from lab.record.words import brief, kimg
from lab.stability.rises import levels, noise

Made = TypeVar("Made")
UNTRAINED_FID = 100.0
"""Inception's Frechet distance from which a log's first row is no trained generator's: the best
published models of every loss of Lucic et al. 2018 lie below it on each of their data sets."""
LEARNING_SHARE = 0.3
"""In this first share of the budget quality rises in jumps: of six kinds of small runs that all
ended well, one fell by .3 from .61 and recovered. A fall in it counts only if it lasts beyond."""


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
class RunHistory:
    """The evaluations of one run that lie within its budget, in the order they were made."""

    rows: Sequence[Mapping[str, Any]]
    images: Sequence[int]
    """Images seen at each row."""
    names: MetricNames
    baseline: Mapping[str, float]
    """Metrics and class shares of held-out real images, by column."""
    budget_images: int
    settings: StabilityConfig
    num_samples: int = 0
    """Samples that class shares were counted in; 0 where that is not known."""
    scale: Scale | None = None
    """Of the column `distance`; None where rows hold quality alone."""
    distance: str = ""
    """The column of the distance that quality is made of."""
    from_elsewhere: bool = False
    """Whether the rows are a log of another program."""
    has_target: bool = True
    """Whether the run is held to `target_quality`."""
    is_relative: bool = False
    """Whether the scale begins at a log's first row, which need not be an untrained generator:
    then no target applies."""
    derived: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """What follows from the rows alone, by name: the same history with other limits shares it."""

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What `make` returns, which must not depend on `settings`; it is made once."""
        if name not in self.derived:
            self.derived[name] = make()
        made: Made = self.derived[name]
        return made

    @property
    def log_distances(self) -> list[Point]:
        """x at each row that has one (`Scale.log_distances`): equal steps are equal factors."""
        return self.once("log distances", self._log_distances)

    def _log_distances(self) -> list[Point]:
        if self.scale is not None:
            points, scale = self.points(self.distance), self.scale
            values = [point.value for point in points]
        else:
            points, scale = self.points(QUALITY), UNIT_SCALE
            values = [scale.distance(min(1.0, max(0.0, point.value))) for point in points]
        logs = scale.log_distances(values)
        return [
            Point(point.row, point.images, x)
            for point, x in zip(points, logs.tolist(), strict=True)
        ]

    @property
    def words_of_distance(self) -> str:
        """The distance as evidence calls it."""
        return self.distance if self.scale is not None else "the distance behind quality"

    @property
    def column_of_amounts(self) -> str:
        """What `amount_at` gives: the distance's column, or quality where rows hold that alone."""
        return self.distance if self.scale is not None else QUALITY

    def amount_at(self, row: int) -> str:
        """The distance or quality at a row, for a sentence."""
        value = self.value(row, self.column_of_amounts)
        return brief(value) if value is not None else "no number"

    @property
    def began_trained(self) -> bool:
        """Whether the first distance lies below every level that was held later: fine-tuning.

        Only a log can begin so, and only with a distance that a trained generator may have.
        """
        x = [point.value for point in self.log_distances]
        if self.scale is None or not self.from_elsewhere or len(x) < 4:
            return False
        return self.value(0, self.distance) is not None and x[0] < float(levels(x)[3:].min())

    @property
    def never_learned(self) -> bool:
        """Whether a log's distance began as that of an untrained generator and never fell.

        Without an anchor only a Frechet distance of Inception features can say that: one above
        `UNTRAINED_FID` is no trained generator's.
        """
        x = [point.value for point in self.log_distances]
        first = self.value(0, self.distance)
        if len(x) < 4 or first is None or not self.distance.startswith("fid"):
            return False
        fell = x[0] - float(levels(x)[3:].min())
        return first >= UNTRAINED_FID and fell < max(math.log(1.1), 2 * noise(x))

    def points(self, column: str) -> list[Point]:
        """The finite values of a column; rows without one are skipped."""
        return self.once(f"points of {column}", lambda: self._points(column))

    def _points(self, column: str) -> list[Point]:
        points = []
        for i, row in enumerate(self.rows):
            value = number(row, column)
            if value is not None and math.isfinite(value):
                points.append(Point(i, self.images[i], value))
        return points

    def value(self, row: int, column: str) -> float | None:
        """The finite value of a column at a row, or None."""
        value = number(self.rows[row], column)
        return value if value is not None and math.isfinite(value) else None

    def until(self, row: int) -> RunHistory:
        """The history as of a row: that row and all before it."""
        return replace(self, rows=self.rows[: row + 1], images=self.images[: row + 1], derived={})

    def rows_at_a_new_best(self) -> set[int]:
        """Rows whose quality is above every earlier one."""
        return self.once("rows at a new best", self._rows_at_a_new_best)

    def _rows_at_a_new_best(self) -> set[int]:
        rows: set[int] = set()
        best = -math.inf
        for point in self.points(QUALITY):
            if point.value > best:
                best = point.value
                rows.add(point.row)
        return rows

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
    num_samples: int = 0,
    scale: Scale | None = None,
    distance: str = "",
    from_elsewhere: bool = False,
    has_target: bool = True,
    is_relative: bool = False,
) -> RunHistory:
    """The rows up to the first that reaches the budget, without repeated and undated ones.

    A row without a finite number of images seen is skipped, and so is one with no more images
    than the row before it: it repeats an evaluation, and one evaluation must not count as two in
    a row. Whether a row is kept depends on it and on earlier rows only, so verdicts stay online.
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
    return RunHistory(
        kept,
        images,
        names,
        baseline,
        budget_images,
        settings,
        num_samples,
        scale,
        distance,
        from_elsewhere,
        has_target,
        is_relative,
    )


def first_two_in_a_row(
    points: Sequence[Point], holds: Callable[[int], bool]
) -> tuple[int, int] | None:
    """Indices into `points` of the first two neighbours for both of which `holds(index)`."""
    for i in range(1, len(points)):
        if holds(i - 1) and holds(i):
            return i - 1, i
    return None


def running_best(points: Sequence[Point]) -> list[Point]:
    """At each point the highest so far; of several equal points the first."""
    best: list[Point] = []
    for point in points:
        best.append(max([*best[-1:], point], key=lambda earlier: earlier.value))
    return best


class Onset(NamedTuple):
    """The first failure that a rule detects in a run."""

    row: int
    """Index of the evaluation at which the rule first held."""
    images: int
    """Images seen when the failure began; at most those of `row`."""
    evidence: str
    """Clauses with the numbers that made the rule hold."""


def earliest(*onsets: Onset | None) -> Onset | None:
    """The onset with the lowest row; of those with the same row, the first argument."""
    return min(
        (onset for onset in onsets if onset is not None), key=lambda onset: onset.row, default=None
    )


def both(first: Point, second: Point) -> str:
    """The images seen at two evaluations, for a sentence."""
    return f"{kimg(first.images)} and {kimg(second.images)}"
