"""What the map of the safe zone shows: runs, their positions on every axis, cells, and words.

Shares come from finished explore runs of Sobol trials alone, an even sample of the space
(docs/science.md section 3); marks may be any explore run.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from lab.record import IMPORTED, ParameterCard, StudyRecord
from reports.kit.axes import Axis, axis_for
from reports.kit.words import counted, short_name
from reports.sections.zone.cells import LEAST_IN_A_CELL, cell_rows
from reports.study.conclusions import leading_trial
from reports.study.scale import MOST_MARKS
from reports.study.tables import explored, finished, run_table, trial_table

MOST_PARTS = 6
"""Most cells along an axis of a map with marks; one without may have more."""
MOST_PARTS_ALONE = 9
Pairs = dict[tuple[str, str], pd.DataFrame]
"""Cells by the parameters across and upward."""


class Map(NamedTuple):
    """What the drawing needs, made once: the axes and every row's position on each."""

    rows: pd.DataFrame
    axes: dict[str, Axis]
    positions: pd.DataFrame
    """A column a parameter, by run index."""
    sobol: pd.DataFrame
    """trial, outcome and the positions of the finished Sobol runs."""
    absent: dict[str, int]
    """Runs that lack a parameter."""
    binned: bool
    """Too many runs for a mark each: cells carry their most frequent failure."""
    num_left_out: int
    """Explore runs that the optimizer chose and that are left out because there are too many."""


def safe_zone_rows(study: StudyRecord) -> pd.DataFrame:
    """One row an explore run: trial, seed, outcome, score, origin, unbiased, best, parameters.

    The index is the run index. Race and confirm runs exist where a trial did well, so they
    show nothing about the space.
    """
    runs = explored(run_table(study))
    rows = runs[["trial", "seed", "outcome", "score"]].join(
        trial_table(study), on="trial", how="inner"
    )
    leads = rows["trial"] == leading_trial(study)
    return rows.assign(
        unbiased=rows["unbiased"].astype(bool), best=leads & ~rows["trial"].duplicated()
    )


def cells_of_pairs(drawn: Map) -> Pairs:
    """The cells of every two parameters, either way round."""
    most = MOST_PARTS_ALONE if drawn.binned else MOST_PARTS
    axes = drawn.axes
    return {(x, y): cell_rows(drawn.sobol, axes[x], axes[y], most) for x in axes for y in axes}


def map_of(
    rows: pd.DataFrame, parameters: list[ParameterCard], most_marks: int = MOST_MARKS
) -> Map:
    """Axes and positions; beyond `most_marks` runs those that the optimizer chose are left out."""
    every = len(rows)
    if every > most_marks:
        rows = rows[rows["unbiased"] | rows["best"]]
    axes = {p.path: axis_for(p, rows[p.path].tolist()) for p in parameters}
    positions = pd.DataFrame(
        {path: axis.positions(rows[path].tolist()) for path, axis in axes.items()},
        index=rows.index,
    )
    sobol = finished(rows[rows["origin"] == "sobol"])[["trial", "outcome"]].join(positions)
    absent = {path: int(positions[path].isna().sum()) for path in axes}
    return Map(rows, axes, positions, sobol, absent, len(rows) > most_marks, every - len(rows))


def zone_note(drawn: Map, cells: pd.DataFrame, across: str, upward: str) -> str:
    """Which runs the map of a pair is made from, and which it leaves out."""
    sobol = drawn.sobol
    several = len(sobol) > sobol["trial"].nunique()
    if cells.empty:
        why = (
            f"{counted(len(sobol), 'Sobol run')}, too few for a map of this pair"
            if len(sobol)
            else "the study has no Sobol run, which an even map of the space needs"
        )
        sentences = [f"No P(stable) is estimated here: {why}."]
    else:
        sentences = [
            "Shade: lower end of the Wilson 95% interval of P(stable) over finished explore runs "
            f"of Sobol trials ({len(sobol):,}), an even sample of the space"
            + (", runs of one trial counted as one in the interval." if several else "."),
            f"{int(cells['little'].sum())} of {len(cells)} cells have fewer than "
            f"{LEAST_IN_A_CELL} of these runs and are hatched.",
        ]
    if drawn.binned:
        sentences.append(
            "Mark: a cell's most frequent failure, its area the share of runs that fail."
        )
    else:
        sentences.append(
            "Marks: imported runs, whose settings people chose: their density shows nothing."
            if drawn.rows["origin"].eq(IMPORTED).any()
            else "Filled marks: known points and Sobol, chosen before any result."
        )
        if not drawn.rows["unbiased"].all():
            sentences.append(
                "Hollow: chosen by the optimizer, so their density shows nothing about the space."
            )
    if drawn.num_left_out:
        every = len(drawn.rows) + drawn.num_left_out
        sentences.append(
            f"Showing {len(drawn.rows):,} of {every:,} explore runs: those that the optimizer "
            "chose are left out."
        )
    for path in dict.fromkeys((across, upward)):
        if drawn.absent[path]:
            sentences.append(
                f"Not drawn: {counted(drawn.absent[path], 'run')} without {short_name(path)}."
            )
    return " ".join(sentences)


def zone_table(drawn: Map, pairs: Pairs) -> pd.DataFrame:
    """Every cell of every pair once; without any cell the runs that are marked."""
    order = list(drawn.axes)
    tables = []
    for (across, upward), cells in pairs.items():
        if order.index(across) < order.index(upward) and not cells.empty:
            x, y = drawn.axes[across], drawn.axes[upward]
            tables.append(
                pd.DataFrame(
                    {
                        "across": x.title,
                        "across values": x.spans(cells["x0"], cells["x1"]),
                        "upward": y.title,
                        "upward values": y.spans(cells["y0"], cells["y1"]),
                        "stable": cells["stable"],
                        "runs": cells["total"],
                        "95% low": cells["low"],
                        "95% high": cells["high"],
                        "most frequent failure": cells["cause"],
                    }
                )
            )
    if tables:
        return pd.concat(tables, ignore_index=True)
    rows = drawn.rows[["trial", "seed", "outcome", "score", "origin", *order]]
    return rows.rename(columns={path: short_name(path) for path in order})
