"""What the map of the safe zone shows: runs, their places on every axis, cells, and words.

Shares come from finished explore runs of Sobol trials alone, an even sample of the space
(docs/science.md section 3); marks may be any explore run.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from lab.record import ParameterCard, StudyRecord
from reports.kit.axes import Axis, axis_for
from reports.kit.words import counted, short_name
from reports.sections.zone.cells import LEAST_IN_A_CELL, cell_rows
from reports.study.conclusions import leading_trial
from reports.study.scale import MOST_MARKS
from reports.study.tables import explored, finished, run_table, trial_table

MOST_PARTS = 6
"""Cells along an axis below marks; a map without marks may have more."""
MOST_PARTS_ALONE = 9
Pairs = dict[tuple[str, str], pd.DataFrame]
"""Cells by the parameters across and upward."""


class Map(NamedTuple):
    """What the drawing needs, made once: the axes and every row's place on each."""

    rows: pd.DataFrame
    axes: dict[str, Axis]
    places: pd.DataFrame
    """A column a parameter, by run index."""
    sobol: pd.DataFrame
    """trial, outcome and the places of the finished Sobol runs."""
    absent: dict[str, int]
    """Runs that lack a parameter."""
    binned: bool
    """Too many runs for a mark each: cells carry their most frequent failure."""
    num_left_out: int
    """Explore runs that the optimiser chose and that are not shown for want of room."""


def safe_zone_rows(study: StudyRecord) -> pd.DataFrame:
    """One row an explore run: trial, seed, outcome, score, origin, unbiased, best, parameters.

    The index is the run index. Race and confirm runs exist where a trial did well, so they say
    nothing of the space.
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
    """Axes and places; beyond `most_marks` runs the optimiser's are left to the other figures."""
    every = len(rows)
    if every > most_marks:
        rows = rows[rows["unbiased"] | rows["best"]]
    axes = {p.path: axis_for(p, rows[p.path].tolist()) for p in parameters}
    places = pd.DataFrame(
        {path: axis.positions(rows[path].tolist()) for path, axis in axes.items()},
        index=rows.index,
    )
    sobol = finished(rows[rows["origin"] == "sobol"])[["trial", "outcome"]].join(places)
    absent = {path: int(places[path].isna().sum()) for path in axes}
    return Map(rows, axes, places, sobol, absent, len(rows) > most_marks, every - len(rows))


def zone_note(drawn: Map, cells: pd.DataFrame, across: str, upward: str) -> str:
    """What the map of a pair rests on, and what it leaves out."""
    sobol = drawn.sobol
    several = len(sobol) > sobol["trial"].nunique()
    if cells.empty:
        why = (
            f"{counted(len(sobol), 'Sobol run')}, too few for a map of this pair"
            if len(sobol)
            else "the study has no Sobol run, which an even map of the space needs"
        )
        said = [f"No P(stable) is estimated here: {why}."]
    else:
        said = [
            "Shade: lower end of the Wilson 95% interval of P(stable) over finished explore runs "
            f"of Sobol trials ({len(sobol):,}), an even sample of the space"
            + (", runs of one trial counted as one in the interval." if several else "."),
            f"{int(cells['little'].sum())} of {len(cells)} cells hold fewer than "
            f"{LEAST_IN_A_CELL} of them and are hatched.",
        ]
    if drawn.binned:
        said.append("Mark: a cell's most frequent failure, its area the share of runs that fail.")
    else:
        said.append("Filled marks: known points and Sobol, chosen before any result.")
        if not drawn.rows["unbiased"].all():
            said.append(
                "Hollow: chosen by the optimiser, so where they crowd says nothing of the space."
            )
    if drawn.num_left_out:
        every = len(drawn.rows) + drawn.num_left_out
        said.append(
            f"Showing {len(drawn.rows):,} of {every:,} explore runs: those that the optimiser "
            "chose are left out."
        )
    for path in dict.fromkeys((across, upward)):
        if drawn.absent[path]:
            said.append(
                f"{counted(drawn.absent[path], 'run')} without a {short_name(path)} not drawn."
            )
    return " ".join(said)


def zone_table(drawn: Map, pairs: Pairs) -> pd.DataFrame:
    """Every cell of every pair once; without any cell the runs that are marked."""
    order = list(drawn.axes)
    found = []
    for (across, upward), cells in pairs.items():
        if order.index(across) < order.index(upward) and not cells.empty:
            x, y = drawn.axes[across], drawn.axes[upward]
            found.append(
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
    if found:
        return pd.concat(found, ignore_index=True)
    rows = drawn.rows[["trial", "seed", "outcome", "score", "origin", *order]]
    return rows.rename(columns={path: short_name(path) for path in order})
