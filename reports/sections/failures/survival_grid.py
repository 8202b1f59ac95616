"""The grid of small survival curves: where each stands, and its height, in pixels and shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

LEFT, TOP, BOTTOM = 80, 6, 6
"""Margins in pixels; the left one holds the names of the risk table's rows."""
HEADING, TITLE, CURVE, LINE, GAP = 34, 22, 116, 17, 22
"""Pixels: over a choice, over a curve, of a curve, of a line of its table, beneath a cell."""


class Place(NamedTuple):
    """Where a cell lies, in shares of the frame, and whether it opens a line of cells."""

    left: float
    right: float
    bottom: float
    top: float
    first: bool


class Layout(NamedTuple):
    """A grid of cells: its height in pixels, a place a cell, and the height of each heading."""

    height: int
    places: list[Place]
    headings: list[float]


def grid(groups: Sequence[str], columns: int, num_lines: int) -> Layout:
    """Cells in lines of `columns`, a new line and a heading where the group changes."""
    size = TITLE + CURVE + LINE * num_lines
    down, slot, group = 0, 0, ""
    tops: list[tuple[int, int]] = []
    headings = []
    for named in groups:
        if named != group:
            down += (size + GAP) * bool(tops)
            headings.append(down)
            down, slot, group = down + HEADING, 0, named
        elif slot == columns:
            down, slot = down + size + GAP, 0
        tops.append((down, slot))
        slot += 1
    inner = down + size
    width = 1 / columns
    gap = (0.26 if columns < 3 else 0.14) * width
    places = [
        Place(
            column * width + gap / 2,
            (column + 1) * width - gap / 2,
            1 - (top + size) / inner,
            1 - (top + TITLE) / inner,
            column == 0,
        )
        for top, column in tops
    ]
    return Layout(inner + TOP + BOTTOM, places, [1 - down / inner for down in headings])
