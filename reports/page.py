"""The page: sections in reading order, one file that needs only a browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from lab.record import REPORT_FILE, StudyRecord, read_study, write_whole
from lab.record.storage import Storage, for_reading, in_its_words
from reports.kit.blocks import Block, Section
from reports.kit.document import age, document, toolbar
from reports.kit.markup import Html, element
from reports.sections import (
    audit,
    cost,
    curves,
    failures,
    findings,
    matters,
    methods,
    parameters,
    search,
    trial,
    trust,
    zone,
)
from reports.sections.findings.summary import header
from reports.study.commands import shown_folder
from reports.study.gallery import Album
from reports.study.store import store_blocks

SECTIONS: list[Section[StudyRecord, Album]] = [
    findings.SECTION,
    trust.SECTION,
    zone.SECTION,
    cost.SECTION,
    failures.SECTION,
    matters.SECTION,
    curves.SECTION,
    parameters.SECTION,
    trial.SECTION,
    audit.SECTION,
    search.SECTION,
    methods.SECTION,
]
"""The sections in reading order; the folder of each also holds its styles. Some are left out where
they do not apply."""


def write_report(study: Path, out: Path | None = None) -> Path:
    """Write the report of a study folder; by default into it, as report.html.

    Works on finished, running, failed and empty studies. Raises InputError when `study` is not
    a study.
    """
    path = out or study / REPORT_FILE
    write_whole(path, build_page(read_study(study)).encode())
    return path


def store_report(storage: Storage, out: Path | None = None, *, price: float | None = None) -> str:
    """`write_report` for a study that may be behind a URL; returns the path or URL of the page.

    `price`: of a GPU- or core-hour, in place of the record's.
    """
    with in_its_words(storage):
        storage.pull(for_reading)
        study = priced(read_study(storage.folder), price)
        page = build_page(study, source=storage.name)
    content = page.replace(str(storage.folder), storage.name).encode()
    if out is not None:
        write_whole(out, content)
        return str(out)
    storage.write(REPORT_FILE, content)
    return f"{storage.name}/{REPORT_FILE}"


def build_page(study: StudyRecord, now: datetime | None = None, source: str = "") -> str:
    """The whole HTML document; `source` names the record, by default by its folder."""
    made = now or datetime.now(UTC)
    album = Album()
    sections = [section for section in SECTIONS if section.is_part(study, album)]
    bodies = [section.drawn(study, album) for section in sections]
    return document(
        f"{study.name}: stability report",
        [
            element("a", "Skip to the findings", href="#findings", class_="skip"),
            header(study, made),
            age(made),
            toolbar(sections),
            element("main", *bodies, id="main"),
            _footer(study),
            *store_blocks(study, album, made, source or shown_folder(study.folder)),
        ],
        [section.package for section in sections],
    )


def priced(study: StudyRecord, price: float | None) -> StudyRecord:
    """The study as if it had been searched with this price; as it is for None."""
    if price is None:
        return study
    settings = study.card.settings.changed(price=price)
    return replace(study, card=study.card.changed(settings=settings))


def blocks_of(study: StudyRecord, album: Album) -> list[Block]:
    """Every block of the page in reading order."""
    return [
        block
        for section in SECTIONS
        if section.is_part(study, album)
        for block in section.build(study, album)
    ]


def _footer(study: StudyRecord) -> Html:
    return element(
        "footer",
        f"Made from the record in {shown_folder(study.folder)} alone. "
        "This page loads nothing from a network.",
    )
