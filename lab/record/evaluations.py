"""Evaluations of many runs held as columns: ten thousand trials fit, where dict rows would not.

Rows of one run mostly share their columns, so each row is its numbers in one flat buffer and the
number of its schema: which columns it has, in which order, and which of them are whole numbers.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

Row = dict[str, Any]
_NUMBERS = {float, int}


class _Schema(NamedTuple):
    """The columns of a row in their order, and the types of its values."""

    names: tuple[str, ...]
    kinds: tuple[type, ...]


class Evaluations:
    """Rows of runs in order; grown run by run, then read by column or by row."""

    def __init__(self) -> None:
        self._schemas: list[_Schema] = []
        self._numbers: dict[_Schema, int] = {}
        self._schema = array("l")
        self._start = array("q", [0])
        self._values = array("d")
        self._others: dict[int, Row] = {}
        self._first = array("q", [0])
        self._columns: dict[str, NDArray[np.float64]] = {}

    def append(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Take the rows of the next run; returns a view of them that makes rows when asked."""
        for row in rows:
            self._append(row)
        self._first.append(len(self._schema))
        return RunRows(self, len(self._schema) - len(rows), len(self._schema)) if rows else []

    @property
    def num_rows(self) -> int:
        """Rows of all runs."""
        return len(self._schema)

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """Rows of run i are first[i] up to first[i + 1]; [num_runs + 1]."""
        return np.array(self._first, dtype=np.int64)

    @cached_property
    def run(self) -> NDArray[np.int64]:
        """The run that each row is of, ascending; [num_rows]."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every column that any row has, in order of appearance."""
        return tuple(dict.fromkeys(name for schema in self._schemas for name in schema.names))

    def column(self, name: str) -> NDArray[np.float64]:
        """Numbers of one column, [num_rows]; NaN where a row lacks it or holds no number."""
        if name not in self._columns:
            self._columns[name] = self._gather(name)
        return self._columns[name]

    def row(self, number: int) -> Row:
        """One row as it was appended."""
        schema = self._schemas[self._schema[number]]
        start = self._start[number]
        values = self._values[start : start + len(schema.names)]
        row: Row = {
            name: int(value) if kind is int else value
            for name, kind, value in zip(schema.names, schema.kinds, values, strict=True)
        }
        return row | self._others.get(number, {})

    def _append(self, row: Row) -> None:
        values = row.values()
        kinds = tuple(map(type, values))
        if not _NUMBERS.issuperset(kinds):
            others = {name: value for name, value in row.items() if type(value) not in _NUMBERS}
            self._others[len(self._schema)] = others
            values = (row | dict.fromkeys(others, np.nan)).values()
            kinds = tuple(map(type, values))
        schema = _Schema(tuple(row), kinds)
        if schema not in self._numbers:
            self._numbers[schema] = len(self._schemas)
            self._schemas.append(schema)
        self._schema.append(self._numbers[schema])
        self._values.extend(values)
        self._start.append(len(self._values))

    def _gather(self, name: str) -> NDArray[np.float64]:
        column = np.full(self.num_rows, np.nan)
        schema = np.array(self._schema, dtype=np.int64)
        start = np.array(self._start[:-1], dtype=np.int64)
        values = np.frombuffer(self._values) if self._values else np.empty(0)
        for number, (names, _) in enumerate(self._schemas):
            if name in names:
                rows = np.flatnonzero(schema == number)
                column[rows] = values[start[rows] + names.index(name)]
        column.flags.writeable = False
        return column


class RunRows(Sequence[Row]):
    """The rows of one run, made when looked at."""

    def __init__(self, evaluations: Evaluations, start: int, stop: int) -> None:
        self._evaluations = evaluations
        self._rows = range(start, stop)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self._evaluations.row(number) for number in self._rows[index]]
        return self._evaluations.row(self._rows[index])

    def __iter__(self) -> Iterator[Row]:
        return (self._evaluations.row(number) for number in self._rows)
