"""The validation as Markdown: docs/validation.md, with no figure typed by hand."""

from __future__ import annotations

from collections.abc import Sequence

from reports.kit.words import counted
from reports.validation.blocks import (
    Data,
    MatrixBlock,
    Numbers,
    PartBlock,
    PlanesBlock,
    in_words,
    listed_entries,
    read_validation,
)

MOST_ROWS = 60
"""A longer table is only on the page."""


def validation_markdown(record: Data) -> str:
    """The whole document of a validation.json."""
    whole = read_validation(record)
    lines = [
        "# The lab against ground truth",
        "",
        "Written by the command itself; do not edit.",
        "",
        "```sh",
        whole.command,
        "```",
        "",
        f"{whole.held}; {whole.took}; {whole.size} size.",
        "",
        *(
            f"{name.capitalize()}: {listed_entries(entries)}."
            for name, entries in whole.made_with.items()
        ),
    ]
    for part in whole.parts:
        lines += _part(part)
    return "\n".join(lines) + "\n"


def _part(part: PartBlock) -> list[str]:
    lines = ["", f"## {part.title}", "", _text(part.question), ""]
    for claim, holds, evidence in part.checks:
        lines += [f"- {'✓' if holds else '✗'} **{_text(claim)}**", f"  {_text(evidence)}"]
    for block in part.blocks:
        lines += _block(block)
    return [*lines, "", f"Settings: {_text(listed_entries(part.settings))}. Took {part.took}."]


def _block(block: PlanesBlock | MatrixBlock | Numbers) -> list[str]:
    """A figure of counts as a table; other figures are on the page alone."""
    if isinstance(block, PlanesBlock):
        return []
    if isinstance(block, MatrixBlock):
        counts = [
            [name, *map(in_words, row)] for name, row in zip(block.rows, block.counts, strict=True)
        ]
        block = Numbers(block.title, ["", *block.columns], counts, block.note)
    lines = ["", f"### {_text(block.title)}", ""]
    if len(block.rows) > MOST_ROWS:
        note = f"{counted(len(block.rows), 'row')}: on the page. {_text(block.note)}"
        return [*lines, note.rstrip()]
    lines += [_row(block.columns), "|" + " --- |" * len(block.columns), *map(_row, block.rows)]
    return [*lines, "", _text(block.note)] if block.note else lines


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(_text, cells)) + " |"


def _text(value: str) -> str:
    """Text with the characters escaped that Markdown would interpret."""
    return value.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
