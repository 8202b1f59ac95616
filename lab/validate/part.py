"""The result of a part of the validation: claims that hold or not, and their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

Cell = str | int | float | bool | None
Say = Callable[[str], None]
"""Called with one line for each piece of work that is done."""


@dataclass(frozen=True)
class Check:
    """One claim, whether it held, and the numbers that show it."""

    claim: str
    """A sentence that is true or false."""
    holds: bool
    evidence: str
    """What was measured, against what, at which tolerance."""


@dataclass(frozen=True)
class Table:
    """Numbers in full."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    """Protocol: sample counts, seeds, intervals."""


@dataclass(frozen=True)
class Series:
    """Points of one name in a plane, or the line through them."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    line: bool = False


@dataclass(frozen=True)
class Plane:
    """One picture of a figure."""

    title: str
    series: Sequence[Series]


@dataclass(frozen=True)
class Planes:
    """A figure: pictures side by side, on the same axes."""

    title: str
    x: str
    y: str
    planes: Sequence[Plane]
    note: str = ""
    log: bool = False
    """Both axes in powers of ten."""
    square: bool = False
    """One unit is as long across as upward."""


@dataclass(frozen=True)
class Matrix:
    """A figure: how often each of `rows` was classified as each of `columns`."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    counts: Sequence[Sequence[int]]
    note: str = ""


@dataclass(frozen=True)
class Part:
    """One of the parts: a question, the claims that answer it, and their tables."""

    name: str
    question: str
    checks: Sequence[Check]
    tables: Sequence[Table]
    seconds: float
    settings: Mapping[str, Any]
    """Sizes, seeds, thresholds: all that is needed to repeat it."""
    planes: Sequence[Planes] = ()
    matrices: Sequence[Matrix] = ()
    rates: Mapping[str, Any] = field(default_factory=dict)
    """The judge's error rates, for other programs; from the planted runs alone."""

    @property
    def passed(self) -> bool:
        """Whether every claim held; a part without claims has not passed."""
        return bool(self.checks) and all(check.holds for check in self.checks)

    def row(self) -> dict[str, Any]:
        """As the record keeps it."""
        return {**asdict(self), "passed": self.passed}
