"""The results of a validation as one list of blocks, which page.py and markdown.py each write.

It reads validation.json as data, as the report reads a study's record.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from reports.kit.words import counted, duration, number

Data = Mapping[str, Any]
TITLES = {
    "dirac": "Dirac-GAN",
    "mixtures": "Mixtures",
    "stacked": "Stacked images",
    "planted": "Planted failures",
    "audit": "Fairness and privacy",
}


class CheckBlock(NamedTuple):
    """A claim, whether it holds, and what was measured."""

    claim: str
    holds: bool
    evidence: str


class PlanesBlock(NamedTuple):
    """A figure of small plots; `data` comes from the record, and only a page can draw it."""

    title: str
    data: Data


class MatrixBlock(NamedTuple):
    """Counts in a grid: a figure on the page, a table in Markdown."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    counts: Sequence[Sequence[int]]
    note: str


class Numbers(NamedTuple):
    """A table, its cells as text."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str


class PartBlock(NamedTuple):
    """One part of the validation: its question, the claims that answer it, their numbers."""

    identity: str
    title: str
    question: str
    checks: Sequence[CheckBlock]
    blocks: Sequence[PlanesBlock | MatrixBlock | Numbers]
    settings: Mapping[str, str]
    took: str

    @property
    def held(self) -> str:
        return f"{sum(check.holds for check in self.checks)} of {len(self.checks)}"

    @property
    def passed(self) -> bool:
        """Whether every claim holds; a part without claims does not pass."""
        return bool(self.checks) and all(check.holds for check in self.checks)


class Validation(NamedTuple):
    """The whole of a validation.json."""

    parts: Sequence[PartBlock]
    passed: bool
    size: str
    took: str
    created: str
    command: str
    made_with: Mapping[str, Mapping[str, str]]
    """Versions and hardware, as text by name."""

    @property
    def held(self) -> str:
        """`12 of 13 claims hold`."""
        checks = [check for part in self.parts for check in part.checks]
        held = sum(check.holds for check in checks)
        return f"{held} of {counted(len(checks), 'claim')} hold"


def read_validation(record: Data) -> Validation:
    """The blocks of a validation.json."""
    return Validation(
        [_part(part) for part in record["parts"]],
        bool(record.get("passed")),
        _size(record),
        duration(record.get("seconds")),
        str(record.get("created")),
        str(record.get("command", "")),
        {name: _entries(record.get(name, {})) for name in ("versions", "hardware")},
    )


def _size(record: Data) -> str:
    """`quick`, `full`, or of joined parts `full (dirac), else quick`."""
    quick = bool(record.get("quick"))
    full = [str(part["name"]) for part in record["parts"] if not part.get("quick", quick)]
    if not full or len(full) == len(record["parts"]):
        return "full" if full else "quick"
    return f"full ({', '.join(full)}), else quick"


def _part(part: Data) -> PartBlock:
    name = str(part["name"])
    tables = [
        Numbers(it["title"], it["columns"], _cells(it["rows"]), it["note"])
        for it in part["tables"]
    ]
    matrices = [
        MatrixBlock(*(it[key] for key in ("title", "rows", "columns", "counts", "note")))
        for it in part.get("matrices", ())
    ]
    return PartBlock(
        "part-" + "".join(c if c.isalnum() else "-" for c in name),
        TITLES.get(name, name),
        part["question"],
        [CheckBlock(it["claim"], bool(it["holds"]), it["evidence"]) for it in part["checks"]],
        [*(PlanesBlock(it["title"], it) for it in part.get("planes", ())), *matrices, *tables],
        _entries(part["settings"]),
        duration(part["seconds"]),
    )


def _cells(rows: Sequence[Sequence[Any]]) -> list[list[str]]:
    return [[in_words(cell) for cell in row] for row in rows]


def _entries(values: Data) -> dict[str, str]:
    return {name: in_words(value) for name, value in values.items()}


def in_words(value: Any) -> str:
    """A cell or a setting as text; lists and nested settings in one line."""
    if isinstance(value, Mapping):
        return listed_entries(_entries(value))
    if isinstance(value, (list, tuple)):
        return ", ".join(map(in_words, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value, 4) if not isinstance(value, float) or math.isfinite(value) else str(value)


def listed_entries(entries: Mapping[str, str]) -> str:
    """`seeds 5, budget 640`."""
    return ", ".join(f"{name} {value}" for name, value in entries.items())
