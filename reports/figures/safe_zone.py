"""The safe zone: which settings train stably, over any two parameters.

Marks are explore runs. Filled ones were chosen by nobody who looked at results (known points,
Sobol); hollow ones by the optimiser, which returns to where it was good: their density means
nothing.
Shaded cells estimate P(stable) from Sobol runs alone, by the lower bound of Wilson's interval.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.record import StudyRecord
from lab.stability.statistics import wilson_interval
from reports.conclusions import leader_word, leading_trial
from reports.figures.axes import Axis, axis_for, spread
from reports.figures.panel import Option, Panel, Picker, blank, plain, plotly_text
from reports.tables import (
    Parameter,
    explored,
    finished,
    parameters_of,
    run_table,
    trial_table,
)
from reports.verdicts import in_order, look
from reports.words import counted, number, setting, short_name

RUNS_A_CELL = 6
"""Sobol runs that a cell should hold on average before a map is drawn at all."""
LEAST_IN_A_CELL = 4
RATES = ("optimizer.generator_lr", "optimizer.critic_lr")
GREEN = "0,158,115"


def safe_zone_rows(study: StudyRecord) -> pd.DataFrame:
    """One row an explore run: trial, seed, outcome, score, origin, unbiased, best, parameters.

    Race and confirm runs exist where a trial did well, so they say nothing of the space.
    """
    runs = explored(run_table(study))
    trials = trial_table(study)
    rows = runs[["trial", "seed", "outcome", "score"]].join(trials, on="trial", how="inner")
    leads = rows["trial"] == leading_trial(study)
    return rows.assign(best=leads & ~leads.duplicated())


def safe_zone_cells(rows: pd.DataFrame, across: Axis, upward: Axis) -> pd.DataFrame:
    """Coarse cells with stable of finished Sobol runs and Wilson's bounds; empty for too few.

    Columns x0, x1, y0, y1 (positions), stable, total, low, high. Cells hold at least
    LEAST_IN_A_CELL runs; the grid is as fine as RUNS_A_CELL runs a cell on average allow.
    """
    columns = ["x0", "x1", "y0", "y1", "stable", "total", "low", "high"]
    sobol = finished(rows[rows["origin"] == "sobol"])
    x = across.positions(sobol[across.parameter.path].tolist())
    y = upward.positions(sobol[upward.parameter.path].tolist())
    drawn = np.isfinite(x) & np.isfinite(y)
    most = min(6, int(np.sqrt(drawn.sum() / RUNS_A_CELL)))
    if most < 2:
        return pd.DataFrame(columns=columns)
    stable = (sobol["outcome"] == "stable").to_numpy()
    cells = []
    for x0, x1 in itertools.pairwise(across.bins(most)):
        for y0, y1 in itertools.pairwise(upward.bins(most)):
            inside = drawn & _within(x, x0, x1, across) & _within(y, y0, y1, upward)
            total, successes = int(inside.sum()), int((inside & stable).sum())
            if total >= LEAST_IN_A_CELL:
                interval = wilson_interval(successes, total)
                cells.append((x0, x1, y0, y1, successes, total, interval.low, interval.high))
    return pd.DataFrame(cells, columns=columns)


def draw_safe_zone(
    rows: pd.DataFrame, parameters: list[Parameter], leader: str = "best run"
) -> Panel:
    """The map with a picker for either axis; the default is the two rates."""
    axes = {p.path: axis_for(p, rows[p.path].tolist()) for p in parameters}
    across, upward = _default_axes(list(axes))
    groups = _groups(rows)
    figure = blank(540)
    for outcome, unbiased, group in groups:
        figure.add_trace(_marks(outcome, unbiased, group, parameters))
    figure.add_trace(_best_mark(leader))
    parts = [group for _, _, group in groups] + [rows[rows["best"]]]
    options = [
        {path: _option(axis, parts, letter) for path, axis in axes.items()} for letter in "xy"
    ]
    joint = {
        f"{x}|{y}": _joint(rows, axes[x], axes[y]) for x in axes for y in axes
    }  # fmt: skip
    _choose(figure, options[0][across], options[1][upward], joint[f"{across}|{upward}"])
    return Panel(
        "safe-zone",
        figure,
        f"Map of runs over {short_name(across)} and {short_name(upward)}, marked by verdict.",
        {o: int((rows["outcome"] == o).sum()) for o in in_order(set(rows["outcome"]))},
        (Picker("Across", options[0], across), Picker("Upward", options[1], upward)),
        joint,
        joint[f"{across}|{upward}"].note,
    )


def safe_zone_panel(study: StudyRecord) -> Panel:
    """The panel of a study with at least one run and one parameter."""
    return draw_safe_zone(safe_zone_rows(study), parameters_of(study), leader_word(study))


def _within(x: Any, low: float, high: float, axis: Axis) -> Any:
    """Half-open bins; the last one takes the range's end as well."""
    last = np.isclose(high, axis.bins(1)[-1]) if not axis.slots else False
    return (x >= low) & ((x < high) | (last & (x <= high + 1e-12)))


def _default_axes(paths: list[str]) -> tuple[str, str]:
    if all(path in paths for path in RATES):
        return RATES
    return paths[0], paths[min(1, len(paths) - 1)]


def _groups(rows: pd.DataFrame) -> list[tuple[str, bool, pd.DataFrame]]:
    """Groups of marks, the optimiser's first so that the unbiased ones lie on top."""
    found = []
    for unbiased in (False, True):
        for outcome in in_order(set(rows["outcome"])):
            group = rows[(rows["outcome"] == outcome) & (rows["unbiased"] == unbiased)]
            if not group.empty:
                found.append((outcome, unbiased, group))
    return found


def _marks(
    outcome: str, unbiased: bool, group: pd.DataFrame, parameters: list[Parameter]
) -> go.Scatter:
    shape = look(outcome)
    hollow = not unbiased and not shape.symbol.endswith("-open")
    few = len(group) < 150
    return go.Scatter(
        mode="markers",
        marker={
            "symbol": shape.symbol + ("-open" if hollow else ""),
            "color": shape.colour,
            "size": (11 if few else 8) - (2 if hollow else 0),
            "opacity": 0.9 if few else 0.75 if unbiased else 0.45,
            "line": {"width": 1.6 if hollow else 0, "color": shape.colour},
        },
        customdata=[int(trial) for trial in group["trial"]],
        text=[_hover(row, parameters) for _, row in group.iterrows()],
        hovertemplate="%{text}<extra></extra>",
        meta={"outcome": outcome},
    )


def _best_mark(leader: str) -> go.Scatter:
    return go.Scatter(
        mode="markers+text",
        text=[leader],
        cliponaxis=False,
        textfont={"size": 13, "weight": 600},
        marker={"symbol": "circle-open", "size": 22, "color": "#808080", "line": {"width": 2}},
        hoverinfo="skip",
        meta={"role": "best"},
    )


def _hover(row: pd.Series[Any], parameters: list[Parameter]) -> str:
    origin, outcome = plotly_text(row["origin"]), plotly_text(row["outcome"])
    head = f"<b>trial {row['trial']}</b> ({origin}) {outcome}"
    lines = [
        f"{plotly_text(short_name(p.path))} {plotly_text(setting(row[p.path]))}"
        for p in parameters
        if row[p.path] is not None
    ]
    return "<br>".join([head, f"score {number(row['score'])}", *lines])


def _option(axis: Axis, parts: list[pd.DataFrame], letter: str) -> Option:
    turn = 0.6180339887 if letter == "x" else 0.7548776662
    values = []
    for part in parts:
        place = axis.positions(part[axis.parameter.path].tolist())
        values.append(plain(place + spread(part["trial"].tolist(), axis, turn)))
    layout = {f"{letter}axis.{key}": value for key, value in axis.layout().items()}
    restyle: dict[str, Any] = {letter: values}
    if letter == "x":
        restyle["textposition"] = [None] * (len(parts) - 1) + [_label_side(values[-1], axis)]
    return Option(axis.title, restyle, layout)


def _label_side(best: list[Any], axis: Axis) -> str:
    """Where the best run's label has room: to the left of a mark near the right edge."""
    low, high = axis.edges
    near_edge = any(x is not None and (x - low) > 0.8 * (high - low) for x in best)
    return "top left" if near_edge else "top center"


def _joint(rows: pd.DataFrame, across: Axis, upward: Axis) -> Option:
    """Cells, their labels and the note of one pair of parameters."""
    cells = safe_zone_cells(rows, across, upward)
    shapes, labels = [], []
    for cell in cells.to_dict("records"):
        corners = {str(key): float(cell[key]) for key in ("x0", "x1", "y0", "y1")}
        shade = f"rgba({GREEN},{0.04 + 0.5 * float(cell['low']):.3f})"
        line = {"width": 1, "color": f"rgba({GREEN},0.25)"}
        shapes.append(
            {"type": "rect", "layer": "below", "fillcolor": shade, "line": line, **corners}
        )
        labels.append(_cell_label(cell))
    relayout = {"shapes": shapes, "annotations": labels}
    return Option("", {}, relayout, _note(rows, across, upward, len(cells)))


def _cell_label(cell: dict[Any, Any]) -> dict[str, Any]:
    return {
        "x": float(cell["x0"]),
        "y": float(cell["y1"]),
        "text": f"{cell['stable']}/{cell['total']} ≥{100 * float(cell['low']):.0f}%",
        "showarrow": False,
        "xanchor": "left",
        "yanchor": "top",
        "font": {"size": 11},
    }


def _note(rows: pd.DataFrame, across: Axis, upward: Axis, num_cells: int) -> str:
    absent = [
        f"{counted(missing, 'run')} without a {axis.title} not drawn"
        for axis in dict.fromkeys((across, upward))
        if (missing := int(np.isnan(axis.positions(rows[axis.parameter.path].tolist())).sum()))
    ]
    sobol = len(finished(rows[rows["origin"] == "sobol"]))
    if num_cells:
        cells = (
            "Shaded cells: stable of finished Sobol runs, and the lower Wilson 95% bound of "
            "P(stable); cells left blank hold fewer than "
            f"{LEAST_IN_A_CELL} such runs."
        )
    else:
        cells = (
            f"No P(stable) is estimated here: {counted(sobol, 'Sobol run')} "
            f"{'is' if sobol == 1 else 'are'} too few for a map of this pair."
        )
    marks = "Filled: known points and Sobol, chosen before any result. "
    if not rows["unbiased"].all():
        marks += "Hollow: chosen by the optimiser, so where they crowd says nothing of the space. "
    return " ".join([marks + cells, *(f"{sentence}." for sentence in absent)])


def _choose(figure: go.Figure, across: Option, upward: Option, joint: Option) -> None:
    for i, trace in enumerate(figure.data):
        trace.update(
            x=across.restyle["x"][i],
            y=upward.restyle["y"][i],
            textposition=across.restyle["textposition"][i],
        )
    for change in (across.relayout, upward.relayout, joint.relayout):
        figure.update_layout({key.replace(".", "_"): value for key, value in change.items()})
