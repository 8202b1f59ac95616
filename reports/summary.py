"""The page's first screen: which study, its best run with its settings, and the findings."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from lab.record import Row, StudyRecord
from reports.comparisons import comparisons_of, draw_comparisons
from reports.findings import findings, left_out
from reports.gallery import Album, hero
from reports.markup import Html, element
from reports.methods import copyable, train_command
from reports.tables import (
    best_run,
    config_value,
    finished,
    names_of,
    parameters_of,
    run_table,
    trial_table,
)
from reports.verdicts import glyph, in_order, look
from reports.words import counted, duration, fixed, images, number, setting, short_name


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
    """Findings: the best run, the verdict bar, the sentences, and what was left out."""
    runs = run_table(study)
    return element(
        "section",
        element("h2", "Findings"),
        _verdict_bar(runs),
        _best(study, runs, album),
        element("ul", *(
            element("li", element("strong", finding.claim), " ", finding.detail)
            for finding in findings(study)
        ), class_="findings"),
        draw_comparisons(comparisons_of(study)),
        element("div", element("h3", "Left out"),
                element("ul", *(element("li", told) for told in left_out(study))),
                class_="left-out"),
        id="findings",
    )  # fmt: skip


def _verdict_bar(runs: pd.DataFrame) -> Html | None:
    """Every run as a share of one bar, labelled directly."""
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
        class_="verdicts",
    )


def _best(study: StudyRecord, runs: pd.DataFrame, album: Album) -> Html | None:
    best = best_run(runs)
    if best is None:
        return None
    row = runs.iloc[best]
    trial = int(row["trial"])
    trials = trial_table(study)
    values = {str(key): value for key, value in trials.loc[[trial]].iloc[0].items()}
    stable = row["outcome"] == "stable"
    claim = "Best run by score" if stable else f"Highest score, yet {row['outcome']}"
    title = element(
        "h3", f"{claim}: ", element("a", f"trial {trial}", href=f"#trial-{trial}"),
        f" ({values.get('origin', 'unknown origin')})",
    )  # fmt: skip
    command = train_command(study)
    words = element(
        "div",
        title,
        _numbers(study, row, study.runs[best].evaluations),
        _settings(study, values),
        element("p", _warning(runs), class_="note") if stable else None,
        copyable(command) if command else None,
        class_="best-words",
    )
    return element("div", words, hero(study, album), class_="best-card")


def _numbers(study: StudyRecord, row: pd.Series[Any], evaluations: list[Row]) -> Html:
    """Score, quality and distances, each distance between those of noise and of real images."""
    names = names_of(study)
    baseline = study.study.get("metrics", {}).get("baseline", {})
    entries = [
        ("score", fixed(row["score"]), "of 1"),
        ("final quality", fixed(row["final_quality"]), "of 1"),
    ]
    for column, name in (("frechet", names.frechet), ("kernel", names.kernel)):
        value = float(row[column])
        start = evaluations[0].get(name) if evaluations else None
        floor = f"untrained {number(start)}" if start is not None else ""
        floor += f" · real {number(baseline[name])}" if name in baseline else ""
        if not math.isnan(value):
            entries.append((name, number(value), floor))
    cells = [
        element(
            "div", element("dt", name), element("dd", element("b", value), element("small", floor))
        )
        for name, value, floor in entries
    ]
    return element("dl", *cells, class_="numbers")


def _settings(study: StudyRecord, values: dict[str, Any]) -> Html:
    cells = [
        element("div", element("dt", short_name(p.path)), element("dd", setting(values[p.path])))
        for p in parameters_of(study)
        if values.get(p.path) is not None
    ]
    return element("dl", *cells, class_="settings")


def _warning(runs: pd.DataFrame) -> str:
    """The winner's curse in one sentence."""
    tried = len(finished(runs))
    if tried < 2:
        return "The only run with a verdict, and one seed: nothing to compare it with yet."
    return (
        f"Picked as the best of {tried} by the very numbers shown, from one seed: expect somewhat "
        "less from a fresh seed."
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
