"""Of the rows of a long file, those that its verdict needs.

A file of a gigabyte is a log of every step's losses with few distances. All rows with a distance
are kept, and of the rows between two of them the first two and the last of each kind, so that
the latest losses, the first that is not finite, and the ends of a clock that goes back remain.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from lab.record import Row
from lab.stability.history import number
from lab.stability.log_columns import LEFT_OUT, LogOptions, is_clock, is_quality
from lab.stability.logs.separate import names_runs
from lab.stability.logs.text import too_long

KEPT_FIRST = 2
"""Rows at the beginning of a stretch; with its last they are three, and fewer between two points
where the clock goes back are taken for disorder."""
MAX_CELLS = 4_000_000
"""Of the kept rows, which take up to a gigabyte with it."""


def thinned(
    rows: Iterable[Row], path: Path, long_by: LogOptions | None
) -> tuple[list[Row], tuple[str, ...]]:
    """All rows of a file that fits in memory; those to keep of a long one, and a note.

    `long_by` names the columns of a long one.

    Raises InputError where even those would not fit.
    """
    if long_by is None:
        return list(rows), ()
    thinning = _Thinning(long_by)
    kept: list[Row] = []
    cells = 0
    for row in thinning.of(rows):
        kept.append(row)
        cells += len(row)
        if cells > MAX_CELLS:
            raise too_long(
                path,
                f"{len(kept)} of its first {thinning.num_rows} rows have a distance or begin "
                "anew; give a file with fewer columns or rows",
            )
    note = (
        f"{len(kept)} of {thinning.num_rows} rows were kept: those with a distance, and the first "
        "and last of the others between them; other notes count these"
    )
    return kept, (note,)


class _Roles(NamedTuple):
    """The columns of a row by what they mean."""

    runs: tuple[str, ...]
    clocks: tuple[str, ...]
    qualities: tuple[str, ...]


@dataclass
class _Stretch:
    """Rows of one kind between two rows with a distance."""

    first: list[tuple[int, Row]] = field(default_factory=list)
    last: tuple[int, Row] | None = None
    left_out: int = 0

    def add(self, position: int, row: Row) -> None:
        if len(self.first) < KEPT_FIRST:
            self.first.append((position, row))
            return
        self.left_out += self.last is not None
        self.last = (position, row)

    def kept(self) -> list[tuple[int, Row]]:
        if self.last is None:
            return self.first
        position, row = self.last
        return [*self.first, (position, row | {LEFT_OUT: self.left_out} if self.left_out else row)]


class _Thinning:
    """The rows to keep, in their order.

    A kind of row is its run, its columns, and which of them are not finite or no numbers.
    """

    def __init__(self, options: LogOptions) -> None:
        self.num_rows = 0
        self._options = options
        self._roles: dict[tuple[str, ...], _Roles] = {}
        self._stretches: dict[Any, _Stretch] = {}
        self._kinds: set[Any] = set()
        self._clocks: dict[Any, Any] = {}
        """The latest value of each run and clock."""
        self._measured: dict[str, Any] = {}
        """The clocks of the last row with a distance that did not move since."""

    def of(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            self.num_rows += 1
            columns = tuple(row)
            roles = self._roles.get(columns)
            if roles is None:
                roles = self._roles[columns] = self._roles_of(columns)
            run = tuple([str(row[name]) for name in roles.runs])
            if self._goes_back(row, run, roles.clocks):
                yield from self._end()
            if any(_state(row, name) == "" for name in roles.qualities):
                yield from self._end()
                yield row
                self._measured = {name: row[name] for name in roles.clocks}
                continue
            if self._measured and self._leaves_the_distance(row, roles.clocks):
                yield from self._ended()
            kind = (run, columns, _states(row))
            if kind not in self._kinds:
                # Whether a NaN counts depends on the finite losses before it.
                yield from self._ended()
                self._kinds.add(kind)
            stretch = self._stretches.get(kind)
            if stretch is None:
                stretch = self._stretches[kind] = _Stretch()
            stretch.add(self.num_rows, row)
        yield from self._end()

    def _end(self) -> Iterator[Row]:
        yield from self._ended()
        self._kinds.clear()

    def _ended(self) -> Iterator[Row]:
        rows = [entry for stretch in self._stretches.values() for entry in stretch.kept()]
        self._stretches.clear()
        yield from (row for _, row in sorted(rows, key=lambda entry: entry[0]))

    def _roles_of(self, columns: tuple[str, ...]) -> _Roles:
        return _Roles(
            tuple(name for name in columns if names_runs(name)),
            tuple(name for name in columns if is_clock(name, self._options)),
            tuple(name for name in columns if is_quality(name, self._options)),
        )

    def _goes_back(self, row: Row, run: tuple[str, ...], clocks: tuple[str, ...]) -> bool:
        goes_back = False
        for name in clocks:
            value = number(row, name)
            if value is not None and math.isfinite(value):
                goes_back |= value < self._clocks.get((run, name), value)
                self._clocks[run, name] = value
        return goes_back

    def _leaves_the_distance(self, row: Row, clocks: tuple[str, ...]) -> bool:
        """Whether a clock is no longer that of the last distance; rows until then are one."""
        moved = [name for name in clocks if row[name] != self._measured.get(name, row[name])]
        for name in moved:
            del self._measured[name]
        return bool(moved)


def _states(row: Row) -> tuple[str, ...]:
    """Of each cell; nothing where all are finite, as of almost every row."""
    try:
        if math.isfinite(sum(row.values())):
            return ()
    except (TypeError, OverflowError):
        pass
    return tuple([_state(row, name) for name in row])


def _state(row: Row, column: str) -> str:
    """Nothing for a finite number."""
    value = number(row, column)
    if value is None:
        return "text"
    return "" if math.isfinite(value) else "nan" if math.isnan(value) else "inf"
