"""The page's first screen: which study, the trial it ends with, and the findings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd

from lab.record import StudyRecord
from reports.comparisons import comparisons_of, draw_comparisons
from reports.conclusions import is_confirmed
from reports.finalists import finalists_table, pareto_table, stages_line
from reports.finding import Finding
from reports.findings import findings, left_out, of_explore
from reports.gallery import Album
from reports.grid import grid_section
from reports.leader import leader_card
from reports.markup import Html, element
from reports.tables import config_value, explored, run_table
from reports.verdicts import glyph, in_order, look
from reports.words import counted, duration, images


def header(study: StudyRecord, now: datetime) -> Html:
    """Name, one line of facts, and how old the page is while a study runs."""
    card = study.study
    data = card.get("data", {})
    status = str(card.get("status", "unknown"))
    space = card.get("space", {}).get("name", "unknown space")
    facts = [
        f"{space} on {data.get('name', 'unknown data')}",
        f"{counted(len(study.trials), 'trial')}, {counted(len(study.runs), 'run')}",
        f"{images(_budget(study))} images a run",
        _when(card, status),
        f"took {duration(card.get('seconds'))}" if card.get("seconds") else "",
    ]
    made = now.strftime("%d %B %Y, %H:%M UTC").lstrip("0")
    age = (
        element("p", f"This study is {status}: the page shows it as of {made}.", class_="banner")
        if status != "finished"
        else None
    )
    return element(
        "header",
        element("p", "GAN stability report", class_="kicker"),
        element("h1", str(card.get("study", study.folder.name))),
        element("p", " · ".join(fact for fact in facts if fact), class_="facts-line"),
        age,
    )


def _budget(study: StudyRecord) -> float | None:
    value = config_value(study.study.get("base", {}), "training.budget_images")
    return float(value) if isinstance(value, (int, float)) else None


def opening(study: StudyRecord, album: Album) -> Html:
    """Findings: the leading trial and the sentences; of a confirmed study by fresh runs alone."""
    confirmed = is_confirmed(study)
    return element(
        "section",
        element("h2", "Findings"),
        None if confirmed else _verdict_bar(run_table(study)),
        leader_card(study, album),
        _sentences(findings(study)),
        finalists_table(study),
        None if confirmed else _by_explore_runs(study),
        id="findings",
    )


def space_seen(study: StudyRecord) -> Html:
    """What explore runs say of the space, apart from what is confirmed."""
    return element(
        "div",
        _verdict_bar(run_table(study)),
        _sentences(of_explore(study)),
        _by_explore_runs(study),
    )


def _sentences(found: list[Finding]) -> Html:
    return element("ul", *(
        element("li", element("strong", finding.claim), " ", finding.detail) for finding in found
    ), class_="findings")  # fmt: skip


def _by_explore_runs(study: StudyRecord) -> Html:
    return element(
        "div",
        pareto_table(study),
        grid_section(study),
        draw_comparisons(comparisons_of(study)),
        element("div", element("h3", "Left out"),
                element("ul", *(element("li", told) for told in left_out(study))),
                class_="left-out"),
    )  # fmt: skip


def _verdict_bar(runs: pd.DataFrame) -> Html | None:
    """Every explore run as a share of one bar, labelled directly; other stages in words."""
    stages = stages_line(runs)
    runs = explored(runs)
    if runs.empty:
        return None
    counts = [(o, int((runs["outcome"] == o).sum())) for o in in_order(set(runs["outcome"]))]
    parts = [
        element("i", style=f"flex:{count};background:{look(outcome).colour}")
        for outcome, count in counts
    ]
    words = [
        element(
            "li", glyph(outcome), element("b", count), f" {outcome}", title=look(outcome).meaning
        )
        for outcome, count in counts
    ]
    return element(
        "div",
        element("div", *parts, class_="bar", aria_hidden="true"),
        element("ul", *words, class_="counts"),
        element("p", f"The bar holds explore runs alone; the study has {stages}.", class_="note")
        if stages
        else None,
        class_="verdicts",
    )


def _when(card: dict[str, Any], status: str) -> str:
    if card.get("finished"):
        return f"{status} {_day(card['finished'])}".strip()
    started = _day(card.get("created"))
    return f"{status}, started {started}" if started else status


def _day(written: Any) -> str:
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return ""
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return moment.strftime("%d %B %Y").lstrip("0")
