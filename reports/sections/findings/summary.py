"""The page's first screen: which study, the trial it ends with, and the findings."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from lab.record import StudyCard, StudyRecord
from reports.kit.blocks import Block
from reports.kit.finding import TOPICS, Finding, quoted
from reports.kit.markup import Html, element
from reports.kit.outcomes import glyph, in_order, look, meaning
from reports.kit.words import counted, day, duration, images
from reports.sections.findings.finalists import pareto_table, stages_line
from reports.sections.findings.findings import findings
from reports.sections.findings.grid import grid_section
from reports.sections.findings.leader import leader_card
from reports.study.gallery import Album
from reports.study.left_out import elsewhere_words
from reports.study.ranges import ranges_found, ranges_note
from reports.study.rescaled import rescaled_note
from reports.study.scale import is_small
from reports.study.tables import explored, from_elsewhere, run_table


def header(study: StudyRecord, now: datetime) -> Html:
    """Name, one line of facts, and how old the page is while a study runs."""
    card = study.card
    status = card.status
    facts = [
        (card.space.name or "unknown space") + (f" on {card.data.name}" if card.data.name else ""),
        f"{counted(len(study.trials), 'trial')}, {counted(len(study.runs), 'run')}",
        f"{images(card.budget_images)} images a run",
        _when(card),
        f"took {duration(card.seconds)}" if card.seconds else "",
    ]
    made = now.strftime("%d %B %Y, %H:%M UTC").lstrip("0")
    age = (
        element("p", f"This study is {status}: the page shows it as of {made}.", class_="banner")
        if status != "finished"
        else None
    )
    made_anew = rescaled_note(study)
    return element(
        "header",
        element("p", "GAN stability report", class_="kicker"),
        element("h1", study.name),
        element("p", " · ".join(fact for fact in facts if fact), class_="facts-line"),
        element("p", made_anew, class_="banner") if made_anew else None,
        *(element("p", note, class_="banner") for note in space_changes(card)),
        element("p", elsewhere_words(study), class_="banner") if from_elsewhere(study) else None,
        age,
    )


def space_changes(card: StudyCard) -> list[str]:
    """A sentence for each change of the space in the middle of the search."""
    return [
        f"The space's file was changed before trial {change.first_trial}: the trials from "
        f"{change.first_trial} on and those before it are draws of two spaces, and numbers about "
        "the space mix them."
        for change in card.space.changes
    ]


def opening(study: StudyRecord, album: Album) -> list[Block]:
    """The trial that the study ends with, then the findings about the space, topic by topic.

    The first sentence and the card of a confirmed study quote its fresh runs and no other.
    """
    first, *rest = findings(study)
    prominent, more = by_prominence(rest)
    ranges = [] if is_small(study) else ranges_found(study)
    noun = "run" if from_elsewhere(study) else "explore run"
    note = ranges_note(ranges)
    return [
        element("p", first.claim, class_="lead"),
        element("p", first.detail, class_="lead-detail") if first.detail else Html(),
        leader_card(study, album) or Html(),
        _verdict_bar(run_table(study), noun) or Html(),
        topics(prominent),
        _more(more),
        element("p", note, class_="note") if note else Html(),
        grid_section(study) or Html(),
        pareto_table(study) or Html(),
    ]


MOST_SENTENCES = {"end": 1, "holds": 2, "fails": 2, "effects": 2, "untested": 1}
"""How many sentences of each topic are printed beneath the first one without unfolding; what a
topic does not use goes to the others."""


def by_prominence(every: list[Finding]) -> tuple[list[Finding], list[Finding]]:
    """As many findings as are read without effort, from every topic, and the rest."""
    kept: list[Finding] = []
    for topic, most in MOST_SENTENCES.items():
        kept += [finding for finding in every if finding.topic == topic][:most]
    free = sum(MOST_SENTENCES.values()) - len(kept)
    spare = [
        finding for finding in every if finding not in kept and finding.topic in MOST_SENTENCES
    ]
    kept += spare[: max(0, free)]
    return (
        [finding for finding in every if finding in kept],
        [finding for finding in every if finding not in kept],
    )


def topics(entries: list[Finding]) -> Html:
    """Findings under the titles of their topics, which stand beside them where there is room."""
    parts = []
    for topic, title in TOPICS.items():
        of_topic = [finding for finding in entries if finding.topic == topic]
        if of_topic:
            parts += [element("h3", title), _sentences(of_topic)]
    return element("div", *parts, class_="topics")


def _more(entries: list[Finding]) -> Html:
    if not entries:
        return Html()
    title = counted(len(entries), "more finding")
    return element("details", element("summary", title), topics(entries), class_="more")


def _sentences(entries: list[Finding]) -> Html:
    items = [
        element(
            "li",
            element("strong", finding.claim),
            *_detail(finding),
            *(part for quote in finding.quotes for part in (" ", quoted(quote))),
        )
        for finding in entries
    ]
    return element("ul", *items, class_="findings")


def _detail(finding: Finding) -> list[str]:
    return [" ", element("span", finding.detail)] if finding.detail else []


def _verdict_bar(runs: pd.DataFrame, noun: str) -> Html | None:
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
        element("li", glyph(outcome), element("b", f"{count:,}"), f" {outcome}",
                title=meaning(outcome))
        for outcome, count in counts
    ]  # fmt: skip
    return element(
        "div",
        element("h3", f"How the {counted(len(runs), noun)} ended"),
        element("div", *parts, class_="bar", aria_hidden="true"),
        element("ul", *words, class_="counts"),
        element("p", f"All runs of the study: {stages}.", class_="note") if stages else None,
        class_="verdicts",
    )


def _when(card: StudyCard) -> str:
    if card.finished:
        return f"{card.status} {day(card.finished)}".strip()
    started = day(card.created)
    return f"{card.status}, started {started}" if started else card.status
