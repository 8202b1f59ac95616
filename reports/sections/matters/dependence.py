"""Score and stability along every parameter: marginal means over an even sample of the space.

Failed runs count with their finite score. Each mean averages over everything else that was sampled
together with that value: it describes an even sample there, not the effect of changing the value.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.record import StudyRecord
from reports.kit.axes import Array, Axis
from reports.kit.families import with_headings
from reports.kit.layouts import Grid, axes_of_place, heading, name_above, rows_of, suffix_of
from reports.kit.outcomes import look
from reports.kit.panel import BLUE, Panel, plain, plotly_text
from reports.kit.words import counted, percents
from reports.sections.matters.marginals import axes_of, dependence_rows
from reports.study.scale import LEAST_TRIALS
from reports.study.tables import finished, from_elsewhere, sobol_runs

MOST_PARAMETERS = 12
STABLE = look("stable").colour
KEY = 44
"""Pixels from the first row of figures to the key above it."""
HEADING = 19
"""Pixels from a figure to the name of its family, which stands above its own."""
FLOOR, TALLEST = -0.24, 0.17
"""Of the bars that count runs, below the zero line: their base, and the height of the tallest."""


def dependence_panel(study: StudyRecord, order: list[str]) -> Panel | str:
    """Small multiples, those in `order` first; or a sentence on why there are none."""
    rows = dependence_rows(study)
    if rows.empty and from_elsewhere(study):
        return (
            "Means along each parameter are drawn over an even sample of the space, which "
            "imported runs are not."
        )
    if rows.empty:
        num = finished(sobol_runs(study))["trial"].nunique()
        return (
            f"Too few runs: {counted(num, 'Sobol trial')} with a verdict; score and stability "
            f"along each parameter are drawn for {LEAST_TRIALS} or more."
        )
    return draw_dependence(rows, axes_of(study), order)


def draw_dependence(rows: pd.DataFrame, axes: dict[str, Axis], order: list[str]) -> Panel:
    """One small figure per parameter: share stable, mean score, and the number of runs per bin.

    The first of `order` are drawn, family by family.
    """
    paths = [path for path in order if path in axes] + [p for p in axes if p not in order]
    families = dict(with_headings(paths[:MOST_PARAMETERS]))
    drawn = list(families)
    upward = {
        "range": [FLOOR - 0.01, 1.04], "tickvals": [0, 0.5, 1], "ticktext": ["0", "½", "1"],
        "tickfont": {"size": 11}, "fixedrange": True,
    }  # fmt: skip
    figure = _grid(len(drawn), 4 if len(drawn) > 6 else 3).figure(upward=upward)
    for index, path in enumerate(drawn):
        for trace in _traces(rows[rows["parameter"] == path], axes[path]):
            figure.add_trace(trace.update(axes_of_place(index)))
    titles = [
        name_above(index, f"<b>{plotly_text(axes[path].title)}</b>", yshift=2)
        for index, path in enumerate(drawn)
    ]
    headings = [
        name_above(index, heading(family), yshift=HEADING, font={"size": 11})
        for index, family in enumerate(families.values())
        if family
    ]
    figure.update_layout(
        {f"xaxis{suffix_of(index)}": _across(axes[path]) for index, path in enumerate(drawn)},
        annotations=[_key(), *titles, *headings],
    )
    return Panel(
        "dependence",
        figure,
        "Share of stable runs and mean score in bins of each parameter.",
        note=_note(rows, len(paths), len(drawn)),
        title="Stability and score along every parameter",
        narrow=_grid(len(drawn), 1).changes(),
        table=_table(rows, axes),
        marks="dependence",
        brush={f"x{suffix_of(i)}": axes[path].brush for i, path in enumerate(drawn)},
    )


def _grid(count: int, columns: int) -> Grid:
    return Grid(rows_of(count, columns), columns, 129, 68, (8, 12, KEY + 23, 34))


def _traces(rows: pd.DataFrame, axis: Axis) -> list[Any]:
    """Bars of the number of runs, then the two means; a click on a bin filters to it."""
    middle = ((rows["start"] + rows["end"]) / 2).to_numpy()
    aside = 0.1 * (rows["end"] - rows["start"]).to_numpy()
    share = (rows["stable"] / rows["runs"]).to_numpy(dtype=float)
    tall = TALLEST * rows["runs"] / max(1, int(rows["runs"].max()))
    counts = [
        f"{short}<br>{stable} of {runs} stable ({percents(low, high)})"
        for short, stable, runs, low, high in zip(
            map(plotly_text, rows["bin"]), rows["stable"], rows["runs"], rows["low"],
            rows["high"], strict=True,
        )
    ]  # fmt: skip
    scores = [
        f"{plotly_text(label)}<br>mean score {mean:.2f} ({low:.2f}–{high:.2f})"
        for label, mean, low, high in zip(
            rows["bin"], rows["score"], rows["score_low"], rows["score_high"], strict=True
        )
    ]
    bars = go.Bar(
        x=plain(middle, 5), y=plain(tall, 3), base=[FLOOR] * len(rows),
        width=plain(0.86 * (rows["end"] - rows["start"]), 5), hovertext=counts,
        hovertemplate="%{hovertext}<extra></extra>",
        marker={"color": "rgba(128,128,128,0.4)", "line": {"width": 0}},
    )  # fmt: skip
    line = not axis.slots
    return [
        bars,
        _curve(middle + aside, rows["score"], rows["score_low"], rows["score_high"], BLUE,
               "diamond", scores, line),
        _curve(middle - aside, share, rows["low"], rows["high"], STABLE, "circle", counts, line),
    ]  # fmt: skip


def _curve(
    x: Array, y: Any, low: Any, high: Any, colour: str, symbol: str, hover: list[str], line: bool
) -> go.Scatter:
    values, low, high = (np.asarray(part, dtype=float) for part in (y, low, high))
    return go.Scatter(
        x=plain(x, 5),
        y=plain(values, 4),
        mode="lines+markers" if line else "markers",
        line={"color": colour, "width": 1.2, "dash": "solid" if symbol == "circle" else "dot"},
        marker={"color": colour, "symbol": symbol, "size": 7},
        error_y={
            "type": "data", "symmetric": False, "thickness": 1.2, "width": 0, "color": colour,
            "array": plain(high - values, 4), "arrayminus": plain(values - low, 4),
        },
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _across(axis: Axis) -> dict[str, Any]:
    """The axis of a parameter under a small figure, with room for few labels."""
    layout = axis.layout() | {
        "showgrid": False, "title.text": "", "tickfont": {"size": 11}, "automargin": False,
    }  # fmt: skip
    if not axis.slots:
        every = max(1, math.ceil(sum(map(bool, layout["ticktext"])) / 4))
        layout["ticktext"] = _thinned(layout["ticktext"], every)
    return {key.replace(".", "_"): value for key, value in layout.items()}


def _thinned(labels: list[str], every: int) -> list[str]:
    """Every `every`-th of the labels that are not empty, the others blank."""
    kept = [i for i, label in enumerate(labels) if label][::every]
    return [label if i in kept else "" for i, label in enumerate(labels)]


def _key() -> dict[str, Any]:
    """The key of the marks, above the figures."""
    text = (
        f'<span style="color:{STABLE}">●</span> share stable   '
        f'<span style="color:{BLUE}">◆</span> mean score   '
        '<span style="color:#8A8A8A">■</span> runs'
    )
    whole = {"xref": "paper", "yref": "paper"}
    return name_above(0, text, yshift=KEY, **whole)


def _note(rows: pd.DataFrame, num_parameters: int, num_shown: int) -> str:
    most = int(rows.groupby("parameter")["runs"].sum().max())
    several = (rows["runs"] > rows["trials"]).any()
    sentences = [
        f"Over {counted(most, 'finished explore run')} of Sobol trials, an even sample of the "
        "space; failed runs count with their finite score. Lines: 95% intervals, Wilson's for the "
        "share stable and Student's for the mean score over trials"
        + ("; runs of one trial count as one." if several else "."),
        "Marginal means: all other parameters varied as well, so they show what runs with that "
        "value gave on average, not what changing that one parameter causes.",
    ]
    if num_shown < num_parameters:
        sentences.append(
            f"Showing {num_shown} of {num_parameters} parameters; the table has the others."
        )
    return " ".join(sentences)


def _table(rows: pd.DataFrame, axes: dict[str, Axis]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "parameter": rows["parameter"].map({path: axis.title for path, axis in axes.items()}),
            "value": rows["bin"],
            "runs": rows["runs"],
            "stable": rows["stable"],
            "95% low": rows["low"],
            "95% high": rows["high"],
            "mean score": rows["score"],
            "score 95% low": rows["score_low"],
            "score 95% high": rows["score_high"],
        }
    )
