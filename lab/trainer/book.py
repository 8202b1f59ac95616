"""The evaluations of a person's training: rows as they come, for the record and the judge.

What comes is read as `lab.judge` reads a log: the clock, the metric, losses by their names. A
start that continues replaces the rows from its first evaluation on, because nothing makes sure
that a foreign program repeats its numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lab.config import RunConfig, StabilityConfig, TrainerConfig
from lab.record import (
    EVALUATIONS_FILE,
    IMAGES_SEEN,
    QUALITY,
    SECONDS_EVALUATING,
    SECONDS_TRAINING,
    Row,
    append_row,
    read_rows,
    write_rows,
)
from lab.record.columns import MetricNames, metric_names
from lab.record.scale import Scale
from lab.record.target import quality_of_target
from lab.stability.history import number
from lab.stability.log import read_log
from lab.stability.log_columns import LogOptions, NothingYet, counts_training
from lab.stability.verdict import Verdict, judge

NEARLY = 0.9
"""A training that ends by itself from this share of the budget on has reached it: programs round
the length of a run to their own units."""
MOST_NAMED = 12
"""Columns of a log that an error lists."""


def names_of(trainer: TrainerConfig) -> MetricNames:
    """The columns of the record: the metric is the distance that quality is made of."""
    column = trainer.metric.column
    usual = metric_names("inception")
    return usual.model_copy(
        update={"frechet": column, "kernel": column, "kernel_error": f"{column}_se"}
    )


def scale_of_metric(trainer: TrainerConfig) -> Scale:
    """What the metric means."""
    return Scale(trainer.metric.initial, trainer.metric.floor)


def log_options(trainer: TrainerConfig) -> LogOptions:
    """How the rows of a log are read."""
    return LogOptions(
        clock=None if trainer.clock is None else trainer.clock.column,
        quality=trainer.metric.name,
        batch_size=trainer.images_of_clock,
        initial=trainer.metric.initial,
        floor=trainer.metric.floor,
    )


def settled_limits(config: RunConfig) -> StabilityConfig:
    """The limits of a run (see `with_quality_of_target`)."""
    assert config.trainer is not None
    return with_quality_of_target(config.stability, config.trainer)


def with_quality_of_target(settings: StabilityConfig, trainer: TrainerConfig) -> StabilityConfig:
    """The limits with the quality of a target that is given as a distance.

    Runs that were trained elsewhere have no target unless one was given.

    Raises InputError for the target of another distance than the metric.
    """
    quality = settings.target_quality
    given = settings.model_fields_set & {"target_quality", "target_distance"}
    if not (trainer.is_startable or given):
        return settings
    if settings.target_distance:
        names, metric = names_of(trainer), trainer.metric
        quality = quality_of_target(
            settings.target_distance,
            names,
            {metric.column: metric.initial},
            {metric.column: metric.floor},
        )
    # Given, not a default: a log is held to a target only where it has one.
    return settings.model_copy(update={"target_quality": quality})


def judged_rows(
    rows: Sequence[Row], trainer: TrainerConfig, budget_images: int, settings: StabilityConfig
) -> Verdict | None:
    """The verdict of a run from its rows in the record, by the distance alone; None while open."""
    options = LogOptions(
        clock=IMAGES_SEEN,
        quality=trainer.metric.column,
        initial=trainer.metric.initial,
        floor=trainer.metric.floor,
    )
    try:
        return judge(
            [{name: value for name, value in row.items() if name != QUALITY} for row in rows],
            names=names_of(trainer),
            budget_images=max(1, budget_images),
            settings=settings,
            log=options,
        )
    except NothingYet:
        return None


def stored_row(row: Row, seconds: float | None) -> Row:
    """What was measured at an evaluation, with its quality and the seconds of the training."""
    numbers: dict[str, Any] = {
        name: value
        for name, value in row.items()
        if isinstance(value, (int, float))
        and not isinstance(value, bool)
        and (name in (IMAGES_SEEN, QUALITY) or not counts_training(name))
    }
    clock = {IMAGES_SEEN: numbers.pop(IMAGES_SEEN), QUALITY: numbers.pop(QUALITY, 0.0)}
    times = {} if seconds is None else {SECONDS_TRAINING: seconds, SECONDS_EVALUATING: 0.0}
    return {**clock, **times, **numbers}


class Book:
    """All evaluations of a run so far, and its verdict; writes evaluations.jsonl."""

    def __init__(self, config: RunConfig, folder: Path) -> None:
        assert config.trainer is not None
        self._trainer = config.trainer
        self._path = folder / EVALUATIONS_FILE
        self._budget_images = config.training.budget_images
        self._settings = settled_limits(config)
        self._names = names_of(config.trainer)
        self._options = log_options(config.trainer)
        self.rows: list[Row] = read_rows(self._path).rows
        """Rows as the record has them."""
        self._earlier = list(self.rows)
        """Rows of earlier starts."""
        self.is_unread = True
        """Whether no evaluation has come in this start."""
        self.what_came = ""
        """For an error: the columns of what came without the metric."""

    @property
    def images_seen(self) -> int:
        """At the last evaluation; 0 without one."""
        return int(self.rows[-1][IMAGES_SEEN]) if self.rows else 0

    @property
    def at_budget(self) -> bool:
        """Whether the last evaluation has reached the budget."""
        return bool(self.rows) and self.images_seen >= self._budget_images

    @property
    def seconds(self) -> float:
        """Of the training, up to the last evaluation."""
        return number(self.rows[-1], SECONDS_TRAINING) or 0.0 if self.rows else 0.0

    def take(self, came: Sequence[Row], seconds: float) -> list[Row]:
        """Store what came of this start, all of it each time; returns the new evaluations.

        `seconds`: of the whole training so far. Raises InputError for rows without a clock or the
        metric, and BrokenMetric for distances that cannot be.
        """
        if all(self._trainer.metric.name not in row for row in came):
            columns = list(dict.fromkeys(name for row in came for name in row))
            self.what_came = f"; it logged {', '.join(columns[:MOST_NAMED]) or 'nothing'}"
            return []
        try:
            log = read_log(
                came, names=self._names, budget_images=self._budget_images, options=self._options
            )
        except NothingYet:
            return []
        self.is_unread = False
        timed = {row[IMAGES_SEEN]: number(row, SECONDS_TRAINING) for row in self.rows}
        read = [stored_row(row, _or(timed.get(row[IMAGES_SEEN]), seconds)) for row in log.rows]
        first = read[0][IMAGES_SEEN] if read else math.inf
        rows = [row for row in self._earlier if row[IMAGES_SEEN] < first] + read
        return self._store(rows)

    def verdict(self, *, ended: bool = False) -> Verdict | None:
        """The verdict so far; `ended`: the training ended by itself, and its last row counts."""
        if not self.rows:
            return None
        end = self.images_seen if ended else self._budget_images
        return judged_rows(self.rows, self._trainer, end, self._settings)

    def _store(self, rows: list[Row]) -> list[Row]:
        """Append new rows; write all again where earlier ones changed. Returns the new ones."""
        before, self.rows = self.rows, rows
        if _same(rows[: len(before)], before):
            new = rows[len(before) :]
            for row in new:
                append_row(self._path, row)
            return new
        write_rows(self._path, rows)
        last = before[-1][IMAGES_SEEN] if _same(rows[:1], before[:1]) else -1
        return [row for row in rows if row[IMAGES_SEEN] > last]


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _same(one: Sequence[Row], other: Sequence[Row]) -> bool:
    """Whether rows are equal, with NaN equal to itself."""
    return len(one) == len(other) and repr(one) == repr(other)
