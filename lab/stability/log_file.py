"""Rows of a training log from a .csv or .jsonl file of any program."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.errors import InputError
from lab.record import Row

SNAPSHOT = re.compile(r"network-snapshot-(\d+)")
"""StyleGAN's metric-*.jsonl gives the clock (kimg) in the name of the snapshot."""


@dataclass(frozen=True)
class LogFile:
    """The rows of a file as they are, and what could not be read, in words."""

    rows: list[Row]
    ignored: tuple[str, ...]


def read_log_file(path: Path) -> LogFile:
    """The rows of a file, with texts of numbers as numbers and without empty cells.

    Raises InputError for a file that is missing, empty, or neither .csv nor .jsonl.
    """
    readers = {".csv": _csv_rows, ".jsonl": _jsonl_rows}
    if path.suffix.lower() not in readers:
        raise InputError(f"the log {path} is neither .csv nor .jsonl; give one of these, or a run")
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"the log {path} cannot be read: {reason}; give a readable file"
        ) from None
    lines = list(readers[path.suffix.lower()](text))
    rows = [row for row in lines if row]
    if not rows:
        raise InputError(f"the log {path} is empty; give one with a row for each evaluation")
    torn = len(lines) - len(rows)
    note = f"{torn} line{'s' if torn != 1 else ''} of {path.name} could not be read"
    return LogFile(rows, (note,) if torn else ())


def _csv_rows(text: str) -> Iterator[Row]:
    """A row for each line; that of a line without cells is empty."""
    for cells in csv.DictReader(text.splitlines()):
        filled = {
            name.strip(): _number_or_text(value)
            for name, value in cells.items()
            if isinstance(name, str) and isinstance(value, str) and value.strip()
        }
        yield filled


def _jsonl_rows(text: str) -> Iterator[Row]:
    """A row for each line that is not blank; that of a torn line is empty."""
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            content = json.loads(line)
        except ValueError:
            content = None
        yield _flat(content) if isinstance(content, dict) else {}


def _flat(content: Mapping[str, Any]) -> Row:
    """A row without nesting: StyleGAN's `results` and means, and the clock from its snapshot."""
    row: Row = {}
    for name, value in content.items():
        if name == "results" and isinstance(value, Mapping):
            row |= {inner: _number_or_text(number) for inner, number in value.items()}
        elif isinstance(value, Mapping) and "mean" in value:
            row[name] = _number_or_text(value["mean"])
        elif value is not None:
            row[name] = _number_or_text(value)
    snapshot = SNAPSHOT.search(str(row.get("snapshot_pkl", "")))
    if snapshot and "kimg" not in row:
        row["kimg"] = float(snapshot.group(1))
    return row


def _number_or_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return value
