"""The shell of a page: one file that needs only a browser, and the parts around its sections."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from reports.kit.blocks import Section
from reports.kit.markup import Html, element, joined

SCRIPTS = ("browser/plotly/plotly-lab.min.js", "browser/page.bundle.js")
"""Of a report, by their paths below this package."""


def document(
    title: str,
    content: Sequence[Html],
    packages: Iterable[str],
    *,
    scripts: Sequence[str] = SCRIPTS,
    connect: str = "'none'",
    may_also: str = "",
) -> str:
    """One self-contained HTML file: styles, scripts, and no network.

    The style sheets are page.css and those that lie in the folders of `packages`, once each.
    `connect` is what the page may ask: `'self'` for a page that is served. `may_also` are further
    sources of scripts in its security policy.
    """
    first = _asset("browser/theme.js")
    last = [_asset(script) for script in scripts]
    body = joined([*content, *(Html(f"<script>{script}</script>") for script in last)])
    policy = _policy([first, *last], connect, may_also)
    head = joined(
        [
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=policy),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", title),
            Html(f"<style>{_style(packages)}</style>"),
            Html(f"<script>{first}</script>"),
        ]
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def toolbar(sections: Sequence[Section[Any]]) -> Html:
    """The bar that stays visible: links to sections, and the selection."""
    step = {"type": "button", "class_": "step"}
    return element(
        "div",
        contents(sections),
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


def contents(sections: Sequence[Section[Any]]) -> Html:
    """Links to sections."""
    links = [element("a", it.title, href=f"#{it.identity}") for it in sections]
    return element("nav", *links, aria_label="Sections")


def age(made: datetime) -> Html:
    """When the page was made; its script adds how long ago that is."""
    written = made.astimezone(UTC).isoformat(timespec="seconds")
    date = made.strftime("%d %B %Y, %H:%M UTC").lstrip("0")
    ago = element("time", "", id="age", datetime=written, data_made=written)
    return element("p", f"Page made {date}, ", ago, ".", class_="made")


def _filter_help() -> Html:
    return element(
        "details",
        element("summary", "?", aria_label="How the filter works"),
        element("p", "Words and terms, separated by spaces; a run must match all of them. ",
                element("code", "collapsed"), ": a word of its verdict, stage or choices; ",
                element("code", "loss=hinge|wasserstein"), ": any of these; ",
                element("code", "generator_lr=1e-4..1e-3"), ": a range, open where an end is "
                "missing; ",
                element("code", "-stage=explore"), ": excluded. Arrow keys step through "
                "the trials, Escape clears the filter.", id="filter-help"),
        class_="help",
    )  # fmt: skip


def _asset(name: str) -> str:
    return files("reports").joinpath(name).read_text()


def _style(packages: Iterable[str]) -> str:
    sheets = [
        sheet.read_text()
        for package in dict.fromkeys(("reports.browser", *packages))
        for sheet in sorted(files(package).iterdir(), key=lambda it: it.name)
        if sheet.name.endswith(".css")
    ]
    return "\n".join(sheets)


def _policy(scripts: Sequence[str], connect: str, may_also: str) -> str:
    """A content security policy: only these scripts run, and they may ask `connect` alone."""
    digests = (
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts
    )
    allowed = " ".join([*(f"'sha256-{digest}'" for digest in digests), may_also]).rstrip()
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        f"img-src data: blob:; connect-src {connect}; base-uri 'none'; form-action 'none'"
    )
