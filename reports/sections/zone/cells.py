"""Coarse cells over two parameters: the share of runs that was stable in each, with its bounds.

The shade of a cell is the lower bound of P(stable), so a cell of few runs stays pale; one of
fewer than LEAST_IN_A_CELL is hatched instead.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.statistics import bin_of, binned_shares
from reports.kit.axes import Axis
from reports.kit.outcomes import NO_FAILURES, in_order
from reports.kit.panel import plain
from reports.kit.words import percents

RUNS_A_CELL = 6
"""Runs that a cell should hold on average before a map is drawn at all."""
LEAST_IN_A_CELL = 4
GREEN = "0,158,115"
SHADES = [[0.0, f"rgba({GREEN},0.04)"], [1.0, f"rgba({GREEN},0.62)"]]
"""One hue, from pale to strong on any background, for lower bounds from 0 to 1."""
HATCH = "rgba(128,128,128,0.5)"
SLANTS = [(0, 1 - c, c, 1) for c in (0.25, 0.5, 0.75)] + [
    (c, 0, 1, 1 - c) for c in (0, 0.25, 0.5, 0.75)
]
"""Ends of the lines of a hatch in the unit square: x, y, x, y."""
COLUMNS = (
    "x0", "x1", "y0", "y1", "stable", "total", "low", "high", "little", "cause", "failed",
    "failures",
)  # fmt: skip


def cell_rows(runs: pd.DataFrame, across: Axis, upward: Axis, most: int) -> pd.DataFrame:
    """One row a cell, from the lower left, rows of cells first; empty when runs are too few.

    `runs` has one row a run: trial, outcome, and for both parameters its position on the axis.
    x0, x1, y0, y1 are the cell's edges in positions; low and high bound P(stable); `little` marks
    fewer than LEAST_IN_A_CELL runs; `cause` is the most frequent failure, `failed` how many
    runs it ended, and `failures` how many any failure did. The grid is as fine as RUNS_A_CELL runs
    a cell on average allow, `most` at most.
    """
    x, y = (runs[axis.parameter.path].to_numpy(dtype=float) for axis in (across, upward))
    drawn = np.isfinite(x) & np.isfinite(y)
    parts = min(most, int(np.sqrt(drawn.sum() / RUNS_A_CELL)))
    if parts < 2:
        return pd.DataFrame(columns=list(COLUMNS))
    columns, lines = across.bins(parts), upward.bins(parts)
    width, num_cells = len(columns) - 1, (len(columns) - 1) * (len(lines) - 1)
    i, j = bin_of(x, columns), bin_of(y, lines)
    cell = np.where((i >= 0) & (j >= 0), j * width + i, -1)
    outcome = runs["outcome"].to_numpy()
    shares = binned_shares(
        cell, num_cells, outcome == "stable", runs["trial"].to_numpy(dtype=np.int64)
    )
    if not (shares.total >= LEAST_IN_A_CELL).any():
        return pd.DataFrame(columns=list(COLUMNS))
    cause, failed, failures = _leading_cause(cell, num_cells, outcome)
    at = np.arange(num_cells)
    return pd.DataFrame(
        {
            "x0": columns[at % width], "x1": columns[at % width + 1],
            "y0": lines[at // width], "y1": lines[at // width + 1],
            "stable": shares.stable, "total": shares.total, "low": shares.low, "high": shares.high,
            "little": shares.total < LEAST_IN_A_CELL, "cause": cause, "failed": failed,
            "failures": failures,
        },
        columns=list(COLUMNS),
    )  # fmt: skip


def blank_cells() -> go.Heatmap:
    """The trace that `shades` fills."""
    return go.Heatmap(
        z=[[None]], zmin=0, zmax=1, colorscale=SHADES, showscale=False, xgap=1.5, ygap=1.5,
        hoverongaps=False, hovertemplate="%{hovertext}<extra></extra>", meta={"of": "cells"},
    )  # fmt: skip


def shades(cells: pd.DataFrame) -> dict[str, Any]:
    """What `blank_cells` shows: lower bounds and, on hovering, stable of total and causes.

    Positions are given by a corner and a step, which leaves `x` and `y` of a restyle to the marks.
    """
    if cells.empty:
        return {"z": [[None]], "hovertext": [[""]], "x0": 0.0, "dx": 1.0, "y0": 0.0, "dy": 1.0}
    x0, x1, y0, y1 = (cells[name].to_numpy(dtype=float)[0] for name in ("x0", "x1", "y0", "y1"))
    width = int((cells["y0"].to_numpy() == y0).sum())
    lows = np.where(cells["little"], np.nan, cells["low"])
    return {
        "z": _lines(plain(lows, 3), width),
        "hovertext": _lines([_hover(*row) for row in _hover_rows(cells)], width),
        "x0": (x0 + x1) / 2,
        "dx": x1 - x0,
        "y0": (y0 + y1) / 2,
        "dy": y1 - y0,
    }


def hatching(cells: pd.DataFrame) -> list[dict[str, Any]]:
    """One shape: slanted lines through every cell of few runs."""
    parts = []
    for little, x0, x1, y0, y1 in zip(
        *(cells[name].tolist() for name in ("little", "x0", "x1", "y0", "y1")), strict=True
    ):
        if not little:
            continue
        for u0, v0, u1, v1 in SLANTS:
            start = f"{x0 + u0 * (x1 - x0):.4g},{y0 + v0 * (y1 - y0):.4g}"
            parts.append(f"M{start}L{x0 + u1 * (x1 - x0):.4g},{y0 + v1 * (y1 - y0):.4g}")
    line = {"width": 1, "color": HATCH}
    return [{"type": "path", "path": "".join(parts), "layer": "below", "line": line}] * bool(parts)


def counts_in_corners(cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Stable of total in the corner of every cell that is not hatched."""
    labelled = cells[~cells["little"].astype(bool)]
    return [
        {
            "x": float(f"{x:.5g}"), "y": float(f"{y:.5g}"), "text": f"{stable}/{total}",
            "showarrow": False, "xanchor": "left", "yanchor": "top", "font": {"size": 11},
        }
        for x, y, stable, total in zip(
            labelled["x0"], labelled["y1"], labelled["stable"], labelled["total"], strict=True
        )
    ]  # fmt: skip


def _leading_cause(cell: Any, num_cells: int, outcome: Any) -> tuple[list[str], Any, Any]:
    """Of each cell the most frequent failure ("" for none), how many runs it ended, any ended."""
    causes = in_order(set(outcome) - set(NO_FAILURES))
    if not causes:
        none = np.zeros(num_cells, dtype=np.int64)
        return [""] * num_cells, none, none
    inside = cell >= 0
    counts = np.stack(
        [np.bincount(cell[inside & (outcome == cause)], minlength=num_cells) for cause in causes]
    )
    most = counts.max(axis=0)
    named = np.array(causes, dtype=object)[counts.argmax(axis=0)]
    return list(np.where(most > 0, named, "")), most, counts.sum(axis=0)


def _hover_rows(cells: pd.DataFrame) -> Any:
    names = ("stable", "total", "low", "high", "little", "cause", "failed", "failures")
    return zip(*(cells[name].tolist() for name in names), strict=True)


def _hover(
    stable: int,
    total: int,
    low: float,
    high: float,
    little: bool,
    cause: str,
    failed: int,
    failures: int,
) -> str:
    if little:
        return ""
    most = f"<br>most often {cause}: {failed} of {failures} failures" if cause else ""
    return f"{stable} of {total} stable ({percents(low, high)}){most}"


def _lines(values: list[Any], width: int) -> list[list[Any]]:
    return [values[start : start + width] for start in range(0, len(values), width)]
