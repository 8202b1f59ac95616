"""The validation's findings as Markdown: docs/validation.md, with no figure typed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reports.kit.words import counted, duration
from reports.validation.page import TITLES, settings_text, shown

Data = Mapping[str, Any]
MOST_ROWS = 60
"""A longer table stays on the page."""


def validation_markdown(record: Data) -> str:
    """The whole document of a validation.json."""
    parts = record["parts"]
    checks = [check for part in parts for check in part["checks"]]
    held = sum(bool(check["holds"]) for check in checks)
    lines = [
        "# The lab against ground truth",
        "",
        "Written by the command itself; do not edit.",
        "",
        "```sh",
        str(record["command"]),
        "```",
        "",
        f"{held} of {counted(len(checks), 'claim')} hold; {duration(record['seconds'])}; "
        f"{'quick' if record['quick'] else 'full'} size.",
        "",
        f"Versions: {settings_text(record['versions'])}.",
        f"Hardware: {settings_text(record['hardware'])}.",
    ]
    for part in parts:
        lines += _part(part)
    return "\n".join(lines) + "\n"


def _part(part: Data) -> list[str]:
    lines = ["", f"## {TITLES.get(part['name'], part['name'])}", "", _text(part["question"]), ""]
    for check in part["checks"]:
        mark = "✓" if check["holds"] else "✗"
        lines += [f"- {mark} **{_text(check['claim'])}**", f"  {_text(check['evidence'])}"]
    for matrix in part.get("matrices", ()):
        rows = [
            [name, *counts] for name, counts in zip(matrix["rows"], matrix["counts"], strict=True)
        ]
        lines += _table(matrix["title"], ["", *matrix["columns"]], rows, matrix["note"])
    for table in part["tables"]:
        lines += _table(table["title"], table["columns"], table["rows"], table["note"])
    lines += ["", f"Settings: {_text(settings_text(part['settings']))}. "
              f"Took {duration(part['seconds'])}."]  # fmt: skip
    return lines


def _table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], note: str
) -> list[str]:
    lines = ["", f"### {_text(title)}", ""]
    if len(rows) > MOST_ROWS:
        return [*lines, f"{counted(len(rows), 'row')}: on the page. {_text(note)}".rstrip()]
    lines.append("| " + " | ".join(map(_text, columns)) + " |")
    lines.append("|" + " --- |" * len(columns))
    lines += ["| " + " | ".join(_text(shown(cell)) for cell in row) + " |" for row in rows]
    return [*lines, "", _text(note)] if note else lines


def _text(value: str) -> str:
    """Text that no sign in it turns into a table's edge or into markup."""
    return value.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
