"""The page: sections in reading order, one file that needs nothing but a browser."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path

from lab.record import REPORT_FILE, StudyRecord, read_study, write_whole
from lab.record.storage import Storage, for_reading, in_its_words
from reports.kit.blocks import Block, Section, drawn
from reports.kit.markup import Html, element, joined
from reports.sections.cost.cost import cost_blocks
from reports.sections.curves.curves import curve_blocks
from reports.sections.failures.failures import failure_blocks
from reports.sections.findings.summary import header, opening
from reports.sections.matters.matters import matters_blocks
from reports.sections.methods.methods import methods_blocks
from reports.sections.parameters.parallel import parameter_blocks
from reports.sections.search.timeline import search_blocks
from reports.sections.trial.closeup import closeup_blocks
from reports.sections.trust.trust import trust_blocks
from reports.sections.zone.safe_zone import safe_zone_blocks
from reports.study.commands import shown_folder
from reports.study.gallery import Album
from reports.study.store import store_blocks

STYLES = (
    "browser/page",
    "compare/compare",
    "sections/curves/curves",
    "sections/findings/findings",
    "sections/matters/matters",
    "sections/methods/methods",
    "sections/parameters/table",
    "sections/trial/closeup",
)


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
        page = build_page(read_study(storage.folder), place=storage.name)
    content = page.replace(str(storage.folder), storage.name).encode()
    if out is not None:
        write_whole(out, content)
        return str(out)
    storage.write(REPORT_FILE, content)
    return f"{storage.name}/{REPORT_FILE}"


def build_page(study: StudyRecord, now: datetime | None = None, place: str = "") -> str:
    """The whole HTML document; `place` is where a reader finds the record, if not its folder."""
    made = now or datetime.now(UTC)
    album = Album()
    sections = sections_of(study, album)
    bodies = [_section(section, section.build()) for section in sections]
    return document(
        f"{study.name}: stability report",
        [
            element("a", "Skip to the findings", href="#findings", class_="skip"),
            header(study, made),
            age(made),
            toolbar([(section.identity, section.title) for section in sections]),
            element("main", *bodies, id="main"),
            _footer(study),
            *store_blocks(study, album, made, place or shown_folder(study.folder)),
        ],
    )


def blocks_of(study: StudyRecord, album: Album) -> list[Block]:
    """Every block of the page in reading order."""
    return [block for section in sections_of(study, album) for block in section.build()]


def sections_of(study: StudyRecord, album: Album) -> list[Section]:
    """The sections in reading order, each with the question it answers."""
    return [
        Section("findings", "Findings", "", lambda: opening(study, album)),
        Section("trust", "Trust", "How far can these numbers be relied on?",
                partial(trust_blocks, study)),
        Section("zone", "The safe zone", "Where do runs stay stable?",
                partial(safe_zone_blocks, study)),
        Section("cost", "What stability costs", "What quality can be had for it?",
                partial(cost_blocks, study)),
        Section("failures", "How runs fail", "What breaks, where, and when?",
                lambda: failure_blocks(study)),
        Section("matters", "What matters", "Which settings decide?",
                partial(matters_blocks, study)),
        Section("curves", "Curves", "What happened, image by image?", lambda: curve_blocks(study)),
        Section("parameters", "All parameters", "Which settings gave which outcome?",
                partial(parameter_blocks, study)),
        Section("trial", "A trial, close up", "What did it draw, and why was it judged so?",
                partial(closeup_blocks, study, album)),
        Section("search", "The search itself", "What did it cost, and what did stopping save?",
                lambda: search_blocks(study)),
        Section("methods", "Methods", "How are these numbers made, and made again?",
                partial(methods_blocks, study, album)),
    ]  # fmt: skip


def document(title: str, content: Sequence[Html]) -> str:
    """One self-contained HTML file in the house's dress: style, scripts, and no network."""
    first = _asset("browser/theme.js")
    scripts = [_asset("browser/plotly/plotly-lab.min.js"), _asset("browser/page.bundle.js")]
    body = joined([*content, *(Html(f"<script>{script}</script>") for script in scripts)])
    policy = _policy([first, *scripts])
    head = joined(
        [
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=policy),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", title),
            Html(f"<style>{_style()}</style>"),
            Html(f"<script>{first}</script>"),
        ]
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def toolbar(entries: Sequence[tuple[str, str]]) -> Html:
    """What stays in sight: links to sections, given as (identity, title), and the selection."""
    step = {"type": "button", "class_": "step"}
    return element(
        "div",
        contents(entries),
        element(
            "div",
            element("label", "Filter", for_="filter"),
            element("input", type="search", id="filter", autocomplete="off", spellcheck="false",
                    placeholder="collapsed generator_lr=1e-4..1e-3",
                    aria_describedby="filter-help"),
            element("output", id="filter-count", for_="filter", aria_live="polite"),
            element("button", "Clear", type="button", id="filter-clear", hidden=True),
            element("span", element("button", "‹", id="trial-previous", **step,
                                    aria_label="Previous trial"),
                    element("a", "", id="trial-now", href="#trial"),
                    element("button", "›", id="trial-next", **step, aria_label="Next trial"),
                    class_="stepper"),
            element("button", "Dark", type="button", id="theme", aria_pressed="false"),
            _filter_help(),
            class_="selection", role="search",
        ),
        class_="toolbar",
    )  # fmt: skip


def contents(entries: Sequence[tuple[str, str]]) -> Html:
    """Links to sections, given as (identity, title)."""
    links = [element("a", title, href=f"#{identity}") for identity, title in entries]
    return element("nav", *links, aria_label="Sections")


def age(made: datetime) -> Html:
    """When the page was made; its script says how long ago that is."""
    written = made.astimezone(UTC).isoformat(timespec="seconds")
    shown = made.strftime("%d %B %Y, %H:%M UTC").lstrip("0")
    ago = element("time", "", id="age", datetime=written, data_made=written)
    return element("p", f"Page made {shown}, ", ago, ".", class_="made")


def _filter_help() -> Html:
    return element(
        "details",
        element("summary", "?", aria_label="How the filter works"),
        element("p", "Words and terms apart by spaces; a run must match all. ",
                element("code", "collapsed"), " a word of its verdict, stage or choices; ",
                element("code", "loss=hinge|wasserstein"), " any of these; ",
                element("code", "generator_lr=1e-4..1e-3"), " a range, open where an end is "
                "missing; ",
                element("code", "-stage=explore"), " not. Arrow keys walk through the trials, "
                "Escape clears.", id="filter-help"),
        class_="help",
    )  # fmt: skip


def _section(section: Section, blocks: Sequence[Block]) -> Html:
    return element(
        "section",
        element("h2", section.title, id=f"{section.identity}-title"),
        element("p", section.question, class_="question") if section.question else None,
        *(drawn(block) for block in blocks),
        id=section.identity,
        aria_labelledby=f"{section.identity}-title",
    )


def _footer(study: StudyRecord) -> Html:
    return element(
        "footer",
        f"Made from the record in {shown_folder(study.folder)} alone. "
        "This page loads nothing from a network.",
    )


def _asset(name: str) -> str:
    return files("reports").joinpath(name).read_text()


def _style() -> str:
    return "\n".join(_asset(f"{name}.css") for name in STYLES)


def _policy(scripts: Sequence[str]) -> str:
    """A content security policy: no network at all, and only these very scripts run."""
    digests = (
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts
    )
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
