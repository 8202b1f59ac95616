"""How many slots were in use, and which runs ended, over the time of a large search."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reports.kit.layouts import add_beneath
from reports.kit.outcomes import in_order, look
from reports.kit.panel import INK, blank, plain, plotly_text
from reports.kit.words import counted

Array = NDArray[np.float64]
NUM_BINS = 72


class Unit(NamedTuple):
    """A unit of time for an axis."""

    seconds: float
    name: str


def unit_for(seconds: float) -> Unit:
    """Seconds, minutes, hours or days: the largest that fits at least 2.5 times."""
    units = (Unit(86400.0, "days"), Unit(3600.0, "hours"), Unit(60.0, "minutes"))
    return next((unit for unit in units if seconds >= 2.5 * unit.seconds), Unit(1.0, "seconds"))


def by_run(values: pd.Series[Any]) -> list[float | None]:
    """Values by run index, None for a run without one."""
    entries: list[float | None] = [None] * (int(values.index.max()) + 1)
    for run, value in zip(values.index, values.tolist(), strict=True):
        entries[int(run)] = float(f"{value:.6g}")
    return entries


def occupancy(
    rows: pd.DataFrame, unit: Unit, num_slots: int | None
) -> tuple[go.Figure, dict[str, Any]]:
    """Mean number of runs in progress per bin of time; beneath, the ends of runs by verdict."""
    figure = blank(400)
    last = float(rows["end"].max())
    edges = np.linspace(0, last, NUM_BINS + 1)
    busy = busy_in(rows["begin"].to_numpy(float), rows["end"].to_numpy(float), edges)
    x = plain(np.repeat(edges, 2)[1:-1] / unit.seconds)
    figure.add_trace(
        go.Scatter(
            x=x,
            y=plain(np.repeat(busy, 2)),
            mode="lines",
            line={"color": INK, "width": 1.4},
            fill="tozeroy",
            fillcolor="rgba(128,128,128,0.16)",
            hovertemplate="%{y:.3~g} runs in progress<extra></extra>",
        )
    )
    top = max(busy.max(), num_slots or 0)
    if num_slots:
        figure.add_hline(y=num_slots, line={"color": INK, "width": 1, "dash": "dot"})
        figure.add_annotation(
            x=0, y=top, xref="paper", xanchor="left", yanchor="bottom", showarrow=False,
            text=counted(num_slots, "slot"), font={"size": 12},
        )  # fmt: skip
    ended = rows[rows["outcome"] != "running"]
    middles = (edges[:-1] + edges[1:]) / 2
    for outcome in in_order(set(ended["outcome"])):
        counts, _ = np.histogram(ended["end"][ended["outcome"] == outcome], bins=edges)
        figure.add_trace(
            go.Bar(
                x=plain(middles / unit.seconds),
                y=counts.tolist(),
                yaxis="y2",
                width=0.86 * last / NUM_BINS / unit.seconds,
                marker={"color": look(outcome).colour, "line": {"width": 0}},
                hovertemplate=f"%{{y:,}} ended {plotly_text(outcome)}<extra></extra>",
                meta={"of": "counts", "outcome": outcome},
            )
        )
    small = {"font": {"size": 13}}
    figure.update_layout(
        barmode="stack",
        xaxis={"range": [0, last / unit.seconds], "anchor": "y2"},
        yaxis={"range": [0, 1.14 * top], "title": {"text": "in progress", **small}},
    )
    ended_title = {"text": "ended", **small}
    add_beneath(figure, 0.5, 0.1, title=ended_title, rangemode="tozero", fixedrange=False)
    extra = {"unit": unit.seconds, "bin": last / NUM_BINS, "bins": NUM_BINS,
             "end": by_run(rows["end"])}  # fmt: skip
    return figure, extra


def busy_in(begin: Array, end: Array, edges: Array) -> Array:
    """Mean number of intervals that cover each bin: their overlap with it over its width.

    The overlap is the difference of A(t) = sum of min(max(t - begin, 0), end - begin) at the
    edges.
    """
    passed = np.zeros(len(edges))
    for times, sign in ((np.sort(begin), 1.0), (np.sort(end), -1.0)):
        sums = np.concatenate([[0.0], np.cumsum(times)])
        before = np.searchsorted(times, edges, side="right")
        passed += sign * (before * edges - sums[before])
    return np.asarray(np.diff(passed) / np.diff(edges))
