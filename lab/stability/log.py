"""A training log of another program, as rows that rules can read.

The clock is the column `images_seen`, `images`, `nimg`, `samples_seen` (images), `kimg`
(thousands of images), with a batch size `step`, `iteration`, `itr`, or with an epoch size
`epoch`. Quality is `quality` or `u` if there is one, in [0, 1]; else it is computed from a kernel
distance (`kid`, `kid50k_full`, `kid_<extractor>`), else from a Frechet distance (`fid`,
`fid50k_full`, `val/fid`, `fd_<extractor>`) on the scale of lab.record.scale, whose d_0 is the
log's first value and whose d_rr = 0 unless they are given. An inception score is not accepted, as
that of real images is not known. Case, `_`, `-`, `/`, `.` and blanks in names do not matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from lab.errors import InputError
from lab.record import IMAGES_SEEN, QUALITY, Row
from lab.record.columns import MetricNames
from lab.record.scale import Scale
from lab.record.words import brief, kimg
from lab.stability.history import number
from lab.stability.log_clock import (
    Placed,
    check_agreement,
    in_one_piece,
    placed_rows,
)
from lab.stability.log_columns import (
    LEFT_OUT,
    Clock,
    LogOptions,
    NothingYet,
    clock_column,
    names_among,
    other_image_clock,
    quality_column,
    renaming,
)
from lab.stability.log_values import BrokenMetric as BrokenMetric
from lab.stability.log_values import (
    check_metric,
    folded,
    with_counted,
    without_failed,
    without_filler,
)

if TYPE_CHECKING:
    import pandas as pd

NEAR_START = 1 / 200
"""A first row within this share of the log's images shows a generator that has hardly begun."""


@dataclass(frozen=True)
class Log:
    """Rows in order of images seen, and what was skipped, in words."""

    rows: list[Row]
    names: MetricNames
    budget_images: int
    scale: Scale | None
    """Of the distance; None where the log holds quality itself."""
    distance: str
    """The column of `rows` that holds the distance."""
    is_relative: bool
    """Whether the scale's anchor is the log's first row, which need not be untrained."""
    ignored: tuple[str, ...]
    not_judged: tuple[str, ...]


def read_log(
    frame: Sequence[Mapping[str, Any]] | pd.DataFrame,
    *,
    names: MetricNames | None,
    budget_images: int | None,
    options: LogOptions,
) -> Log:
    """The rows of a log by the lab's column names, in order, one for each number of images.

    A NaN of a pandas frame is an empty cell; one in plain rows is a measured value and stays,
    unless it is a single one between finite ones.
    Raises InputError when there are no rows, no clock or no quality, and BrokenMetric where the
    distances cannot be such.
    """
    rows = _plain_rows(frame)
    if not rows:
        raise NothingYet("the log is empty; give one with a row for each evaluation")
    columns = [name for name in dict.fromkeys(chain.from_iterable(rows)) if name != LEFT_OUT]
    names = names or names_among(columns)
    clock = clock_column(columns, options)
    other = other_image_clock(columns, clock) if options.clock is None else None
    if other is not None:
        check_agreement(rows, clock, other)
    column, metric = quality_column(columns, options, names)
    renamed = renaming(columns, names)
    losses = [name for name, meaning in renamed.items() if meaning.endswith("_loss")]
    placed, notes = _arranged(rows, clock, column, losses)
    if metric is not None:
        placed, failed = without_failed(placed, column, tuple(names.model_dump().values()))
        notes += failed
    placed, after = folded(placed, column)
    notes += after
    measured = _quality(placed, column, metric, options)
    made = [
        {renamed.get(key, key): value for key, value in row.items()} | {IMAGES_SEEN: seen} | cells
        for (seen, row, _), cells in zip(placed, measured.rows, strict=True)
    ]
    last = placed[-1].images
    budget = last if budget_images is None else budget_images
    if budget < 1:
        raise InputError(
            "the log ends before any image was seen; give rows of a run that trained, or a budget"
        )
    alone = () if len(made) > 1 else ("change could not be judged from one row",)
    begins_untrained = placed[0].images <= NEAR_START * last or options.initial is not None
    is_relative = measured.scale is not None and not begins_untrained
    if is_relative:
        notes.append(
            f"no row near 0 images and no initial distance: quality is relative to the first row, "
            f"at {kimg(placed[0].images)}"
        )
    return Log(
        made,
        names,
        budget,
        measured.scale,
        measured.distance,
        is_relative,
        tuple(notes),
        alone,
    )


def _arranged(
    rows: Sequence[Row], clock: Clock, column: str, losses: Sequence[str]
) -> tuple[list[Placed], list[str]]:
    """Rows with their images in ascending order, and what was done to them, in words."""
    placed, notes = placed_rows(rows, clock)
    if not clock.is_named and clock.unit == 1:
        notes.append(f"'{clock.column}' was taken for images seen")

    def value(row: Row) -> float | None:
        cell = number(row, column)
        return cell if cell is not None and math.isfinite(cell) else None

    texts = sum(isinstance(row.get(column), str) for _, row, _ in placed)
    if texts:
        rows_of = f"{texts} row{'s' if texts != 1 else ''}"
        notes.append(f"{rows_of} with a text in '{column}' had no quality")
    counted = with_counted(without_filler(placed, column, losses), losses)
    ordered, order = in_one_piece(counted, value)
    return ordered, [*notes, *order]


def _plain_rows(frame: Sequence[Mapping[str, Any]] | pd.DataFrame) -> list[Row]:
    if isinstance(frame, Sequence):
        return [dict(row) for row in frame]
    records: list[dict[Any, Any]] = frame.to_dict("records")
    return [
        {str(key): value for key, value in row.items() if not _is_empty(value)} for row in records
    ]


def _is_empty(value: Any) -> bool:
    """None, NaN and pandas' NA; strings are not."""
    if value is None or str(value) == "<NA>":
        return True
    return isinstance(value, float) and math.isnan(value)


@dataclass(frozen=True)
class _Quality:
    """How rows get their quality."""

    rows: Sequence[Row]
    """For each row of the log its columns of distance and quality."""
    scale: Scale | None
    distance: str


def _quality(
    placed: Sequence[Placed], column: str, metric: str | None, options: LogOptions
) -> _Quality:
    values = [number(row, column) for _, row, _ in placed]
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        raise NothingYet(f"no row of the log has a finite number in '{column}'; give one that has")
    if metric is None:
        return _quality_itself(column, values, finite, options)
    initial = finite[0] if options.initial is None else options.initial
    check_metric(column, finite, options.floor)
    if initial <= options.floor:
        raise InputError(
            f"'{column}' is {brief(initial)} at the start, not above the {brief(options.floor)} "
            "of real images; give the untrained generator's as the initial one"
        )
    scale = Scale(initial, options.floor)
    qualities = scale.qualities([math.nan if value is None else value for value in values])
    rows: list[Row] = [
        {} if value is None else {metric: value, QUALITY: float(quality)}
        for value, quality in zip(values, qualities, strict=True)
    ]
    return _Quality(rows, scale, metric)


def _quality_itself(
    column: str, values: Sequence[float | None], finite: Sequence[float], options: LogOptions
) -> _Quality:
    """Quality as the log holds it, in [0, 1]."""
    outside = next((value for value in finite if not 0 <= value <= 1), None)
    if outside is not None:
        raise InputError(
            f"'{column}' is {brief(outside)}; quality lies between 0 (untrained) and 1 (as "
            "real images): name a distance to real images instead"
        )
    for what, given in (("initial", options.initial is not None), ("floor", options.floor != 0)):
        if given:
            raise InputError(
                f"the {what} distance is not used, as '{column}' is quality already; leave it "
                "out, or name a distance"
            )
    return _Quality([{} if value is None else {QUALITY: value} for value in values], None, "")
