"""The Pareto set of the first screen, and how many runs each stage has."""

from __future__ import annotations

import pandas as pd

from lab.record import STAGES, StudyRecord
from reports.kit.markup import Html, element, trial_link
from reports.kit.shares import RunShare
from reports.kit.table import Column, table
from reports.kit.words import fixed, listed, number
from reports.study.conclusions import conclusions_of
from reports.study.tables import explored, finished, ruler_of, run_table


def pareto_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a trial of the Pareto set, by its explore runs: counts, quality, score and cost."""
    runs = finished(explored(run_table(study)))
    rows = []
    for trial in conclusions_of(study).pareto:
        of_trial = runs[runs["trial"] == trial]
        share = RunShare.of_stable(of_trial["outcome"])
        means = [float(of_trial[column].mean()) for column in ("final_quality", "score", "cost")]
        rows.append((trial, share.count, share.total, *means))
    columns = ["trial", "stable", "total", "quality", "score", "cost"]
    return pd.DataFrame(rows, columns=columns)


def pareto_table(study: StudyRecord) -> Html | None:
    """The trials that no other beats in every objective; None for a study with one objective."""
    rows = pareto_rows(study)
    objective = study.card.settings.objective
    if rows.empty or "," not in objective:
        return None
    ruler = ruler_of(study)
    lines = [
        (
            trial_link(row["trial"]),
            f"{row['stable']} of {row['total']}",
            fixed(row["quality"]),
            *([] if ruler is None else [ruler.distance(row["quality"])]),
            fixed(row["score"]),
            number(row["cost"]),
        )
        for row in rows.to_dict("records")
    ]
    head: list[str | Column] = [
        "trial",
        "explore runs stable",
        Column("quality", is_number=True),
        *([] if ruler is None else [Column(ruler.column, is_number=True)]),
        Column("score", is_number=True),
        Column("cost", "s", is_number=True),
    ]
    return element(
        "div",
        element("h3", f"Pareto set of {objective.replace(',', ' and ')}"),
        table(lines, head, kind="finalists", label="Pareto set"),
        element("p", "No other trial is at least as good in every objective and better in one, by "
                "the explore runs, which every trial has. With so few runs each, chance alone "
                "makes such a set wider or narrower.", class_="note"),
        class_="wide",
    )  # fmt: skip


def stages_line(runs: pd.DataFrame) -> str:
    """How many runs each stage has, in words; empty where all are explore runs."""
    counts = [
        f"{count:,} to {stage}"
        for stage in STAGES
        if (count := int((runs["stage"] == stage).sum()))
    ]
    return listed(counts) if len(counts) > 1 else ""
