"""The table of all trials: one line a run, sortable and filtered by the page's script."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from lab.record import StudyRecord
from reports.conclusions import conclusions_of, leader_word, leading_trial
from reports.markup import Html, element, joined
from reports.story import story
from reports.tables import Parameter, names_of, parameters_of, run_table, trial_table
from reports.verdicts import glyph
from reports.words import (
    MISSING,
    counted,
    fixed,
    number,
    setting,
    short_name,
)


def table_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a run, those of the leading trial first, then by score; the table's columns."""
    rows = run_table(study).join(trial_table(study), on="trial", how="left")
    pareto = rows["trial"].isin(conclusions_of(study).pareto)
    repeated = rows["trial"].duplicated(keep=False)
    rows = rows.assign(
        best=rows["trial"] == leading_trial(study), pareto=pareto, repeated=repeated
    )
    return rows.sort_values(["best", "score"], ascending=False, kind="stable", ignore_index=True)


def draw_table(
    rows: pd.DataFrame, parameters: list[Parameter], frechet: str, leader: str = "best run"
) -> Html:
    """The table with its filter box; every trial has the anchor `#trial-<number>`."""
    head = ["trial", "verdict", "stage", "score", "quality", frechet, "origin"]
    head += [*(short_name(parameter.path) for parameter in parameters), "what happened"]
    seen: set[int] = set()
    lines = []
    for _, row in rows.iterrows():
        first = int(row["trial"]) not in seen
        lines.append(_line(row, parameters, leader, anchor=first))
        seen.add(int(row["trial"]))
    filter_box = element(
        "div",
        element("label", "Filter ", element(
            "input", type="search", id="trial-filter", placeholder="say: collapsed r1",
            autocomplete="off", aria_controls="trials-table"),
        ),
        element("output", counted(len(rows), "run"), id="trial-count", for_="trial-filter"),
        class_="filter",
    )  # fmt: skip
    table = element(
        "table",
        element("thead", element("tr", *(_header(i, name) for i, name in enumerate(head)))),
        element("tbody", joined(lines)),
        id="trials-table",
    )
    scroll = element("div", table, class_="scroll", tabindex=0, role="region",
                     aria_label="All trials")  # fmt: skip
    return element("div", filter_box, scroll, class_="wide")


def trial_table_section(study: StudyRecord) -> Html:
    """The table of a study with at least one run."""
    names = names_of(study)
    return draw_table(table_rows(study), parameters_of(study), names.frechet, leader_word(study))


def _header(index: int, name: str) -> Html:
    button = element("button", name, type="button", data_column=index)
    return element("th", button, scope="col", aria_sort="none")


def _line(row: pd.Series[Any], parameters: list[Parameter], leader: str, *, anchor: bool) -> Html:
    trial = int(row["trial"])
    seed = f" · seed {row['seed']}" if row["repeated"] else ""
    outcome = str(row["outcome"])
    cells = [
        element("th", element("a", f"{trial}{seed}", href=f"#trial-{trial}"), scope="row",
                data_value=trial),
        element("td", glyph(outcome), outcome, f" · {leader}" if row["best"] and anchor else None,
                " · Pareto" if row["pareto"] and anchor else None,
                class_="verdict", data_value=outcome),
        element("td", row["stage"]),
        _number_cell(row["score"], fixed(row["score"])),
        _number_cell(row["final_quality"], fixed(row["final_quality"])),
        _number_cell(row["frechet"], number(row["frechet"])),
        element("td", row["origin"] if isinstance(row["origin"], str) else MISSING),
    ]  # fmt: skip
    cells += [_parameter_cell(row[parameter.path]) for parameter in parameters]
    cells.append(element("td", story(row), class_="story"))
    classes = "best" if row["best"] else None
    identity = f"trial-{trial}" if anchor else None
    return element("tr", *cells, id=identity, class_=classes, data_outcome=outcome)


def _number_cell(value: Any, shown: str) -> Html:
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return element(
        "td", MISSING if missing else shown, class_="number", data_value="" if missing else value
    )


def _parameter_cell(value: Any) -> Html:
    if isinstance(value, float) and math.isnan(value):
        value = None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number_cell(value, setting(value))
    return element(
        "td", MISSING if value is None else value, data_value="" if value is None else value
    )
