"""A training log of another program, as rows that rules can read.

The clock is the column `images_seen`, `images`, `nimg`, `samples_seen` (images), `kimg`
(thousands of images), or, with a batch size, `step`, `steps`, `iteration`, `iter`, `it`. Quality
is `quality` or `u` if there is one, in [0, 1]; else it is computed from a kernel distance (`kid`,
`kid50k_full`, `kid_<extractor>`), else from a Frechet distance (`fid`, `fid50k_full`, `fid10k`,
`fd_<extractor>`) on the scale of lab.record.scale, whose d_0 is the log's first value and whose
d_rr = 0 unless they are given. An inception score is not accepted, as that of real
images is not known. Case, `_`, `-`, `/`, `.` and blanks in names do not matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.errors import InputError
from lab.record import IMAGES_SEEN, QUALITY, Row
from lab.record.columns import MetricNames
from lab.record.scale import Scale
from lab.record.words import brief
from lab.stability.history import number
from lab.stability.log_columns import (
    LogOptions,
    clock_column,
    names_among,
    quality_column,
    renaming,
)

if TYPE_CHECKING:
    import pandas as pd


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

    A NaN of a pandas frame is an empty cell; one in plain rows is a measured value and stays.
    Raises InputError when there are no rows, no clock or no quality.
    """
    rows = _plain_rows(frame)
    if not rows:
        raise InputError("the log is empty; give one with a row for each evaluation")
    columns = list(dict.fromkeys(column for row in rows for column in row))
    names = names or names_among(columns)
    placed, ignored = _on_clock(rows, clock_column(columns, options))
    measured = _quality(placed, columns, options, names)
    renamed = renaming(columns, names)
    made = [
        {renamed.get(key, key): value for key, value in row.items()}
        | {IMAGES_SEEN: seen}
        | measured.of(row)
        for seen, row in placed
    ]
    budget = placed[-1][0] if budget_images is None else budget_images
    if budget < 1:
        raise InputError(
            "the log ends before any image was seen; give rows of a run that trained, or a budget"
        )
    alone = () if len(made) > 1 else ("change could not be judged from one row",)
    is_untrained = placed[0][0] == 0 or options.initial is not None
    return Log(
        made,
        names,
        budget,
        measured.scale,
        measured.distance,
        measured.scale is not None and not is_untrained,
        (*ignored, *measured.notes),
        alone,
    )


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


def _on_clock(
    rows: Sequence[Row], clock: tuple[str, float]
) -> tuple[list[tuple[int, Row]], list[str]]:
    """Pairs of images seen and row, in order, and what was skipped or changed, in words.

    Of several rows at the same number of images the first counts; later ones fill its gaps.
    """
    column, unit = clock
    placed: list[tuple[int, Row]] = []
    lost = 0
    for row in rows:
        seen = number(row, column)
        if seen is None or not math.isfinite(seen) or seen < 0:
            lost += 1
        else:
            placed.append((round(seen * unit), row))
    if not placed:
        raise InputError(f"no row of the log has a number in '{column}'; give one that has")
    ordered = sorted(placed, key=lambda pair: pair[0])
    moved, latest = 0, -1
    for seen, _ in placed:
        moved += seen < latest
        latest = max(latest, seen)
    kept: list[tuple[int, Row]] = []
    for seen, row in ordered:
        if kept and seen == kept[-1][0]:
            kept[-1] = (seen, {**row, **kept[-1][1]})
        else:
            kept.append((seen, row))
    repeated = len(ordered) - len(kept)
    notes = (
        (lost, f"without a finite number in '{column}' {_were(lost)} left out"),
        (moved, f"out of order {_were(moved)} sorted"),
        (repeated, "with the images of an earlier row only filled its gaps"),
    )
    return kept, [f"{_rows(count)} {text}" for count, text in notes if count]


def _rows(count: int) -> str:
    return f"{count} row{'s' if count != 1 else ''}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


@dataclass(frozen=True)
class _Quality:
    """How rows get their quality."""

    of: Callable[[Row], Row]
    """From a row of the log to its columns of distance and quality."""
    scale: Scale | None
    distance: str
    notes: list[str]
    """On rows that have none."""


def _quality(
    placed: Sequence[tuple[int, Row]],
    columns: Sequence[str],
    options: LogOptions,
    names: MetricNames,
) -> _Quality:
    column, metric = quality_column(columns, options, names)
    values = [number(row, column) for _, row in placed]
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        raise InputError(f"no row of the log has a finite number in '{column}'; give one that has")
    bad = len(values) - len(finite)
    notes = [f"{_rows(bad)} without a finite number in '{column}' had no quality"] if bad else []
    if metric is None:
        outside = next((value for value in finite if not 0 <= value <= 1), None)
        if outside is not None:
            raise InputError(
                f"'{column}' is {brief(outside)}; quality lies between 0 (untrained) and 1 (as "
                "real images): name a distance to real images instead"
            )
        return _Quality(lambda row: _present(QUALITY, number(row, column)), None, "", notes)
    initial = finite[0] if options.initial is None else options.initial
    if initial <= options.floor:
        raise InputError(
            f"'{column}' is {brief(initial)} at the start, not above the {brief(options.floor)} "
            "of real images; give the untrained generator's as the initial one"
        )
    scale = Scale(initial, options.floor)

    def measured(row: Row) -> Row:
        value = number(row, column)
        return {} if value is None else {metric: value, QUALITY: scale.quality(value)}

    return _Quality(measured, scale, metric, notes)


def _present(column: str, value: float | None) -> Row:
    return {} if value is None else {column: value}
