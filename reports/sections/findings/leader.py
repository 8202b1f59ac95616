"""The card of the trial that a study ends with: recommended and confirmed, or only leading."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import median
from typing import Any

import pandas as pd

from lab.record import GENERATOR_FILE, TRIAL_FILE, StudyRecord
from lab.record.columns import R_PRECISION
from reports.kit.axes import distance_words
from reports.kit.families import by_family
from reports.kit.markup import Html, element, joined
from reports.kit.outcomes import glyph
from reports.kit.words import MISSING, fixed, images, number, short_name
from reports.study.commands import confirm_command, copyable, shown_folder, train_command
from reports.study.conclusions import (
    Finalist,
    conclusions_of,
    finalist_results,
    is_raced,
    is_single,
    leading_run,
)
from reports.study.gallery import Album, hero
from reports.study.left_out import has_own_trainer
from reports.study.tables import (
    explored,
    finished,
    from_elsewhere,
    names_of,
    parameters_of,
    ruler_of,
    run_table,
    trial_table,
)

MOST_STORIES = 3
"""Fresh runs that were not stable, listed one by one; the table of trials has the others."""


def leader_card(study: StudyRecord, album: Album) -> Html | None:
    """Title, numbers, settings and the command that trains it; None when no run has a score."""
    run = leading_run(study)
    if run is None:
        return None
    row = run_table(study).iloc[run]
    trial = int(row["trial"])
    values = {str(key): value for key, value in trial_table(study).loc[[trial]].iloc[0].items()}
    recommended = conclusions_of(study).recommended
    fresh = [it for it in finalist_results(study) if it.trial == trial == recommended]
    confirmed = bool(fresh and fresh[0].fresh.total)
    command = train_command(study)
    words = element(
        "div",
        element("h3", f"{_claim(study, row, confirmed)}: ",
                element("a", f"trial {trial}", href=f"#trial={trial}"),
                f" ({values['origin']})"),
        _confirmed_numbers(study, fresh[0])
        if confirmed
        else _numbers(study, run, row),
        _settings(study, values),
        _stories(study, row, confirmed),
        None if confirmed else _how_to_confirm(study),
        _files(study, run, command),
        class_="best-words",
    )  # fmt: skip
    return element("div", words, hero(study, album), class_="best-card")


def _claim(study: StudyRecord, row: pd.Series[Any], confirmed: bool) -> str:
    if conclusions_of(study).recommended is not None:
        return "Recommended" if confirmed else "Winner of the race, not confirmed"
    if is_raced(study):
        return "Leading before the race is over"
    if not is_single(explored(run_table(study))):
        return "Leading by stable runs, then by score"
    return (
        "Best run by score"
        if row["outcome"] == "stable"
        else f"Highest score, yet {row['outcome']}"
    )


def _confirmed_numbers(study: StudyRecord, winner: Finalist) -> Html:
    """Numbers of fresh runs only, each with its interval; last those of the race, labelled so."""
    names = names_of(study)
    baseline = study.card.metrics.baseline
    real = f"median; real {number(baseline[names.frechet])}" if names.frechet in baseline else ""
    low, high = winner.quality_interval
    between = (
        "too few seeds for an interval"
        if math.isnan(low)
        else f"nominally 95%: {fixed(low)}–{fixed(high)}"
    )
    ruler = ruler_of(study)
    if ruler is not None and not math.isnan(winner.quality):
        between = f"= {distance_words(winner.quality, ruler)} · {between}"
    frechet = MISSING if math.isnan(winner.frechet) else number(winner.frechet)
    runs = finished(run_table(study))
    fresh = runs[(runs["trial"] == winner.trial) & (runs["stage"] == "confirm")]
    return _entries(
        [
            ("stable on fresh seeds", winner.fresh.counts, f"Wilson 95%: {winner.fresh.bounds}"),
            ("quality on fresh seeds", fixed(winner.quality), between),
            (f"{names.frechet} on fresh seeds", frechet, real),
            *_precision_of_texts(study, fresh.index),
            ("in the race (optimistic)", winner.race.counts, "chosen by it"),
        ]
    )


def _precision_of_texts(study: StudyRecord, runs: Iterable[int]) -> list[tuple[str, str, str]]:
    """R-precision at the end of these runs, their median; nothing where no run takes texts."""
    first, column = study.evaluations.first, study.evaluations.column(R_PRECISION)
    ends = [column[first[run] : first[run + 1]][-1:] for run in runs]
    values = [float(end[0]) for end in ends if end.size and math.isfinite(end[0])]
    if not values:
        return []
    real = study.card.metrics.baseline.get(R_PRECISION)
    below = ("median; " if len(values) > 1 else "") + "nearest of 100 texts"
    below += "" if real is None else f" · real {fixed(real)}"
    return [("R-precision", fixed(median(values)), below)]


def _numbers(study: StudyRecord, run: int, row: pd.Series[Any]) -> Html:
    """Score, quality and distances, each distance between its anchors."""
    evaluations = study.runs[run].evaluations
    names = names_of(study)
    baseline, anchor = study.card.metrics.baseline, study.card.metrics.anchor
    entries = [
        ("score", fixed(row["score"]), "of 1"),
        ("final quality", fixed(row["final_quality"]), "of 1"),
    ]
    columns = {names.frechet: "frechet", names.kernel: "kernel"}
    nothing = "untrained" if has_own_trainer(study) else "independent pixels"
    for name, column in columns.items():
        value = float(row[column])
        start = evaluations[0].get(name) if evaluations else None
        floor = f"untrained {number(start)}" if start is not None else ""
        floor = f"{nothing} {number(anchor[name])}" if name in anchor else floor
        floor += f" · real {number(baseline[name])}" if name in baseline else ""
        if not math.isnan(value):
            entries.append((name, number(value), floor))
    return _entries([*entries, *_precision_of_texts(study, [run])])


def _entries(entries: list[tuple[str, str, str]]) -> Html:
    cells = [
        element(
            "div", element("dt", name), element("dd", element("b", value), element("small", below))
        )
        for name, value, below in entries
    ]
    return element("dl", *cells, class_="numbers")


def _files(study: StudyRecord, run: int, command: str | None) -> Html:
    """The command that trains it again and the files to copy, each with a copy button."""
    record = study.runs[run]
    generator = record.folder / GENERATOR_FILE
    entries = [
        ("Train it again", command, "the command"),
        ("Its log", record.card.source, "the path"),
        (
            "Its settings" if from_elsewhere(study) else "Its configuration, for --config",
            shown_folder(record.folder.parent / TRIAL_FILE),
            "the path",
        ),
        (
            f"Its generator of seed {record.seed}, averaged over training",
            shown_folder(generator) if generator.is_file() else None,
            "the path",
        ),
    ]
    rows = [
        joined([element("dt", name), element("dd", copyable(value, what))])
        for name, value, what in entries
        if value
    ]
    return element("dl", joined(rows), class_="commands")


def _settings(study: StudyRecord, values: dict[str, Any]) -> Html:
    """The sampled values, family by family."""
    paths = [p.path for p in parameters_of(study) if values.get(p.path) is not None]
    families = by_family(paths)
    parts = []
    for family, of_family in families.items():
        cells = [
            element("div", element("dt", short_name(path)), element("dd", number(values[path])))
            for path in of_family
        ]
        parts += [element("h4", family)] if len(families) > 1 else []
        parts.append(element("dl", *cells, class_="settings"))
    return element("div", *parts, class_="families")


def _stories(study: StudyRecord, row: pd.Series[Any], confirmed: bool) -> Html | None:
    """The verdict's evidence: of the run shown, or of the fresh runs that were not stable."""
    if not confirmed:
        return element("p", f"{row['outcome']}: {story(row)}.", class_="note")
    runs = finished(run_table(study))
    fresh = runs[(runs["trial"] == row["trial"]) & (runs["stage"] == "confirm")]
    others = fresh[fresh["outcome"] != "stable"]
    if others.empty:
        return None
    items = [
        element("li", glyph(run["outcome"]), f"seed {run['seed']} {run['outcome']} {story(run)}")
        for _, run in others.head(MOST_STORIES).iterrows()
    ]
    more = len(others) - len(items)
    return element(
        "div",
        element("p", "The fresh runs that were not stable:"),
        element("ul", *items, element("li", f"and {more} more") if more else None),
        class_="note",
    )


def story(run: pd.Series[Any]) -> str:
    """A row of `run_table` in words: the verdict's evidence, confidence, flags, gaps."""
    if run["error"]:
        return str(run["error"])
    if not run["evidence"]:
        return ""
    onset, sure = run["onset_images"], run["confidence"]
    at = f"at {images(onset)} images: " if not math.isnan(onset) else ""
    confidence = f" (confidence {fixed(sure)})" if not math.isnan(sure) else ""
    flags = [
        f"flagged {flag.name}" + (f": {flag.evidence}" if flag.evidence else "")
        for flag in run["flags"]
    ]
    blind = [f"not judged: {what}" for what in run["not_judged"]]
    return "; ".join([f"{at}{run['evidence']}{confidence}", *flags, *blind])


def _how_to_confirm(study: StudyRecord) -> Html:
    """A sentence on selection bias, and the command that confirms the finalists."""
    tried = len(finished(explored(run_table(study))))
    if from_elsewhere(study):
        return element(
            "p", f"Chosen as the best of {tried} by the same numbers as above: expect somewhat "
            "less from a fresh seed. Train it again on seeds that no choice was made on, as a "
            "study of its own.", class_="note",
        )  # fmt: skip
    sentence = (
        "The only run with a verdict, and one seed: nothing to compare it with yet."
        if tried < 2
        else f"Chosen as the best of {tried} by the same numbers as above: expect somewhat less "
        "from a fresh seed. To run the finalists on fresh seeds:"
    )
    command = copyable(confirm_command(study)) if tried >= 2 else None
    return element("div", element("p", sentence, class_="note"), command)
