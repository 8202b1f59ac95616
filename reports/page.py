"""The page: sections in reading order, one file that needs nothing but a browser."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from plotly.offline import get_plotlyjs

from lab.record import REPORT_FILE, StudyRecord, read_study, write_whole
from lab.storage import Storage, for_reading, in_its_words
from reports.conclusions import is_confirmed
from reports.figures.curves import curves_panel
from reports.figures.failures import failures_panel
from reports.figures.importances import importances_panel
from reports.figures.panel import Panel, render
from reports.figures.quality import quality_panel, quality_rows
from reports.figures.safe_zone import safe_zone_panel
from reports.figures.survival import survival_panel, survival_rows
from reports.gallery import Album, gallery
from reports.markup import Html, element, joined
from reports.methods import methods, shown_folder
from reports.summary import header, opening, space_seen
from reports.tables import finished, parameters_of, run_table
from reports.trial_table import trial_table_section


@dataclass(frozen=True)
class Section:
    """A part of the page that answers one question; `build` gives its body or why it has none."""

    identity: str
    title: str
    question: str
    build: Callable[[StudyRecord], Html | str]


def write_report(study: Path, out: Path | None = None) -> Path:
    """Write the report of a study folder; by default into it, as report.html.

    Works on finished, running, failed and empty studies. Raises InputError when `study` is none.
    """
    place = out or study / REPORT_FILE
    write_whole(place, build_page(read_study(study)).encode())
    return place


def store_report(storage: Storage, out: Path | None = None) -> str:
    """`write_report` for a study that may be behind a URL; returns where the page is."""
    with in_its_words(storage):
        storage.pull(for_reading)
        page = build_page(read_study(storage.folder))
    content = page.replace(str(storage.folder), storage.name).encode()
    if out is not None:
        write_whole(out, content)
        return str(out)
    storage.write(REPORT_FILE, content)
    return f"{storage.name}/{REPORT_FILE}"


def build_page(study: StudyRecord, now: datetime | None = None) -> str:
    """The whole HTML document."""
    album = Album()
    first = opening(study, album)
    sections = [(section, section.build(study)) for section in sections_of(study, album)]
    return document(
        f"{study.study.get('study', study.folder.name)}: stability report",
        [
            header(study, now or datetime.now(UTC)),
            contents([("findings", "Findings"), *((it.identity, it.title) for it, _ in sections)]),
            element("main", first, *(_section(section, content) for section, content in sections)),
            _footer(study),
        ],
    )


def document(title: str, content: list[Html]) -> str:
    """One self-contained HTML file in the house's dress: style, scripts, and no network."""
    scripts = [get_plotlyjs(), _asset("page.js")]
    body = joined([*content, *(Html(f"<script>{script}</script>") for script in scripts)])
    head = joined(
        [
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=_policy(scripts)),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", title),
            Html(f"<style>{_asset('page.css')}</style>"),
        ]
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def sections_of(study: StudyRecord, album: Album) -> list[Section]:
    """Sections after the findings, in reading order."""
    apart = Section("space", "What explore saw", "What do runs on one seed say?", space_seen)
    return [
        *([apart] if is_confirmed(study) else []),
        Section("zone", "The safe zone", "Where do runs stay stable?", _zone),
        Section("cost", "Quality against stability", "Does what learns well also last?", _cost),
        Section("causes", "Failures by cause", "How do the others fail, and where?", _causes),
        Section("life", "How long runs last", "When do they break?", _life),
        Section("curves-section", "Every run", "What happened, image by image?", _curves),
        Section("matters", "What matters", "Which parameters does the score depend on?", _matters),
        Section("samples", "Samples", "What do the runs draw?", lambda it: gallery(it, album)),
        Section("trials", "All trials", "Which settings gave which outcome?", _trials),
        Section("methods", "How to reproduce", "How are these numbers made again?", methods),
    ]  # fmt: skip


def _zone(study: StudyRecord) -> Html | str:
    if not study.runs:
        return "No run yet."
    if not parameters_of(study):
        return "This study samples no parameter, so there is no map."
    return render(safe_zone_panel(study))


def _cost(study: StudyRecord) -> Html | str:
    if quality_rows(study).empty:
        return "No run has a score yet."
    return render(quality_panel(study))


def _causes(study: StudyRecord) -> Html | str:
    if finished(run_table(study)).empty:
        return "No run has a verdict yet."
    return render(failures_panel(study))


def _life(study: StudyRecord) -> Html | str:
    if survival_rows(study).empty:
        return "No evaluation yet."
    return render(survival_panel(study))


def _curves(study: StudyRecord) -> Html | str:
    if not any(run.evaluations for run in study.runs):
        return "No evaluation yet."
    return render(curves_panel(study))


def _matters(study: StudyRecord) -> Html | str:
    panel = importances_panel(study)
    return render(panel) if isinstance(panel, Panel) else panel


def _trials(study: StudyRecord) -> Html | str:
    return trial_table_section(study) if study.runs else "No run yet."


def _section(section: Section, content: Html | str) -> Html:
    body = content if isinstance(content, Html) else element("p", content, class_="empty")
    return element(
        "section",
        element("h2", section.title),
        element("p", section.question, class_="question"),
        body,
        id=section.identity,
    )


def contents(entries: list[tuple[str, str]]) -> Html:
    """Links to sections, given as (identity, title)."""
    links = [element("a", title, href=f"#{identity}") for identity, title in entries]
    return element("nav", *links, aria_label="Sections")


def _footer(study: StudyRecord) -> Html:
    return element(
        "footer",
        f"Made from the record in {shown_folder(study.folder)} alone. "
        "This page loads nothing from a network.",
    )


def _asset(name: str) -> str:
    return files("reports").joinpath(name).read_text()


def _policy(scripts: list[str]) -> str:
    """A content security policy: no network at all, and only these very scripts run."""
    digests = (
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts
    )
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
