"""Figures of the validation: planes side by side, and matrices of counts."""

from __future__ import annotations

import plotly.graph_objects as go

from reports.kit.layouts import Grid, axes_of_place, name_above, rows_of, suffix_of
from reports.kit.outcomes import look
from reports.kit.panel import Panel, blank, plain, plotly_text
from reports.validation.blocks import Data, MatrixBlock

COLUMNS = 4
SIDE = 250
"""Pixels of one plane."""
COLOURS = {
    "converges": look("stable").colour,
    "cycles": look("oscillating").colour,
    "diverges": look("diverged").colour,
    "data": "#808080",
    "condition": "#808080",
}
OTHERS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def planes_panel(identity: str, figure: Data) -> Panel:
    """Small multiples on one pair of axes; every series keeps its colour over all of them."""
    planes = figure["planes"]
    columns = 3 if len(planes) in (5, 6) else min(COLUMNS, len(planes))
    names = list(dict.fromkeys(s["name"] for plane in planes for s in plane["series"]))
    colours = {name: COLOURS.get(name, OTHERS[i % len(OTHERS)]) for i, name in enumerate(names)}
    grid = Grid(rows_of(len(planes), columns), columns, SIDE, 80, (8, 12, 44, 64), 0.14 / columns)
    scale = {"type": "log" if figure.get("log") else "linear", "nticks": 5}
    across, upward = ({"text": plotly_text(figure[it]), "standoff": 4} for it in ("x", "y"))
    drawn = grid.figure(scale | {"title": across}, scale)
    for index, plane in enumerate(planes):
        axes = axes_of_place(index)
        for series in plane["series"]:
            drawn.add_trace(_trace(series, colours[series["name"]], first=index == 0).update(axes))
        if figure.get("square"):
            square = {"scaleanchor": axes["xaxis"], "constrain": "domain"}
            drawn.update_layout({f"yaxis{suffix_of(index)}": square})
        if index % columns == 0:
            drawn.update_layout({f"yaxis{suffix_of(index)}_title": upward})
        title = f"<b>{plotly_text(plane['title'])}</b>"
        drawn.add_annotation(name_above(index, title, x=0.5, xanchor="center", font=None))
    drawn.update_layout(
        showlegend=len(names) > 1,
        legend={"orientation": "h", "y": -50 / drawn.layout.height},
    )
    return Panel(identity, drawn, figure["title"], note=figure.get("note", ""))


def _trace(series: Data, colour: str, *, first: bool) -> go.Scatter:
    name = plotly_text(series["name"])
    return go.Scatter(
        x=plain(series["x"], 4),
        y=plain(series["y"], 4),
        mode="lines" if series.get("line") else "markers",
        line={"color": colour, "width": 1.2},
        marker={"color": colour, "size": 4 if len(series["x"]) > 40 else 6, "opacity": 0.75},
        name=name,
        legendgroup=name,
        showlegend=first,
        hovertemplate=f"{name}: %{{x:.3g}}, %{{y:.3g}}<extra></extra>",
    )


def matrix_panel(identity: str, matrix: MatrixBlock) -> Panel:
    """Counts in a grid, shaded by their share of the row."""
    counts = matrix.counts
    shares = [[count / max(1, sum(row)) for count in row] for row in counts]
    height = 90 + 34 * len(counts)
    drawn = blank(height)
    drawn.add_trace(
        go.Heatmap(
            z=shares,
            x=[plotly_text(name) for name in matrix.columns],
            y=[plotly_text(name) for name in matrix.rows],
            text=[[f"{count:,}" for count in row] for row in counts],
            texttemplate="%{text}",
            colorscale=[[0, "rgba(0,114,178,0)"], [1, "rgba(0,114,178,0.55)"]],
            zmin=0, zmax=1, showscale=False, xgap=2, ygap=2,
            hovertemplate="%{y}: called %{x} %{text} times<extra></extra>",
        )
    )  # fmt: skip
    drawn.update_xaxes(side="top", showgrid=False)
    drawn.update_yaxes(autorange="reversed", showgrid=False)
    return Panel(identity, drawn, matrix.title, note=matrix.note)
