"""Figures of the validation: planes side by side, and matrices of counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from reports.kit.outcomes import look
from reports.kit.panel import FAINT, Panel, blank, plain, plotly_text

COLUMNS = 4
SIDE = 250
"""Pixels of one plane."""
GAP = 0.16
"""Between two rows of planes, of the figure's height."""
COLOURS = {
    "converges": look("stable").colour,
    "cycles": look("oscillating").colour,
    "diverges": look("diverged").colour,
    "data": "#808080",
    "condition": "#808080",
}
OTHERS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def planes_panel(identity: str, figure: Mapping[str, Any]) -> Panel:
    """Small multiples on one pair of axes; every series keeps its colour over all of them."""
    planes = figure["planes"]
    columns = 3 if len(planes) in (5, 6) else min(COLUMNS, len(planes))
    rows = -(-len(planes) // columns)
    names = list(dict.fromkeys(s["name"] for plane in planes for s in plane["series"]))
    colours = {name: COLOURS.get(name, OTHERS[i % len(OTHERS)]) for i, name in enumerate(names)}
    drawn = blank(rows * (SIDE + 40) + 40)
    drawn.update_layout(margin={"l": 8, "r": 12, "t": 44, "b": 8})
    for index, plane in enumerate(planes):
        _add_plane(drawn, figure, plane, index, (columns, rows), colours)
    drawn.update_layout(
        showlegend=len(names) > 1, legend={"orientation": "h", "y": -64 / drawn.layout.height}
    )
    return Panel(identity, drawn, figure["title"], note=figure.get("note", ""))


def _add_plane(
    drawn: go.Figure,
    figure: Mapping[str, Any],
    plane: Mapping[str, Any],
    index: int,
    shape: tuple[int, int],
    colours: Mapping[str, str],
) -> None:
    columns, rows = shape
    row, column = divmod(index, columns)
    number = "" if index == 0 else str(index + 1)
    left, right = column / columns, (column + 0.86) / columns
    height = (1 - GAP * (rows - 1)) / rows
    top = 1 - row * (height + GAP)
    bottom = max(0.0, top - height)
    axis = {
        "showgrid": True, "gridcolor": FAINT, "zeroline": False, "automargin": True,
        "type": "log" if figure.get("log") else "linear", "nticks": 5,
    }  # fmt: skip
    across = {**axis, "domain": [left, right], "anchor": f"y{number}"}
    upward = {**axis, "domain": [bottom, top], "anchor": f"x{number}"}
    if figure.get("square"):
        upward |= {"scaleanchor": f"x{number}", "constrain": "domain"}
    across["title"] = {"text": plotly_text(figure["x"]), "standoff": 4}
    if column == 0:
        upward["title"] = {"text": plotly_text(figure["y"]), "standoff": 4}
    drawn.update_layout({f"xaxis{number}": across, f"yaxis{number}": upward})
    for series in plane["series"]:
        drawn.add_trace(_trace(series, number, colours[series["name"]], first=index == 0))
    drawn.add_annotation(
        text=f"<b>{plotly_text(plane['title'])}</b>",
        x=0.5, y=1, xref=f"x{number} domain", yref=f"y{number} domain", xanchor="center",
        yanchor="bottom", showarrow=False,
    )  # fmt: skip


def _trace(series: Mapping[str, Any], number: str, colour: str, *, first: bool) -> go.Scatter:
    name = plotly_text(series["name"])
    return go.Scatter(
        x=plain(series["x"], 4),
        y=plain(series["y"], 4),
        xaxis=f"x{number}",
        yaxis=f"y{number}",
        mode="lines" if series.get("line") else "markers",
        line={"color": colour, "width": 1.2},
        marker={"color": colour, "size": 4 if len(series["x"]) > 40 else 6, "opacity": 0.75},
        name=name,
        legendgroup=name,
        showlegend=first,
        hovertemplate=f"{name}: %{{x:.3g}}, %{{y:.3g}}<extra></extra>",
    )


def matrix_panel(identity: str, matrix: Mapping[str, Any]) -> Panel:
    """Counts in a grid, shaded by their share of the row."""
    counts = matrix["counts"]
    shares = [[count / max(1, sum(row)) for count in row] for row in counts]
    height = 90 + 34 * len(counts)
    drawn = blank(height)
    drawn.add_trace(
        go.Heatmap(
            z=shares,
            x=[plotly_text(name) for name in matrix["columns"]],
            y=[plotly_text(name) for name in matrix["rows"]],
            text=[[f"{count:,}" for count in row] for row in counts],
            texttemplate="%{text}",
            colorscale=[[0, "rgba(0,114,178,0)"], [1, "rgba(0,114,178,0.55)"]],
            zmin=0, zmax=1, showscale=False, xgap=2, ygap=2,
            hovertemplate="%{y}: called %{x} %{text} times<extra></extra>",
        )
    )  # fmt: skip
    drawn.update_xaxes(side="top", showgrid=False)
    drawn.update_yaxes(autorange="reversed", showgrid=False)
    return Panel(identity, drawn, matrix["title"], note=matrix.get("note", ""))
