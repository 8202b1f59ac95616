"""The validation's page: what was claimed, whether it held, and the numbers, as one HTML file.

It reads validation.json as data, as the report reads a study's record.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reports.kit.markup import Html, element, joined, scrollable
from reports.kit.outcomes import look
from reports.kit.panel import Panel, render
from reports.kit.words import counted, duration, number
from reports.page import contents, document
from reports.study.commands import copyable
from reports.validation.figures import matrix_panel, planes_panel

Data = Mapping[str, Any]
TITLES = {
    "dirac": "Dirac-GAN",
    "mixtures": "Mixtures",
    "stacked": "Stacked images",
    "planted": "Planted failures",
}
SHOWN_ROWS = 12
"""A longer table is folded up."""


def build_validation_page(record: Data) -> str:
    """The whole HTML document of a validation.json."""
    parts = record["parts"]
    entries = [("findings", "Findings")]
    entries += [(_identity(part), _title(part)) for part in parts]
    entries += [("methods", "How to reproduce")]
    return document(
        "The lab against ground truth",
        [
            _header(record),
            contents(entries),
            element("main", _summary(parts), *map(_part, parts), _methods(record)),
            element("footer", "Made from validation.json alone. This page loads nothing from a "
                    "network."),
        ],
    )  # fmt: skip


def _header(record: Data) -> Html:
    checks = [check for part in record["parts"] for check in part["checks"]]
    held = sum(bool(check["holds"]) for check in checks)
    size = "quick" if record.get("quick") else "full"
    facts = (
        f"{held} of {counted(len(checks), 'claim')} hold · {size} size · "
        f"{duration(record.get('seconds'))} · {_day(record.get('created'))}"
    )
    return element(
        "header",
        element("p", "Validation", class_="kicker"),
        element("h1", "The lab against ground truth"),
        element("p", facts, class_="facts-line"),
        None
        if record.get("passed")
        else element("p", "Not every claim holds: see the crosses below.", class_="banner"),
    )


def _summary(parts: Sequence[Data]) -> Html:
    rows = []
    for part in parts:
        held = sum(bool(check["holds"]) for check in part["checks"])
        rows.append(
            element(
                "tr",
                element("th", _mark(bool(part["passed"])), _title(part), scope="row"),
                element("td", part["question"]),
                element("td", f"{held} of {len(part['checks'])}"),
                element("td", duration(part["seconds"])),
            )
        )
    table = element("table", _head(("part", "question", "claims held", "time")),
                    element("tbody", joined(rows)), class_="facts")  # fmt: skip
    return element(
        "section",
        element("h2", "Findings"),
        element("p", "Does the lab find what it must, where the answer is known?",
                class_="question"),
        table,
        id="findings",
    )  # fmt: skip


def _part(part: Data) -> Html:
    identity = _identity(part)
    panels: list[Panel] = [
        planes_panel(f"{identity}-planes-{index}", planes)
        for index, planes in enumerate(part.get("planes", ()))
    ]
    matrices: list[Panel] = [
        matrix_panel(f"{identity}-matrix-{index}", matrix)
        for index, matrix in enumerate(part.get("matrices", ()))
    ]
    titles = [figure["title"] for figure in (*part.get("planes", ()), *part.get("matrices", ()))]
    figures = [
        joined([element("h3", title), render(panel)])
        for title, panel in zip(titles, [*panels, *matrices], strict=True)
    ]
    return element(
        "section",
        element("h2", _title(part)),
        element("p", part["question"], class_="question"),
        element("ul", *map(_check, part["checks"]), class_="findings"),
        *figures,
        *map(_table, part["tables"]),
        _settings(part),
        id=identity,
    )


def _check(check: Data) -> Html:
    return element(
        "li",
        _mark(bool(check["holds"])),
        element("strong", check["claim"]),
        element("br"),
        element("span", check["evidence"], class_="note"),
    )


def _table(table: Data) -> Html:
    rows = [element("tr", *(element("td", shown(cell)) for cell in row)) for row in table["rows"]]
    body = element("table", _head(table["columns"]), element("tbody", joined(rows)),
                   class_="facts")  # fmt: skip
    note = element("p", table["note"], class_="note") if table["note"] else None
    if len(rows) <= SHOWN_ROWS:
        return joined([element("h3", table["title"]), body, *([note] if note else [])])
    summary = element("summary", f"{table['title']} ({counted(len(rows), 'row')})")
    return element("details", summary, note, scrollable(body, table["title"]))


def _settings(part: Data) -> Html:
    rows = [
        element("tr", element("th", name, scope="row"), element("td", settings_text(value)))
        for name, value in part["settings"].items()
    ]
    body = element("table", element("tbody", joined(rows)), class_="facts")
    return element("details", element("summary", "Settings of this part"), body)


def _methods(record: Data) -> Html:
    facts = [
        element("tr", element("th", name, scope="row"), element("td", settings_text(value)))
        for title in ("versions", "hardware")
        for name, value in record.get(title, {}).items()
    ]
    return element(
        "section",
        element("h2", "How to reproduce"),
        element("p", "How are these numbers made again?", class_="question"),
        copyable(str(record.get("command", ""))),
        element("table", element("tbody", joined(facts)), class_="facts"),
        id="methods",
    )


def _head(columns: Sequence[str]) -> Html:
    return element("thead", element("tr", *(element("th", name, scope="col") for name in columns)))


def _mark(holds: bool) -> Html:
    """A tick or a cross, each with its word for who cannot see it."""
    colour = look("stable" if holds else "diverged").colour
    path = "M2 8.5 4 6.5l2.6 2.6L12 3.2l2 2L6.6 13z" if holds else look("diverged").path
    return Html(
        f'<svg class="glyph" viewBox="0 0 16 16" role="img" '
        f'aria-label="{"holds" if holds else "does not hold"}">'
        f'<path fill="{colour}" d="{path}"/></svg>'
    )


def _identity(part: Data) -> str:
    """The part's anchor: letters, digits and hyphens of its name."""
    return "part-" + "".join(c if c.isalnum() else "-" for c in str(part["name"]))


def _title(part: Data) -> str:
    return TITLES.get(str(part["name"]), str(part["name"]))


def shown(cell: Any) -> str:
    """A cell of a table."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return number(cell, 4) if not isinstance(cell, float) or math.isfinite(cell) else str(cell)


def settings_text(value: Any) -> str:
    """A setting in words: lists and nested settings in a row."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {settings_text(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(settings_text(item) for item in value)
    return shown(value)


def _day(written: Any) -> str:
    try:
        return datetime.fromisoformat(str(written)).strftime("%d %B %Y").lstrip("0")
    except ValueError:
        return "no date"
