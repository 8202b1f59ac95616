"""A table of the page: heads, rows named by their first cell, numbers aligned to the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from reports.kit.markup import Child, Html, element, joined, scrollable

NUMBER = "number"
"""The class that page.css aligns to the right."""


class Column(NamedTuple):
    """The head of a column."""

    title: str
    unit: str = ""
    is_number: bool = False
    """Whether its cells are plain numbers, which are compared digit by digit."""


class Cell(NamedTuple):
    """A cell that is more than its text: several children, or attributes of its own."""

    children: Sequence[Child]
    attributes: dict[str, Child] = {}


class TableRow(NamedTuple):
    """A row with a class of its own."""

    cells: Sequence[Child | Cell]
    class_: str


Rows = Iterable[Sequence[Child | Cell] | TableRow]


def table(
    rows: Rows,
    columns: Sequence[str | Column] = (),
    *,
    kind: str = "facts",
    label: str = "",
    are_named: bool = True,
) -> Html:
    """`<table class="{kind}">` with a head where `columns` are given, one row per item of `rows`.

    The first cell of each row names it (`<th scope="row">`) unless `are_named` is False. With a
    `label` the table scrolls within its box, also by the keyboard, under that name.
    """
    heads = [it if isinstance(it, Column) else Column(it) for it in columns]
    classes = [NUMBER if head.is_number else None for head in heads]
    head = element("thead", element("tr", *map(_head, heads))) if heads else None
    body = element("tbody", joined([_row(row, classes, are_named) for row in rows]))
    made = element("table", head, body, class_=kind)
    return scrollable(made, label) if label else made


def _head(column: Column) -> Html:
    title = f"{column.title}, {column.unit}" if column.unit else column.title
    return element("th", title, scope="col", class_=NUMBER if column.is_number else None)


def _row(
    row: Sequence[Child | Cell] | TableRow, classes: list[str | None], is_named: bool
) -> Html:
    cells, class_ = (row.cells, row.class_) if isinstance(row, TableRow) else (row, None)
    made = []
    for index, cell in enumerate(cells):
        children, attributes = cell if isinstance(cell, Cell) else ((cell,), {})
        merged = {"class_": classes[index] if index < len(classes) else None} | attributes
        if is_named and index == 0:
            made.append(element("th", *children, scope="row", **merged))
        else:
            made.append(element("td", *children, **merged))
    return element("tr", *made, class_=class_ or None)
