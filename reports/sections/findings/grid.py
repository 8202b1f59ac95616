"""A paper's table: known points that form settings x methods.

A known point is named `<setting>-<method>`, say `d-wgan-gp`. Any space whose points fill at least
two settings of two methods shows the matrix, or, of more settings than a table has room for, what
each method did over all of them.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from lab.record import STABLE, StudyRecord
from lab.statistics import interquartile_mean
from reports.kit.axes import Ruler, quality_words
from reports.kit.markup import Child, Html, element
from reports.kit.outcomes import counts_in_order, glyph, in_order
from reports.kit.shares import RunShare
from reports.kit.table import Cell, table
from reports.kit.words import counted, images, listed, number, percents
from reports.study.tables import explored, finished, ruler_of, run_table, trial_table

MOST_COLUMNS = 8
"""Of settings side by side."""


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


def is_wide(rows: pd.DataFrame) -> bool:
    """Whether the settings of `grid_rows` are too many to stand side by side."""
    return rows["setting"].nunique() > MOST_COLUMNS


def method_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a method, over its runs under all settings, the best method's quality first.

    Columns: method, settings, share (RunShare of stable runs), best and quality (the largest and
    the interquartile mean of the final quality, failures as 0), outcomes (counts by name).
    """
    entries = [
        {
            "method": method,
            "settings": runs["setting"].nunique(),
            "share": RunShare.of_stable(runs["outcome"]),
            "best": float(runs["final_quality"].max()),
            "quality": float(interquartile_mean(runs["final_quality"].to_numpy(dtype=float))),
            "outcomes": counts_in_order(runs["outcome"]),
        }
        for method, runs in grid_runs(study).groupby("method", sort=False)
    ]
    return pd.DataFrame(entries).sort_values("best", ascending=False, kind="stable")


def seconds_by_method(study: StudyRecord) -> dict[str, float]:
    """Median seconds of a method's runs under all settings, training and evaluations."""
    medians = grid_runs(study).groupby("method")["cost"].median()
    return {str(method): float(seconds) for method, seconds in medians.items()}


def grid_section(study: StudyRecord) -> Html | None:
    """The matrix of settings x methods; None for a study without one."""
    rows = grid_rows(study)
    if rows.empty:
        return None
    return _by_method(study) if is_wide(rows) else _by_setting(study, rows)


def _by_method(study: StudyRecord) -> Html:
    ruler, costs = ruler_of(study), seconds_by_method(study)
    lines = [
        (
            row["method"],
            _share_cell(row["share"]),
            quality_words(row["best"], ruler, " · "),
            quality_words(row["quality"], ruler, " · "),
            number(costs.get(row["method"])),
            Cell(_outcomes(row["outcomes"])),
        )
        for row in method_rows(study).to_dict("records")
    ]
    runs = grid_runs(study)
    note = (
        f"Explore runs under the same {counted(runs['setting'].nunique(), 'setting')} for each "
        f"method, on {study.card.data.name or 'unknown data'}. The share of stable runs is over "
        "settings as the space draws them, with Wilson's 95% interval; the best is the best of "
        "so many runs, and grows with their number."
    )
    head = (
        "method",
        "stable",
        "best quality",
        "interquartile mean",
        "seconds a run",
        "how runs ended",
    )
    return element(
        "div",
        element("h3", "Methods over all settings"),
        table(lines, head, kind="grid", label="Methods over all settings"),
        element("p", note, class_="note"),
        class_="wide",
        id="grid",
    )


def _share_cell(share: RunShare) -> Cell:
    return Cell([share.brief], {"style": f"--share:{100 * share.value:.0f}%"})


def _outcomes(counts: dict[str, int]) -> list[Child]:
    """Each outcome's symbol, number and name."""
    named = [(glyph(outcome), f" {number} {outcome} ") for outcome, number in counts.items()]
    return [part for pair in named for part in pair]


def _by_setting(study: StudyRecord, rows: pd.DataFrame) -> Html:
    ruler = ruler_of(study)
    settings = sorted(rows["setting"].unique())
    methods = list(dict.fromkeys(rows["method"]))
    cells = {(row["setting"], row["method"]): row for row in rows.to_dict("records")}
    costs = seconds_by_method(study)
    lines = [
        (
            method,
            *(_cell(cells.get((setting, method)), ruler) for setting in settings),
            number(costs.get(method)),
        )
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
        f"{RunShare(most, most).bounds} (Wilson 95%). Seconds are the median of the method's "
        "runs, training and evaluations, those that ended early included."
    )
    return element(
        "div",
        element("h3", "Methods by setting"),
        table(
            lines,
            ("method", *map(_title, settings), "seconds a run"),
            kind="grid",
            label="Methods by setting",
        ),
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
