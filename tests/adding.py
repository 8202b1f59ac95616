"""The examples of docs/adding.md as files and lines, and how the lab is extended with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import lab.gan
import lab.gan.networks
import lab.gan.terms
import lab.metrics
from lab import catalogue

DOCUMENT = Path(__file__).parents[1] / "docs" / "adding.md"
BLOCK = re.compile(r"^```python (\S+)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


class Example(NamedTuple):
    """One kind of method, as the document shows how to add it."""

    file: str
    """Path of the new file in the project."""
    code: str
    table: str | None
    """The list or dict that gets an entry, mostly of lab/catalogue.py; None for a file alone."""
    line: str
    files: tuple[str, ...]
    """All files that the section names in its code."""

    @property
    def name(self) -> str:
        """What the line calls the method."""
        return self.line.split('"')[1]

    @property
    def entry(self) -> catalogue.Entry:
        names = {"Entry": catalogue.Entry, "TermEntry": catalogue.TermEntry}
        table: dict[str, catalogue.Entry] = eval(f"{{{self.line}}}", names)
        return table[self.name]

    @property
    def attribute(self) -> str:
        return self.entry.target.rpartition(":")[2]


@cache
def examples() -> dict[str, Example]:
    """Example by the section's heading, say `A loss`."""
    parts = HEADING.split(DOCUMENT.read_text())[1:]
    by_heading = {}
    for heading, text in zip(parts[::2], parts[1::2], strict=True):
        blocks = BLOCK.findall(text)
        code = [(file, body) for file, table, body in blocks if not table]
        lines = [(table, body) for _, table, body in blocks if table]
        if code:
            (file, body), (table, line) = code[0], lines[0] if lines else (None, "")
            files = tuple(dict.fromkeys(file for file, _, _ in blocks))
            by_heading[heading] = Example(file, body, table, line, files)
    return by_heading


@contextmanager
def added(example: Example, folder: Path) -> Iterator[None]:
    """The lab with the example's file and its line, as if both were committed."""
    path = folder / example.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(example.code)
    with pytest.MonkeyPatch.context() as patch:
        for package in (lab.gan, lab.gan.networks, lab.metrics):
            further = folder.joinpath(*package.__name__.split("."))
            patch.setattr(package, "__path__", [*package.__path__, str(further)])
        patch.setitem(getattr(catalogue, str(example.table)), example.name, example.entry)
        yield


def own_file(example: Example, folder: Path) -> Path:
    """The example's code as a person's own file."""
    path = folder / Path(example.file).name
    path.write_text(example.code)
    return path
