"""Tables as text: CSV with any separator, decimal commas, repeated headers, and named exports.

TensorBoard's exports have the columns `Wall time,Step,Value` and their tag in the file's name;
W&B's exports of a chart have a column `<run> - <metric>` for each run.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, takewhile
from pathlib import Path

from lab.errors import InputError
from lab.record import Row
from lab.stability.logs.parts import LogFile, LogRun, counted, number_or_text
from lab.stability.logs.separate import separate
from lab.stability.logs.text import LogText, empty, too_long
from lab.stability.logs.thinned import thinned

SEPARATORS = ",;\t|"
TENSORBOARD_COLUMNS = ["Wall time", "Step", "Value"]
TENSORBOARD_TAG = re.compile(r"(?:^|[-_.])tag-(.+)$")
WANDB_COLUMN = re.compile(r"(?P<run>.+) - (?P<metric>.+?)(?P<bound>__MIN|__MAX)?")
SAMPLE_ROWS = 1000
"""Rows that are compared with the header before the rest is read."""


def read_table(text: LogText) -> LogFile:
    """The runs of a table; InputError where the text is none."""
    path = text.path
    lines = (line for line in text.lines if line.strip() and line[0] != "#")
    first = next(lines, None)
    if first is None:
        raise empty(path)
    separator = max(SEPARATORS, key=lambda mark: _outside_quotes(first).count(mark))
    if separator not in _outside_quotes(first):
        raise InputError(
            f"the log {path} is no format that is known: no table with a header, no JSON, and no "
            "printed log of StudioGAN or StyleGAN; give one of these, or a folder of logs"
        )
    reader = csv.reader(chain([first], lines), delimiter=separator, skipinitialspace=True)
    try:
        return _runs(reader, text, decimal_comma=separator != ",")
    except csv.Error as error:
        raise InputError(f"the log {path} is no table: {error}; give a whole CSV file") from None


def _runs(reader: Iterator[list[str]], text: LogText, *, decimal_comma: bool) -> LogFile:
    path = text.path
    cells = (row for row in reader if "".join(row).strip())
    header = [name.strip() for name in next(cells, [])]
    beginning = list(islice(cells, SAMPLE_ROWS))
    _check_header(header, beginning, path)
    if header == TENSORBOARD_COLUMNS:
        tag = TENSORBOARD_TAG.search(path.stem)
        header[2] = tag.group(1) if tag else _tag_like(path.stem) or header[2]
    notes: list[str] = []
    lines = chain(beginning, cells)
    charted = _charted(header)
    if charted and text.long_by is not None:
        raise too_long(path, "export the history of its runs instead of a chart")
    rows, kept = thinned(
        _rows(header, lines, decimal_comma=decimal_comma, notes=notes), path, text.long_by
    )
    if not rows:
        raise empty(path)
    runs = _wandb_runs(header, charted, rows) if charted else separate(rows, path.stem)
    return LogFile(runs, (*kept, *notes))


def _outside_quotes(line: str) -> str:
    return re.sub(r'"[^"]*"', "", line)


def _tag_like(stem: str) -> str | None:
    """The metric that a file's name states without `tag-`."""
    match = re.search(r"(?:^|[^a-zA-Z])((?:fid|kid)(?:[_-]?\d+k)?(?:_full)?)(?:$|[^a-zA-Z])", stem)
    return match.group(1) if match else None


def _check_header(header: Sequence[str], rows: Sequence[Sequence[str]], path: Path) -> None:
    if all(isinstance(number_or_text(name), float) for name in header if name):
        raise InputError(
            f"the log {path} has no header: its first line is {', '.join(header[:5])}; put the "
            "names of the columns there"
        )
    rows = list(takewhile(lambda row: not _is_header(row, header), rows))
    longer = sum(len(row) > len(header) for row in rows)
    if longer > len(rows) / 2:
        raise InputError(
            f"the log {path} has {len(header)} names in its header and more cells in its rows "
            f"({longer} of {len(rows)}); separate cells by semicolons where numbers have decimal "
            "commas"
        )


def _rows(
    header: list[str], lines: Iterable[Sequence[str]], *, decimal_comma: bool, notes: list[str]
) -> Iterator[Row]:
    """A row for each line; a header that is repeated, or continued by another, is no row."""
    named = _unique(header, notes)
    repeated = 0
    for cells in lines:
        row = {
            name: number_or_text(cell, decimal_comma=decimal_comma)
            for name, cell in zip(named, cells, strict=False)
            if name and cell.strip()
        }
        if isinstance(row.get(named[0], ""), str) and _is_header(cells, header):
            repeated += 1
            header = [cell.strip() for cell in cells]
            named = _unique(header, [])
        elif row:
            yield row
    if repeated:
        notes.append(f"{counted(repeated, 'repeated header')} left out")


def _is_header(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether a line holds names, at least half of them those of the header."""
    names = [cell.strip() for cell in cells if isinstance(number_or_text(cell), str)]
    return len(names) == len(cells) and 2 * len(set(names) & set(header)) >= len(header)


def _unique(header: Sequence[str], notes: list[str]) -> list[str]:
    """Names that differ: a second column called `fid` becomes `fid (2)`."""
    names: list[str] = []
    for name in header:
        count = sum(name == earlier for earlier in header[: len(names)])
        if count and name:
            notes.append(f"a second column is called '{name}'; the first is read")
        names.append(f"{name} ({count + 1})" if count and name else name)
    return names


def _charted(header: Sequence[str]) -> dict[str, re.Match[str]]:
    """The columns of runs of W&B's export of a chart; none for any other table."""
    columns = {name: match for name in header if (match := WANDB_COLUMN.fullmatch(name))}
    return columns if any(match["bound"] for match in columns.values()) else {}


def _wandb_runs(
    header: Sequence[str], columns: Mapping[str, re.Match[str]], rows: Sequence[Row]
) -> tuple[LogRun, ...]:
    clocks = [name for name in header if name not in columns]
    runs: dict[str, list[Row]] = {}
    for row in rows:
        clock = {name: row[name] for name in clocks if name in row}
        for name, match in columns.items():
            if match["bound"] is None and name in row:
                runs.setdefault(match["run"], []).append(clock | {match["metric"]: row[name]})
    return tuple(LogRun(name, mine) for name, mine in runs.items())
