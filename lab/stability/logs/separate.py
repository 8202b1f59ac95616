"""Several runs in one table: distinguished by the columns that name a run."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lab.record import Row
from lab.stability.logs.parts import LogRun

RUN_COLUMNS = (
    "run",
    "runid",
    "runname",
    "trialid",
    "trialname",
    "trial",
    "experimentname",
    "seed",
)
"""Names of columns that name a run, without case and separators."""
WANDB_NAMES = ("Name", "ID")


def separate(rows: Sequence[Row], name: str) -> tuple[LogRun, ...]:
    """The runs of rows, in order of appearance; one, called `name`, where no column differs."""
    columns = [
        column
        for column in dict.fromkeys(column for row in rows for column in row)
        if names_runs(column) and len({str(row.get(column)) for row in rows}) > 1
    ]
    # A column that differs in every row names rows, not runs.
    columns = [column for column in columns if _repeats(rows, column)]
    if not columns:
        return (LogRun(name, list(rows)),)
    runs: dict[str, list[Row]] = {}
    for row in rows:
        key = ", ".join(_part(column, row.get(column), columns) for column in columns)
        runs.setdefault(key, []).append(row)
    return tuple(LogRun(key, mine) for key, mine in runs.items())


def names_runs(column: str) -> bool:
    """Whether a column may name the run of a row."""
    return column in WANDB_NAMES or re.sub(r"[\s_\-./]+", "", column.lower()) in RUN_COLUMNS


def _repeats(rows: Sequence[Row], column: str) -> bool:
    values = [str(row[column]) for row in rows if column in row]
    return len(values) == len(rows) and len(set(values)) < len(values)


def _part(column: str, value: object, columns: Sequence[str]) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(columns) == 1 and not text.isdecimal() else f"{column} {text}"
