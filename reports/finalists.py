"""The confirmed part of the first screen: the recommended trial, the finalists, the Pareto set."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from lab.record import StudyRecord
from reports.conclusions import conclusions_of, finalist_rows
from reports.markup import Html, element, joined, scrollable
from reports.tables import explored, finished, names_of, run_table
from reports.verdicts import glyph
from reports.words import MISSING, fixed, listed, number, percents


def finalists_table(study: StudyRecord) -> Html | None:
    """Every finalist by the race it won and by the fresh runs that it was not chosen by."""
    rows = finalist_rows(study)
    if rows.empty:
        return None
    recommended = conclusions_of(study).recommended
    names = names_of(study)
    head = ["trial", "fresh runs stable", "in the race", "quality", "worst quarter"]
    lines = [_line(row, recommended) for row in rows.to_dict("records")]
    return element(
        "div",
        element("h3", "Finalists"),
        scrollable(element(
            "table",
            element("thead", element("tr", *(
                element("th", name, scope="col") for name in [*head, names.frechet, "fresh seeds"]
            ))),
            element("tbody", joined(lines)),
            class_="finalists",
        ), "Finalists"),
        element(
            "p",
            "In the race's order, which fresh runs do not change. Fresh runs: stable of total and "
            "the Wilson 95% interval. In the race: the runs that the trial was chosen by, which "
            "flatter whom they choose. Quality: interquartile mean of the final quality over "
            "fresh runs, failures as 0, and its bootstrap interval, nominally 95% and from few "
            "seeds too narrow (how much is said at the page's end). Worst quarter: the mean of "
            f"the worst quarter of them. {names.frechet}: median over the stable fresh runs.",
            class_="note",
        ),
        class_="wide",
        id="finalists",
    )  # fmt: skip


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
    objective = str((study.study.get("settings") or {}).get("objective", ""))
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


def _line(row: dict[Any, Any], recommended: int | None) -> Html:
    trial = int(row["trial"])
    chosen = trial == recommended
    pending = f"{row['num_pending']} not ended" if row["num_pending"] else None
    quality = fixed(row["quality"]) if not math.isnan(row["quality"]) else MISSING
    if not math.isnan(row["quality_low"]):
        quality += f" ({fixed(row['quality_low'])}–{fixed(row['quality_high'])})"
    return element(
        "tr",
        element("th", glyph("stable") if chosen else None, _link(trial),
                element("small", "recommended") if chosen else None, scope="row"),
        element("td", _count(row, "confirm"), element("small", pending) if pending else None),
        element("td", _count(row, "race")),
        element("td", quality),
        element("td", fixed(row["risk"]) if not math.isnan(row["risk"]) else MISSING),
        element("td", number(row["frechet"]) if not math.isnan(row["frechet"]) else MISSING),
        element("td", _seeds(row["seeds"])),
        class_="best" if chosen else None,
    )  # fmt: skip


def _count(row: dict[Any, Any], name: str) -> str:
    if not row[f"{name}_total"]:
        return "none"
    interval = percents(row[f"{name}_low"], row[f"{name}_high"])
    return f"{row[f'{name}_stable']} of {row[f'{name}_total']} ({interval})"


def _seeds(seeds: list[int]) -> str:
    """`1000–1006`, or one by one where they do not follow each other."""
    ordered = sorted(seeds)
    if len(ordered) > 2 and np.all(np.diff(ordered) == 1):
        return f"{ordered[0]}–{ordered[-1]}"
    return ", ".join(map(str, ordered)) or MISSING


def _link(trial: int) -> Html:
    return element("a", f"trial {trial}", href=f"#trial={trial}")


def stages_line(runs: pd.DataFrame) -> str:
    """How many runs each stage has, in words; empty where all explored."""
    counts = [
        f"{count:,} to {stage}"
        for stage in ("explore", "race", "confirm")
        if (count := int((runs["stage"] == stage).sum()))
    ]
    return listed(counts) if len(counts) > 1 else ""
