"""What a sceptic asks first: which runs, how firmly judged, confirmed by what, what is missing.

Everything is counted from the record; what it lacks is reported as not recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lab.record import STAGES, StudyRecord
from reports.kit.blocks import Block
from reports.kit.finding import Finding
from reports.kit.markup import Html, element
from reports.kit.outcomes import in_order, look
from reports.kit.shares import RunShare
from reports.kit.table import Column, table
from reports.kit.words import MISSING, counted, duration, listed, number
from reports.sections.trust.contrast import contrast_panel
from reports.sections.trust.detector import detector_section
from reports.sections.trust.finalists import finalists_table
from reports.study.conclusions import (
    Finalist,
    conclusions_of,
    finalist_results,
    is_confirmed,
    is_single,
)
from reports.study.left_out import has_own_trainer, left_out
from reports.study.tables import (
    explored,
    finished,
    from_elsewhere,
    has_target,
    names_of,
    run_table,
    target_words,
)


def trust_blocks(study: StudyRecord) -> list[Block]:
    """The conclusion in words, fresh seeds beside the race, runs by stage, the judge, the rest."""
    verdict = standing(study)
    panel = contrast_panel(study)
    chosen = element("h3", "The runs a trial was chosen by, and what to expect of it")
    contrast: list[Block] = [] if panel is None else [chosen, panel]
    return [
        element("p", verdict.claim, class_="lead"),
        element("p", verdict.detail, class_="lead-detail") if verdict.detail else Html(),
        *contrast,
        finalists_table(study) or Html(),
        element("h3", "Runs by stage"),
        stages_table(study),
        element("h3", "How often the judge errs"),
        detector_section(study),
        element("h3", "Protocol and losses"),
        table(facts(study), kind="facts trust-facts"),
    ]


def standing(study: StudyRecord) -> Finding:
    """Whether the leading trial is confirmed, being confirmed or not confirmed; or none leads."""
    runs = finished(run_table(study))
    if runs.empty:
        return Finding("Nothing to trust yet: no run has its verdict.", "")
    recommended = conclusions_of(study).recommended
    if recommended is not None and is_confirmed(study):
        return _confirmed(next(it for it in finalist_results(study) if it.trial == recommended))
    if recommended is not None:
        return Finding(
            "Not confirmed: treat its figures as optimistic.",
            f"Trial {recommended} won the race by the same runs that its figures come from.",
        )
    seeds = "One seed a trial" if is_single(explored(runs)) else "Several seeds a trial"
    return Finding(
        "Not confirmed: treat every figure of a leading trial as optimistic.",
        f"{seeds}, and the best of {counted(int(runs['trial'].nunique()), 'trial')} looks better "
        f"than it is, because it was chosen by the same runs. {_of_the_space(study)}",
    )


def _confirmed(winner: Finalist) -> Finding:
    fresh = winner.fresh
    seeds = counted(fresh.total, "fresh seed")
    figure = f"{fresh.counts} stable (Wilson 95%: {fresh.bounds})"
    race = f"The runs it was chosen by gave {winner.race.counts}."
    if winner.num_pending:
        planned = counted(fresh.total + winner.num_pending, "fresh run")
        return Finding(f"Confirmation is under way: {figure} of {planned}.", race)
    if fresh.interval.low > 0.5:
        return Finding(f"Confirmed on {seeds}: {figure}.", race)
    if fresh.interval.high < 0.5:
        return Finding(f"Refuted on {seeds}: {figure}, so it mostly fails.", race)
    return Finding(
        f"Tested on {seeds}, not settled: {figure}.",
        f"The interval contains 50%: these seeds do not show whether most runs are stable. {race}",
    )


def stage_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a stage that has runs: trials, seeds of a trial, runs, and a column an outcome."""
    runs = run_table(study)
    order = [stage for stage in STAGES if (runs["stage"] == stage).any()]
    order += sorted(set(runs["stage"]) - set(order))
    entries = []
    for stage in order:
        of_stage = runs[runs["stage"] == stage]
        seeds = of_stage.groupby("trial").size()
        entries.append(
            {
                "stage": stage,
                "trials": len(seeds),
                "fewest seeds": int(seeds.min()),
                "most seeds": int(seeds.max()),
                "runs": len(of_stage),
                **of_stage["outcome"].value_counts().to_dict(),
            }
        )
    rows = pd.DataFrame(entries)
    outcomes = in_order(set(runs["outcome"]))
    if outcomes and not rows.empty:
        rows[outcomes] = rows[outcomes].fillna(0).astype(int)
    return rows


def stages_table(study: StudyRecord) -> Html:
    """Runs of each stage as a bar of their outcomes and as counts."""
    rows = stage_rows(study)
    if rows.empty:
        return element("p", "The study holds no run yet.", class_="empty")
    outcomes = in_order(set(run_table(study)["outcome"]))
    counts = [Column(name, is_number=True) for name in ("trials", "runs", *outcomes)]
    head: list[str | Column] = ["stage", counts[0], "seeds each", counts[1], "", *counts[2:]]
    lines = [_stage_line(row, outcomes) for row in rows.to_dict("records")]
    return table(lines, head, kind="stages", label="Runs by stage")


def _stage_line(row: Mapping[Any, Any], outcomes: list[str]) -> list[str]:
    bar = [
        element("i", style=f"flex:{row[outcome]};background:{look(outcome).colour}")
        for outcome in outcomes
        if row[outcome]
    ]
    few, most = row["fewest seeds"], row["most seeds"]
    return [
        row["stage"],
        f"{row['trials']:,}",
        str(few) if few == most else f"{few} to {most}",
        f"{row['runs']:,}",
        element("div", *bar, class_="bar", aria_hidden="true"),
        *(f"{row[name]:,}" if row[name] else MISSING for name in outcomes),
    ]


def facts(study: StudyRecord) -> list[tuple[str, str]]:
    """(title, sentence): target, protocol, judging, crashes, changes during the study, losses."""
    runs = run_table(study)
    return [
        ("stable means", _target(study)),
        ("measured by", _protocol(study)),
        ("verdicts", _judging(finished(runs))),
        *([] if from_elsewhere(study) else [("crashes", _crashes(runs))]),
        ("conditions", _changes(study, runs)),
        ("left out", " ".join(left_out(study))),
    ]


def _target(study: StudyRecord) -> str:
    if not has_target(study):
        return "no failure up to the budget; no target was given."
    value = "not recorded" if study.card.target_quality is None else target_words(study)
    return f"no failure up to the budget, and a final quality of at least the target: {value}."


def _of_the_space(study: StudyRecord) -> str:
    """What shares over the space are worth."""
    if from_elsewhere(study):
        return "People chose the settings, so shares over all runs are those of what was tried."
    return (
        "Shares over the space are not chosen that way: those of unbiased runs, which no "
        "optimizer chose, stand as they are."
    )


def _protocol(study: StudyRecord) -> str:
    metrics = study.card.metrics
    names = names_of(study)
    if has_own_trainer(study):
        return f"{names.kernel}, by {metrics.extractor}; the lab has not checked it."
    return (
        f"{names.kernel} for quality and {names.frechet} beside it; "
        f"{number(metrics.num_samples)} generated images an evaluation, extractor "
        f"{metrics.extractor or 'not recorded'}, against "
        f"{metrics.reference or 'a reference that is not recorded'}."
    )


def _judging(done: pd.DataFrame) -> str:
    """How firm verdicts are, and how many runs lacked columns that a rule reads."""
    if done.empty:
        return "none yet."
    sure = done["confidence"].dropna()
    firm = int((sure == 1).sum())
    parts = [
        f"{RunShare(firm, len(sure))} stay the same under every other limit tried"
        if len(sure)
        else "their confidence is not recorded"
    ]
    blind = int(done["not_judged"].map(len).gt(0).sum())
    parts.append(
        f"{counted(blind, 'run')} could not be judged in full, because columns are missing"
        if blind
        else "every run was judged in full"
    )
    flagged = int(done["flags"].map(len).gt(0).sum())
    if flagged:
        parts.append(f"{counted(flagged, 'run')} flagged in addition to the verdict")
    return f"{'; '.join(parts)}."


def _crashes(runs: pd.DataFrame) -> str:
    """Runs that started more than once; a crash that a retry recovers from loses no run."""
    attempts = pd.to_numeric(runs["attempts"], errors="coerce")
    again = int((attempts > 1).sum())
    errored = int((runs["outcome"] == "errored").sum())
    restarts = (
        f"{counted(again, 'run')} started more than once (up to {attempts.max():.0f} times)"
        if again
        else "no run had to start again"
    )
    return (
        f"{restarts}; {counted(errored, 'run')} crashed for good." if errored else f"{restarts}."
    )


def _changes(study: StudyRecord, runs: pd.DataFrame) -> str:
    """Whether all runs ran alike: budgets, hosts and resumptions, as far as recorded."""
    parts = []
    budgets = sorted(runs["budget_images"].dropna().unique())
    if len(budgets) > 1:
        parts.append(f"runs have {len(budgets)} budgets, so their scores cannot be compared")
    hosts = sorted(set(runs["host"]))
    if len(hosts) > 1:
        parts.append(f"runs on {counted(len(hosts), 'host')}")
    times = len(study.card.resumed)
    if times:
        parts.append(
            f"resumed {counted(times, 'time')}; the versions are those of the start, "
            "because a resumption records none"
        )
    if study.card.seconds is not None:
        parts.append(f"{duration(study.card.seconds)} of wall-clock time")
    parts.append(f"data fingerprint {study.card.data.fingerprint or 'not recorded'}")
    return f"{listed(['; '.join(parts)])}."
