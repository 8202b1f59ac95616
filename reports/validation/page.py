"""The validation's page: what was claimed, whether it held, and the numbers, as one HTML file."""

from __future__ import annotations

from functools import partial

from reports.kit.blocks import Block, Section
from reports.kit.document import contents, document
from reports.kit.markup import Html, element, joined, scrollable
from reports.kit.outcomes import look
from reports.kit.panel import render
from reports.kit.table import Cell, table
from reports.kit.words import counted, day
from reports.study.commands import copyable
from reports.validation.blocks import (
    CheckBlock,
    Data,
    MatrixBlock,
    Numbers,
    PartBlock,
    PlanesBlock,
    Validation,
    read_validation,
)
from reports.validation.figures import matrix_panel, planes_panel

SHOWN_ROWS = 12
"""A longer table is collapsed."""


def build_validation_page(record: Data) -> str:
    """The whole HTML document of a validation.json."""
    whole = read_validation(record)
    sections = [
        Section("findings", "Findings",
                "Does the lab give the right answer where the answer is known?",
                partial(_summary, whole)),
        *(Section(it.identity, it.title, it.question, partial(_part, it))
          for it in whole.parts),
        Section("methods", "How to reproduce", "Which command reproduces these numbers?",
                partial(_methods, whole)),
    ]  # fmt: skip
    return document(
        "The lab against ground truth",
        [
            _header(whole),
            contents(sections),
            element("main", *(section.drawn() for section in sections)),
            element("footer", "Made from validation.json alone. This page loads nothing from a "
                    "network."),
        ],
        [],
    )  # fmt: skip


def _header(whole: Validation) -> Html:
    facts = (whole.held, f"{whole.size} size", whole.took, day(whole.created) or "no date")
    return element(
        "header",
        element("p", "Validation", class_="kicker"),
        element("h1", "The lab against ground truth"),
        element("p", " · ".join(facts), class_="facts-line"),
        None
        if whole.passed
        else element("p", "Not every claim holds: see the crosses below.", class_="banner"),
    )


def _summary(whole: Validation) -> list[Block]:
    rows = [
        (Cell([_mark(part.passed), part.title]), part.question, part.held, part.took)
        for part in whole.parts
    ]
    return [table(rows, ("part", "question", "claims held", "time"))]


def _part(part: PartBlock) -> list[Block]:
    settings = element(
        "details", element("summary", "Settings of this part"), table(part.settings.items())
    )
    blocks = [_block(part.identity, index, block) for index, block in enumerate(part.blocks)]
    return [element("ul", *map(_check, part.checks), class_="findings"), *blocks, settings]


def _check(check: CheckBlock) -> Html:
    return element(
        "li",
        _mark(check.holds),
        element("strong", check.claim),
        element("br"),
        element("span", check.evidence, class_="note"),
    )


def _block(part: str, index: int, block: PlanesBlock | MatrixBlock | Numbers) -> Html:
    title = element("h3", block.title)
    if isinstance(block, PlanesBlock):
        return joined([title, render(planes_panel(f"{part}-planes-{index}", block.data))])
    if isinstance(block, MatrixBlock):
        return joined([title, render(matrix_panel(f"{part}-matrix-{index}", block))])
    body = table(block.rows, block.columns, are_named=False)
    note = [element("p", block.note, class_="note")] if block.note else []
    if len(block.rows) <= SHOWN_ROWS:
        return joined([title, body, *note])
    summary = element("summary", f"{block.title} ({counted(len(block.rows), 'row')})")
    return element("details", summary, *note, scrollable(body, block.title))


def _methods(whole: Validation) -> list[Block]:
    facts = [fact for entries in whole.made_with.values() for fact in entries.items()]
    return [copyable(whole.command), table(facts)]


def _mark(holds: bool) -> Html:
    """A tick or a cross, each with a label for screen readers."""
    colour = look("stable" if holds else "diverged").colour
    path = "M2 8.5 4 6.5l2.6 2.6L12 3.2l2 2L6.6 13z" if holds else look("diverged").path
    return Html(
        f'<svg class="glyph" viewBox="0 0 16 16" role="img" '
        f'aria-label="{"holds" if holds else "does not hold"}">'
        f'<path fill="{colour}" d="{path}"/></svg>'
    )
