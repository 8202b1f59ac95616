"""A paper's table: known points that form settings x methods.

A known point is named `<setting>-<method>`, say `d-wgan-gp`. Any space whose points fill at least
two settings of two methods shows the matrix.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from lab.record import STABLE, StudyRecord
from lab.statistics import interquartile_mean
from reports.kit.axes import Ruler, quality_words
from reports.kit.markup import Html, element
from reports.kit.outcomes import glyph, in_order
from reports.kit.shares import RunShare
from reports.kit.table import Cell, table
from reports.kit.words import counted, images, listed, percents
from reports.study.tables import explored, finished, ruler_of, run_table, trial_table


def grid_runs(study: StudyRecord) -> pd.DataFrame:
    """Explore runs with a verdict of points named `<setting>-<method>`, with both columns."""
    runs = finished(explored(run_table(study))).join(trial_table(study)[["origin"]], on="trial")
    parts = runs["origin"].astype(str).str.extract(r"^known:([^-]+)-(.+)$")
    runs = runs.assign(setting=parts[0], method=parts[1])
    return runs[runs["setting"].notna()]


def grid_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a filled cell: setting, method, stable, total, low, high, quality, others.

    Over explore runs, the same number for every cell; `quality` is the interquartile mean of the
    final quality, failures as 0. Empty unless two settings share two methods.
    """
    entries = []
    for (setting, method), runs in grid_runs(study).groupby(["setting", "method"], sort=False):
        share = RunShare.of_stable(runs["outcome"])
        quality = float(interquartile_mean(runs["final_quality"].to_numpy(dtype=float)))
        others = tuple(in_order(set(runs["outcome"]) - {STABLE}))
        counts = share.count, share.total, *share.interval
        entries.append((setting, method, *counts, quality, others))
    columns = ["setting", "method", "stable", "total", "low", "high", "quality", "others"]
    rows = pd.DataFrame(entries, columns=columns)
    return rows if _has_a_square(rows) else rows.iloc[:0]


def grid_section(study: StudyRecord) -> Html | None:
    """The matrix of settings x methods; None for a study without one."""
    rows = grid_rows(study)
    if rows.empty:
        return None
    ruler = ruler_of(study)
    settings = sorted(rows["setting"].unique())
    methods = list(dict.fromkeys(rows["method"]))
    cells = {(row["setting"], row["method"]): row for row in rows.to_dict("records")}
    lines = [
        (method, *(_cell(cells.get((setting, method)), ruler) for setting in settings))
        for method in methods
    ]
    distance = "" if ruler is None else f" and the {ruler.column} that it stands for"
    budget = float(run_table(study)["budget_images"].max())
    data = study.card.data.name or "unknown data"
    most = int(rows["total"].max())
    note = (
        f"Explore runs at {images(budget)} images each on {data}: stable of total, then the "
        f"interquartile mean of the final quality, failures as 0{distance}, and the symbols of "
        "the other verdicts that occurred. The greener a cell, the more runs were stable. With "
        f"{counted(most, 'run')} a cell, even all stable shows only that the share is "
        f"{RunShare(most, most).bounds} (Wilson 95%)."
    )
    return element(
        "div",
        element("h3", "Methods by setting"),
        table(lines, ("method", *map(_title, settings)), kind="grid", label="Methods by setting"),
        element("p", note, class_="note"),
        class_="wide",
        id="grid",
    )


def _cell(row: dict[Any, Any] | None, ruler: Ruler | None) -> Cell:
    if row is None:
        return Cell(["not run"], {"class_": "empty-cell"})
    stable, total, others = row["stable"], row["total"], row["others"]
    title = f"Wilson 95%: {percents(row['low'], row['high'])}"
    if others:
        title += f"; not stable: {listed(others)}"
    quality = quality_words(row["quality"], ruler, " · ")
    words = element("b", f"{stable}/{total}"), element("small", f"u {quality}")
    shade = f"--share:{100 * stable / total:.0f}%"
    return Cell([*words, *map(glyph, others)], {"style": shade, "title": title})


def _title(setting: str) -> str:
    return setting.upper() if len(setting) == 1 else setting


def _has_a_square(rows: pd.DataFrame) -> bool:
    """Whether two settings share two methods."""
    methods = [set(cells["method"]) for _, cells in rows.groupby("setting")]
    return any(
        len(one & other) >= 2 for i, one in enumerate(methods) for other in methods[i + 1 :]
    )
