"""A strip of shades above a binned figure, labelled where it is: its colour scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

STEPS = 21
RAMP: dict[str, Any] = {
    "z": [[i / (STEPS - 1) for i in range(STEPS)]],
    "x0": 0,
    "dx": 1 / (STEPS - 1),
    "y0": 0,
    "dy": 1,
}
"""The strip's values, from 0 to 1; a restyle of `z` must give them again."""


def add_strip(
    figure: go.Figure,
    shades: list[list[Any]],
    labels: Sequence[str],
    words: str,
    *,
    visible: bool = True,
) -> None:
    """Draw the scale on axes of its own, x2 and y2: `labels` evenly along it, `words` after it."""
    figure.add_trace(
        go.Heatmap(
            **RAMP, xaxis="x2", yaxis="y2", zmin=0, zmax=1, colorscale=shades, showscale=False,
            hoverinfo="skip", visible=visible, meta={"role": "scale"},
        )
    )  # fmt: skip
    bare = {"showgrid": False, "zeroline": False, "ticks": "", "fixedrange": True, "tickangle": 0}
    places = [i / (len(labels) - 1) for i in range(len(labels))]
    figure.update_layout(
        yaxis_domain=[0, 0.9 if visible else 1],
        xaxis2=bare | {"domain": [0, 0.26], "anchor": "y2", "tickvals": places,
                       "ticktext": list(labels), "visible": visible},
        yaxis2=bare | {"domain": [0.965, 0.99], "anchor": "x2", "side": "right", "tickvals": [0],
                       "ticktext": [f" {words}"], "visible": visible},
    )  # fmt: skip


def narrow_strip(words: str) -> dict[str, Any]:
    """Changes of the layout on a narrow screen."""
    return {"xaxis2.domain": [0, 0.33], "yaxis2.ticktext": [f" {words}"]}
