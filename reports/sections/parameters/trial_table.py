"""The table of all runs: the page's script makes its rows from the store, the visible ones only.

Without scripts the first rows stand in the page as they are.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from lab.record import ParameterCard, StudyRecord
from reports.kit.markup import Html, element, joined
from reports.kit.outcomes import glyph
from reports.kit.story import story
from reports.kit.words import MISSING, counted, fixed, number, short_name
from reports.study.conclusions import leading_trial
from reports.study.tables import names_of, parameters_of, run_table, trial_table

FIRST_ROWS = 50
"""Rows that stand in the page for a reader without scripts."""
IDENTITY = "runs"


def table_block(study: StudyRecord) -> Html:
    """The place of the table of a study with at least one run, and its first rows."""
    count = len(study.runs)
    tools = element(
        "div",
        element("h3", "All runs", id="runs-title"),
        element("output", counted(count, "run"), id="runs-count"),
        element("button", "CSV of these runs", type="button", id="runs-csv", class_="csv"),
        class_="run-tools",
    )
    return element(
        "div",
        tools,
        element("div", class_="scroll", id="trials-table", tabindex=0, role="region",
                aria_labelledby="runs-title"),
        element("noscript", draw_table(table_rows(study).head(FIRST_ROWS), parameters_of(study),
                                       names_of(study).frechet, count)),
        element("p", id="runs-printed", class_="printed-note"),
        id=IDENTITY,
        class_="wide runs",
    )  # fmt: skip


def table_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a run, those of the leading trial first, then by score; the table's columns."""
    rows = run_table(study).join(trial_table(study), on="trial", how="left")
    rows = rows.assign(best=rows["trial"] == leading_trial(study))
    return rows.sort_values(["best", "score"], ascending=False, kind="stable", ignore_index=True)


def draw_table(
    rows: pd.DataFrame, parameters: list[ParameterCard], frechet: str, num_runs: int
) -> Html:
    """The rows as they are, with a caption that counts what is not among them."""
    head = ["trial", "seed", "verdict", "stage", "score", "quality", frechet, "origin"]
    head += [*(short_name(parameter.path) for parameter in parameters), "what happened"]
    shown = f"The first {len(rows)} of {counted(num_runs, 'run')}, the leading trial's first"
    return element(
        "table",
        element("caption", shown if len(rows) < num_runs else counted(num_runs, "run")),
        element("thead", element("tr", *(element("th", name, scope="col") for name in head))),
        element("tbody", joined([_line(row, parameters) for _, row in rows.iterrows()])),
        class_="run-table",
    )


def _line(row: pd.Series[Any], parameters: list[ParameterCard]) -> Html:
    outcome = str(row["outcome"])
    cells = [
        element("th", int(row["trial"]), scope="row"),
        element("td", int(row["seed"]), class_="number"),
        element("td", glyph(outcome), outcome),
        element("td", row["stage"]),
        *(_cell(row[name], fixed(row[name])) for name in ("score", "final_quality")),
        _cell(row["frechet"], number(row["frechet"])),
        element("td", row["origin"] if isinstance(row["origin"], str) else MISSING),
        *(_cell(row[it.path], number(row[it.path])) for it in parameters),
        element("td", story(row), class_="story"),
    ]
    return element("tr", *cells)


def _cell(value: Any, shown: str) -> Html:
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return element("td", MISSING if missing else shown, class_="number" if is_number else None)
