"""What a reader of a format returns, and how the text of a cell becomes a number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.record import Row, Scalar

TENSOR = re.compile(r"tensor\(\s*([^,)\s]+)\s*[,)].*|\[\s*([^,\]\s]+)\s*\]")
"""What `str` makes of a torch tensor or of a list with one number."""
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")


@dataclass(frozen=True)
class LogRun:
    """The rows of one run as they are, in the order of the file."""

    name: str
    rows: list[Row]
    settings: Mapping[str, Scalar] = field(default_factory=dict)
    """What the format holds of the run's settings, by dotted names."""


@dataclass(frozen=True)
class LogFile:
    """The runs of a file or folder, and what could not be read, in words."""

    runs: tuple[LogRun, ...]
    notes: tuple[str, ...] = ()


def counted(count: int, word: str) -> str:
    """`1 line`, `3 lines`."""
    return f"{count} {word}{'s' if count != 1 else ''}"


def unread(count: int, word: str, source: object) -> list[str]:
    """A note on lines or items that are no rows, if there are any."""
    return [f"{counted(count, word)} of {source} could not be read"] if count else []


def number_or_text(value: Any, *, decimal_comma: bool = False) -> Any:
    """A text of a number as that number; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        text = value.strip()
    if decimal_comma and DECIMAL_COMMA.fullmatch(text):
        return float(text.replace(",", "."))
    printed = TENSOR.fullmatch(text)
    if printed is None:
        return value
    try:
        return float(printed.group(1) or printed.group(2))
    except ValueError:
        return value


def first_bytes(path: Path, count: int) -> bytes:
    """The first bytes of a file, by which formats are known; none of one that cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError:
        return b""


def by_step(cells: Iterable[tuple[float, str, float]]) -> list[Row]:
    """Rows of single values (step, name, value), in order: those of a step are one row.

    A name that comes again at a step begins another row of it.
    """
    rows: dict[float, list[Row]] = {}
    for step, name, value in cells:
        of_step = rows.setdefault(step, [])
        row = next((row for row in of_step if name not in row), None)
        if row is None:
            of_step.append(row := {"step": step})
        row[name] = value
    return [row for step in sorted(rows) for row in rows[step]]


def in_order(rows: Iterable[Row], clock: str) -> list[Row]:
    """Rows of several sources sorted by a common clock; those of one source keep their order."""
    return sorted(rows, key=lambda row: float(row[clock]))
