"""The runs of logs on one scale and to one budget: rows as the record has them, and verdicts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import NamedTuple

from lab.config import StabilityConfig, TrainerConfig
from lab.config.trainer import MetricConfig
from lab.errors import InputError
from lab.exchange.finding import Follow, FoundRun, LeftOut
from lab.record import IMAGES_SEEN, QUALITY, Row
from lab.record.score import final_quality, score
from lab.record.target import parse_target
from lab.record.words import brief, kimg
from lab.stability.log import NEAR_START, read_log
from lab.stability.log_columns import (
    LogOptions,
    NothingYet,
    is_quality_itself,
    names_among,
    quality_column,
)
from lab.stability.log_values import BrokenMetric
from lab.stability.verdict import Verdict
from lab.trainer.book import (
    NEARLY,
    judged_rows,
    names_of,
    scale_of_metric,
    stored_row,
    with_quality_of_target,
)

UNKNOWN = 1e300
"""Distance of the untrained generator while logs are read, before the scale of all is known."""
SEVERAL = 3
"""Columns of distances that an error or a note names."""


@dataclass(frozen=True)
class JudgeOptions:
    """How the logs are read and what their runs are held to."""

    quality: str | None = None
    """Column of the distance; the one that most logs have when left out."""
    initial: float | None = None
    """Distance of the untrained generator; from the logs when left out."""
    floor: float = 0.0
    """Distance of real images."""
    target: str | None = None
    """What a stable run ends with."""
    budget: int | None = None
    """Images at which runs were to end; the last row of the longest log when left out."""
    clock: str | None = None
    """Column of images seen, steps or epochs."""
    batch_size: str | None = None
    """Images of a step: a number, or the setting that has it."""
    epoch_size: int | None = None
    """Images of an epoch."""


class JudgedRun(NamedTuple):
    """A run with its rows of the record, and its verdict or why it has none."""

    log: FoundRun
    rows: list[Row]
    verdict: Verdict | None
    score: float | None = None
    final_quality: float | None = None
    error: str = ""
    """Of a run without a verdict."""


@dataclass(frozen=True)
class Judged:
    """What all runs have in common, and each of them."""

    metric: MetricConfig
    budget_images: int
    settings: StabilityConfig
    runs: list[JudgedRun]
    left_out: list[LeftOut]
    notes: list[str]
    """What was taken from the logs because no option states it."""


class _Read(NamedTuple):
    """A log on the clock of images, its rows as the record has them but for their quality."""

    run: FoundRun
    rows: list[Row]
    notes: tuple[str, ...]

    def images(self, row: int) -> int:
        """Images seen at a row."""
        seen: int = self.rows[row][IMAGES_SEEN]
        return seen


def judged_runs(runs: Sequence[FoundRun], options: JudgeOptions, follow: Follow) -> Judged:
    """Every run with its verdict, on the scale and to the budget of all.

    Runs without the metric or a clock are left out, each with its reason; those whose metric is
    broken, or which end long before the budget without a failure, are kept without a verdict.
    Raises InputError for options that fit no run.
    """
    notes: list[str] = []
    column = options.quality or _commonest_distance(runs, notes)
    if is_quality_itself(column):
        raise InputError(
            f"the column '{column}' is a quality; a study needs the distance that runs are "
            "compared by: give its column with --quality"
        )
    read, broken, left_out = _read_all(runs, column, options, follow)
    if not read:
        reason = (left_out or [LeftOut(broken[0].log.name, broken[0].error)])[0].reason
        raise InputError(f"none of {len(runs)} runs can be judged: {reason}")
    metric = _metric(read, column, options, notes)
    trainer = TrainerConfig(metric=metric)
    settings = StabilityConfig()
    if options.target is not None:
        settings = parse_target(options.target).applied_to(settings)
    settings = with_quality_of_target(settings, trainer)
    budget = options.budget or max(log.images(-1) for log in read)
    if options.budget is None:
        notes.append(f"no --budget was given: it is the end of the longest log, {kimg(budget)}")
    judged = [_judged(log, trainer, settings, budget) for log in follow(read, "judging")]
    return Judged(metric, budget, settings, [*judged, *broken], left_out, notes)


def _commonest_distance(runs: Sequence[FoundRun], notes: list[str]) -> str:
    """The column of a distance that most runs have. Raises InputError where none has one."""
    counts: Counter[str] = Counter()
    for run in runs:
        columns = [name for name in _columns(run.rows) if not is_quality_itself(name)]
        try:
            counts[quality_column(columns, LogOptions(), names_among(columns))[0]] += 1
        except NothingYet:
            continue
    if not counts:
        columns = _columns(runs[0].rows)[:12]
        raise InputError(
            f"no log has a column of a distance; that of the run '{runs[0].name}' has "
            f"{', '.join(columns) or 'none'}: name the distance with --quality"
        )
    (column, count), *others = counts.most_common()
    if others:
        names = ", ".join(f"'{name}' ({number})" for name, number in others[:SEVERAL])
        notes.append(f"runs are judged by '{column}' ({count} logs); others have {names}")
    return column


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(column for row in rows for column in row))


def _read_all(
    runs: Sequence[FoundRun], column: str, options: JudgeOptions, follow: Follow
) -> tuple[list[_Read], list[JudgedRun], list[LeftOut]]:
    """The logs that can be read, those whose metric is broken, and those that are none."""
    read: list[_Read] = []
    broken: list[JudgedRun] = []
    left_out: list[LeftOut] = []
    for run in follow(runs, "measuring"):
        try:
            read.append(_read(run, column, options))
        except BrokenMetric as error:
            broken.append(JudgedRun(run, [], None, error=str(error)))
        except InputError as error:
            left_out.append(LeftOut(run.name, str(error)))
    return read, broken, left_out


def _read(run: FoundRun, column: str, options: JudgeOptions) -> _Read:
    """A log's rows by the lab's columns; the scale of all runs is not known yet."""
    if all(column not in row for row in run.rows):
        raise NothingYet(f"it has no column '{column}' among {', '.join(_columns(run.rows)[:12])}")
    metric = MetricConfig(name=column, initial=UNKNOWN, floor=options.floor)
    log_options = LogOptions(
        clock=options.clock,
        quality=column,
        batch_size=_batch_size(run, options),
        initial=UNKNOWN,
        floor=options.floor,
        epoch_size=options.epoch_size,
    )
    names = names_of(TrainerConfig(metric=metric))
    log = read_log(run.rows, names=names, budget_images=1, options=log_options)
    rows = [_as_stored(row, metric) for row in log.rows]
    return _Read(run, rows, log.ignored)


def _batch_size(run: FoundRun, options: JudgeOptions) -> int | None:
    """Images of a step. Raises InputError for a setting that has no such number."""
    if options.batch_size is None:
        return None
    value = run.settings.get(options.batch_size)
    if options.batch_size.isdecimal():
        value = int(options.batch_size)
    if not isinstance(value, int | float) or value < 1 or value != int(value):
        raise InputError(
            f"--batch-size is '{options.batch_size}', which is {value!r} for this run; give a "
            "whole number above 0, or the name of a setting that has one"
        )
    return int(value)


def _metric(
    read: Sequence[_Read], column: str, options: JudgeOptions, notes: list[str]
) -> MetricConfig:
    """The distance and its scale; without `initial`, that of untrained generators in the logs."""
    initial = options.initial
    if initial is None:
        name = MetricConfig(name=column, initial=UNKNOWN).column
        firsts = [_first(log.rows, name) for log in read]
        begins = [log.images(0) <= NEAR_START * log.images(-1) for log in read]
        near = [first for first, is_near in zip(firsts, begins, strict=True) if is_near]
        if near:
            initial = median(near)
            notes.append(
                f"no --initial was given: quality 0 is '{column}' {brief(initial, 3)}, the median "
                f"of the first rows of {len(near)} runs that begin near 0 images"
            )
        else:
            initial = max(firsts)
            notes.append(
                f"no --initial was given and no log begins near 0 images: quality 0 is the "
                f"largest '{column}' of a first row, {brief(initial, 3)}, and not an untrained "
                "generator's"
            )
    if not (math.isfinite(initial) and initial > options.floor):
        raise InputError(
            f"the initial '{column}' is {initial:g} and --floor is {options.floor:g}; it must "
            "fall while images become better: give a distance to real images, with --initial "
            "above --floor"
        )
    return MetricConfig(name=column, initial=initial, floor=options.floor)


def _judged(
    log: _Read, trainer: TrainerConfig, settings: StabilityConfig, budget: int
) -> JudgedRun:
    """One run, its rows up to the budget; it ends by itself from nearly the budget on."""
    run, metric = log.run, trainer.metric
    rows = [row for row in log.rows if row[IMAGES_SEEN] <= budget]
    if not rows:
        return JudgedRun(run, [], None, error=f"its first row lies beyond {kimg(budget)}")
    scale = scale_of_metric(trainer)
    qualities = scale.qualities([row.get(metric.column, math.nan) for row in rows]).tolist()
    rows = [row | {QUALITY: quality} for row, quality in zip(rows, qualities, strict=True)]
    last = rows[-1][IMAGES_SEEN]
    try:
        end = last if last >= NEARLY * budget else budget
        verdict = judged_rows(rows, trainer, end, settings)
    except InputError as error:
        return JudgedRun(run, rows, None, error=str(error))
    if verdict is None:
        return JudgedRun(run, rows, None, error=(
            f"it ends at {kimg(last)} of {kimg(budget)} without a failure; if it was to end "
            "there, import it with a --budget of its own"
        ))  # fmt: skip
    verdict = replace(verdict, ignored=(*run.notes, *log.notes, *verdict.ignored))
    failed_at = None if verdict.onset_images is None else int(verdict.onset_images)
    return JudgedRun(
        run,
        rows,
        verdict,
        score([row[IMAGES_SEEN] for row in rows], qualities, budget, failed_at),
        final_quality(qualities[-1], verdict.name),
    )


def _first(rows: Sequence[Row], column: str) -> float:
    """The first finite distance of a log."""
    values: list[float] = [row.get(column, math.nan) for row in rows]
    return next(value for value in values if math.isfinite(value))


def _as_stored(row: Row, metric: MetricConfig) -> Row:
    """A row of the record, with the distance under its column alone."""
    stored = stored_row(row, None)
    if metric.name != metric.column:
        stored.pop(metric.name, None)
    return stored
