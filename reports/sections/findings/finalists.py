"""The Pareto set of the first screen, and how many runs each stage has."""

from __future__ import annotations

import pandas as pd

from lab.record import STAGES, StudyRecord
from reports.kit.markup import Html, element, joined, scrollable
from reports.kit.words import fixed, listed, number
from reports.study.conclusions import conclusions_of
from reports.study.tables import explored, finished, run_table


def pareto_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a trial of the Pareto set, by its explore runs: counts, quality, score and cost."""
    runs = finished(explored(run_table(study)))
    found = []
    for trial in conclusions_of(study).pareto:
        own = runs[runs["trial"] == trial]
        stable = int((own["outcome"] == "stable").sum())
        means = [float(own[column].mean()) for column in ("final_quality", "score", "cost")]
        found.append((trial, stable, len(own), *means))
    columns = ["trial", "stable", "total", "quality", "score", "cost"]
    return pd.DataFrame(found, columns=columns)


def pareto_table(study: StudyRecord) -> Html | None:
    """The trials that no other beats in every objective; None for a study with one objective."""
    rows = pareto_rows(study)
    objective = study.card.settings.objective
    if rows.empty or "," not in objective:
        return None
    lines = [
        element(
            "tr",
            element("th", _link(int(row["trial"])), scope="row"),
            element("td", f"{row['stable']} of {row['total']}"),
            element("td", fixed(row["quality"])),
            element("td", fixed(row["score"])),
            element("td", f"{number(row['cost'])} s"),
        )
        for row in rows.to_dict("records")
    ]
    head = ("trial", "explore runs stable", "quality", "score", "cost")
    return element(
        "div",
        element("h3", f"Pareto set of {objective.replace(',', ' and ')}"),
        scrollable(element("table",
                element("thead", element("tr", *(element("th", n, scope="col") for n in head))),
                element("tbody", joined(lines)), class_="finalists"), "Pareto set"),
        element("p", "No other trial is at least as good in every objective and better in one, by "
                "the runs that every trial has. With so few runs each, a set like this is wider "
                "or narrower by luck.", class_="note"),
        class_="wide",
    )  # fmt: skip


def stages_line(runs: pd.DataFrame) -> str:
    """How many runs each stage has, in words; empty where all explored."""
    counts = [
        f"{count:,} to {stage}"
        for stage in STAGES
        if (count := int((runs["stage"] == stage).sum()))
    ]
    return listed(counts) if len(counts) > 1 else ""


def _link(trial: int) -> Html:
    return element("a", f"trial {trial}", href=f"#trial={trial}")
