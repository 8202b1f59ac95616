"""A training log that the lab did not make, as rows that rules can read.

The clock is found under `images_seen`, `images`, `nimg`, `samples_seen` (images), `kimg`
(thousands of images), or, with a batch size, `step`, `steps`, `iteration`, `iter`, `it`. Quality
is `quality` or `u` where there is one, in [0, 1]; else it is made of a kernel distance (`kid`,
`kid50k_full`, `kid_<extractor>`), else of a Frechet distance (`fid`, `fid50k_full`, `fid10k`,
`fd_<extractor>`): u = clip(1 - (Q - Q_rr) / (Q_0 - Q_rr), 0, 1), Q_0 the log's first value and
Q_rr = 0, both or one of them given instead. An inception score is not accepted: nothing says what
real images would get. Case, `_`, `-`, `/`, `.` and blanks in names do not matter.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.config import InputError, MetricNames, metric_names
from lab.record import IMAGES_SEEN, QUALITY, SIGNAL_PREFIX, Row
from lab.stability.history import brief, number
from lab.stability.score import quality

if TYPE_CHECKING:
    import pandas as pd

IMAGES = ("imagesseen", "images", "nimg", "samplesseen")
THOUSANDS = ("kimg", "progresskimg")
STEPS = ("step", "steps", "iteration", "iterations", "iter", "it", "globalstep")
QUALITIES = ("quality", "u")
KERNEL = re.compile(r"kid(\d+k?)?(full)?")
FRECHET = re.compile(r"(fid|fd)(\d+k?)?(full)?")
LAB_METRIC = re.compile(r"(kid|fd)_([a-z0-9-]+)")
SHARES = ("precision", "recall", "density", "coverage")
LOSSES = {
    "critic_loss": ("dloss", "lossd", "lossdloss", "discriminatorloss", "criticloss"),
    "generator_loss": ("gloss", "lossg", "lossgloss", "generatorloss"),
}
ACCEPTED_CLOCKS = "images_seen, images, nimg, kimg, or step with a batch size"
ACCEPTED_QUALITIES = "quality, kid, kid50k_full, fid, fid50k_full or fd_<extractor>"


@dataclass(frozen=True)
class LogOptions:
    """What a log's columns are where their names do not tell."""

    clock: str | None = None
    """The column of images seen; of kimg or steps if it is called so."""
    quality: str | None = None
    """The column of the distance that quality is made of, or of quality itself."""
    batch_size: int | None = None
    """Images of a step."""
    initial: float | None = None
    """Distance of the untrained generator; the log's first one when left out."""
    floor: float = 0.0
    """Distance that real images would get."""


@dataclass(frozen=True)
class Log:
    """Rows in order of images seen, and what was passed over."""

    rows: list[Row]
    names: MetricNames
    budget_images: int
    ignored: tuple[str, ...]
    not_judged: tuple[str, ...]


def read_log(
    frame: Sequence[Mapping[str, Any]] | pd.DataFrame,
    *,
    names: MetricNames | None,
    budget_images: int | None,
    options: LogOptions,
) -> Log:
    """The rows of a log by the lab's column names, each place on the clock once, in order.

    A NaN of a pandas frame is an empty cell; one in plain rows was measured so and stays.
    Raises InputError when there are no rows, no clock or no quality.
    """
    rows = _plain_rows(frame)
    if not rows:
        raise InputError("the log is empty; give one with a row an evaluation")
    columns = list(dict.fromkeys(column for row in rows for column in row))
    names = names or _names(columns)
    placed, ignored = _on_clock(rows, _clock(columns, options))
    measure, missing = _quality(placed, columns, options, names)
    renamed = _renaming(columns, names)
    made = [
        {renamed.get(key, key): value for key, value in row.items()}
        | {IMAGES_SEEN: seen}
        | measure(row)
        for seen, row in placed
    ]
    budget = placed[-1][0] if budget_images is None else budget_images
    if budget < 1:
        raise InputError(
            "the log ends before any image was seen; give rows of a run that trained, or a budget"
        )
    alone = () if len(made) > 1 else ("change could not be judged from one row",)
    return Log(made, names, budget, (*ignored, *missing), alone)


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


def _key(name: str) -> str:
    return re.sub(r"[\s_\-./]+", "", name.lower())


def _names(columns: Iterable[str]) -> MetricNames:
    """The lab's own names where a column has one, else those of Inception's metrics."""
    for column in columns:
        if (found := LAB_METRIC.fullmatch(column)) and not column.endswith("_se"):
            return metric_names(found.group(2))
    return metric_names("inception")


def _clock(columns: Sequence[str], options: LogOptions) -> tuple[str, float]:
    """The column of the clock and the images of one of its units."""
    if options.clock is not None:
        _require(options.clock, columns, "the clock")
    candidates = [options.clock] if options.clock is not None else columns
    keys = {_key(column): column for column in reversed(candidates)}
    for known, unit in ((IMAGES, 1.0), (THOUSANDS, 1000.0)):
        for key in known:
            if key in keys:
                return keys[key], unit
    for key in STEPS:
        if key in keys and options.batch_size is not None:
            return keys[key], float(options.batch_size)
        if key in keys:
            raise InputError(
                f"the log counts in '{keys[key]}'; give the batch size, so that images are known"
            )
    if options.clock is not None:
        return options.clock, 1.0
    raise InputError(
        f"the log has no column of images seen among {', '.join(columns)}; "
        f"call it {ACCEPTED_CLOCKS}, or name it"
    )


def _require(name: str, columns: Sequence[str], what: str) -> None:
    if name not in columns:
        raise InputError(
            f"{what} is to be '{name}', which is no column of the log; it has {', '.join(columns)}"
        )


def _on_clock(
    rows: Sequence[Row], clock: tuple[str, float]
) -> tuple[list[tuple[int, Row]], list[str]]:
    """Images seen and the row, in order, one a place; and what was passed over for that.

    Of several rows at one place the first counts; later ones give what it lacks.
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
    told = (
        (lost, f"without a finite number in '{column}' {_were(lost)} left out"),
        (moved, f"out of order {_were(moved)} sorted"),
        (repeated, "at a place that an earlier row has only filled its gaps"),
    )
    return kept, [f"{_rows(count)} {text}" for count, text in told if count]


def _rows(count: int) -> str:
    return f"{count} row{'s' if count != 1 else ''}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


Measure = Callable[[Row], Row]


def _quality(
    placed: Sequence[tuple[int, Row]],
    columns: Sequence[str],
    options: LogOptions,
    names: MetricNames,
) -> tuple[Measure, list[str]]:
    """What makes a row's quality, and words on rows that have none."""
    column, metric = _quality_column(columns, options, names)
    values = [number(row, column) for _, row in placed]
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        raise InputError(f"no row of the log has a finite number in '{column}'; give one that has")
    bad = len(values) - len(finite)
    told = [f"{_rows(bad)} without a finite number in '{column}' had no quality"] if bad else []
    if metric is None:
        return lambda row: _present(QUALITY, number(row, column)), told
    initial = finite[0] if options.initial is None else options.initial
    if initial <= options.floor:
        raise InputError(
            f"'{column}' is {brief(initial)} at the start, not above the {brief(options.floor)} "
            "of real images; give the untrained generator's as the initial one"
        )

    def measured(row: Row) -> Row:
        value = number(row, column)
        if value is None:
            return {}
        return {metric: value, QUALITY: quality(value, initial, options.floor)}

    return measured, told


def _present(column: str, value: float | None) -> Row:
    return {} if value is None else {column: value}


def _quality_column(
    columns: Sequence[str], options: LogOptions, names: MetricNames
) -> tuple[str, str | None]:
    """The column that quality is made of, and the lab's name of it; None for quality itself."""
    if options.quality is not None:
        _require(options.quality, columns, "quality")
    candidates = [options.quality] if options.quality is not None else columns
    kinds: tuple[tuple[Callable[[str], bool], str | None], ...] = (
        (lambda name: _key(name) in QUALITIES, None),
        (lambda name: name == names.kernel or bool(KERNEL.fullmatch(_key(name))), names.kernel),
        (lambda name: name == names.frechet or bool(FRECHET.fullmatch(_key(name))), names.frechet),
    )
    for is_kind, metric in kinds:
        for column in candidates:
            if is_kind(column):
                return column, metric
    if options.quality is not None:
        return options.quality, names.frechet
    raise InputError(
        f"the log has no column of quality among {', '.join(columns)}; "
        f"call it {ACCEPTED_QUALITIES}, or name a distance to the real images"
    )


def _renaming(columns: Sequence[str], names: MetricNames) -> dict[str, str]:
    """Columns that rules read under another name."""
    found: dict[str, str] = {}
    for column in columns:
        key = _key(column)
        for share in SHARES:
            if key == share or re.fullmatch(rf"pr\d+k\d(full)?{share}", key):
                found[column] = getattr(names, share)
        for loss, spellings in LOSSES.items():
            if key in spellings:
                found[column] = SIGNAL_PREFIX + loss
    return found
