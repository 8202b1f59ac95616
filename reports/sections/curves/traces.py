"""Traces of the curves: lines of runs, marks at their ends, interquartile mean, density."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reports.kit.outcomes import look
from reports.kit.panel import plain, plotly_text
from reports.kit.value_ranges import Range
from reports.kit.words import images
from reports.sections.curves.summaries import Slots, Summary, level_edges
from reports.study.tables import TargetLine

Array = NDArray[np.float64]
INK, PAPER = "#1b1f24", "#fdfdfb"
"""Line colours that the style sheet turns into the page's ink and paper."""
HUE = ((0.0, "rgba(0,114,178,0.06)"), (0.5, "rgba(0,114,178,0.42)"), (1.0, "rgba(0,114,178,0.95)"))


def line_trace(rows: pd.DataFrame, values: Array, outcome: str, num_runs: int) -> go.Scatter:
    """All runs of one outcome as one line with gaps: one trace per run would be slow."""
    chosen = np.flatnonzero((rows["outcome"] == outcome).to_numpy())
    gaps = np.flatnonzero(np.diff(rows["run"].to_numpy()[chosen])) + 1
    shape = look(outcome)

    def gapped(column: Any) -> list[Any]:
        return plain(np.insert(np.asarray(column, dtype=float)[chosen], gaps, np.nan), 4)

    return go.Scatter(
        x=plain(np.insert(rows["images"].to_numpy(dtype=float)[chosen], gaps, np.nan), 9),
        y=gapped(values),
        mode="lines",
        connectgaps=False,
        line={"color": shape.colour, "width": 1.5 if num_runs < 100 else 0.8},
        opacity=float(np.clip(8 / max(1, num_runs) ** 0.5, 0.28, 0.85)),
        customdata=[
            None if np.isnan(run) else int(run)
            for run in np.insert(rows["run"].to_numpy(dtype=float)[chosen], gaps, np.nan)
        ],
        meta={"of": "runs", "outcome": outcome, "role": "lines"},
    )


def end_trace(rows: pd.DataFrame, values: Array, outcome: str, value_range: Range) -> go.Scatter:
    """Marks where runs failed or stopped; stable runs reach the end and need no mark."""
    chosen = (rows["outcome"] == outcome).to_numpy()
    ends = end_rows(rows[chosen], values[chosen], value_range)
    shape = look(outcome)
    return go.Scatter(
        x=plain(ends["images"]),
        y=plain(ends["value"], 4),
        mode="markers",
        marker={
            "symbol": shape.symbol,
            "size": 9 if len(ends) < 60 else 6,
            "color": shape.colour,
        },
        customdata=[int(run) for run in ends["run"]],
        meta={"of": "runs", "outcome": outcome, "role": "ends"},
        cliponaxis=False,
    )


def end_rows(rows: pd.DataFrame, values: Array, value_range: Range) -> pd.DataFrame:
    """One row per run: images seen where it ends (its failure, or its last evaluation), and value.

    The value is the last finite one up to there, clipped to the axis; the top of the axis when
    there is none.
    """
    by_run = rows.groupby("run", sort=False)
    end = by_run["onset"].first().fillna(by_run["images"].last())
    upto = (rows["images"] <= rows["run"].map(end)) & np.isfinite(values)
    last = pd.Series(values, index=rows.index)[upto].groupby(rows["run"][upto]).last()
    low, high = value_range.low, value_range.high
    value = last.reindex(end.index).fillna(high).clip(low, high)
    return pd.DataFrame({"run": end.index, "images": end.to_numpy(), "value": value.to_numpy()})


def leader_trace(rows: pd.DataFrame, values: Array, run: int, word: str) -> go.Scatter:
    chosen = (rows["run"] == run).to_numpy()
    best = rows[chosen]
    outcome = str(best["outcome"].iloc[0]) if len(best) else "stable"
    return go.Scatter(
        x=plain(best["images"]),
        y=plain(values[chosen], 4),
        mode="lines+text",
        line={"color": look(outcome).colour, "width": 3.2},
        text=[""] * (len(best) - 1) + [f"{word} "],
        textposition="top left",
        textfont={"size": 13, "weight": 600},
        customdata=[run] * len(best),
        hoverinfo="skip",
        meta={"role": "leader", "outcome": outcome},
    )


def middle_traces(summary: Summary, slots: Slots) -> list[go.Scatter]:
    """The interquartile mean in ink on a seam of paper, so that it stands out among many lines."""
    defined = np.flatnonzero(np.isfinite(summary.middle))
    texts = [""] * len(slots.images)
    if defined.size:
        texts[int(defined[-1])] = "interquartile mean "
    x, y = plain(slots.images), plain(summary.middle, 4)
    shared: dict[str, Any] = {"x": x, "y": y, "hoverinfo": "skip"}
    seam = go.Scatter(
        **shared, mode="lines", line={"color": PAPER, "width": 6}, opacity=0.85,
        meta={"role": "middle"},
    )  # fmt: skip
    line = go.Scatter(
        **shared | {"hoverinfo": None},
        mode="lines+text",
        line={"color": INK, "width": 3, "dash": "9px,3px"},
        text=texts,
        textposition=side_of_name(summary.middle),
        textfont={"size": 13, "weight": 600},
        customdata=summary.num_runs.tolist(),
        hovertemplate="interquartile mean of %{customdata:,} runs<br>%{x:,.0f} images: %{y:.4~g}"
        "<extra></extra>",
        meta={"role": "middle"},
    )
    return [seam, line]


def side_of_name(middle: Array) -> str:
    """Where the label does not cover the line: above a rising end, below a falling one."""
    defined = middle[np.isfinite(middle)]
    rises = len(defined) > 1 and bool(defined[-1] >= defined[-2])
    return "top left" if rises else "bottom left"


def baseline_trace(summary: Summary, slots: Slots) -> go.Scatter:
    return go.Scatter(
        x=[0, float(slots.images.max())],
        y=plain([summary.baseline] * 2, 4),
        mode="lines+text",
        line={"color": "#808080", "width": 1, "dash": "dot"},
        text=["  real images", ""],
        textposition="top right",
        textfont={"size": 12},
        hoverinfo="skip",
        meta={"role": "baseline"},
    )


def target_trace(target: TargetLine, slots: Slots, *, has_height: bool) -> go.Scatter:
    """The target of quality; of another metric it has no height, so it is not drawn."""
    return go.Scatter(
        x=[0, float(slots.images.max())],
        y=[target.quality if has_height else None] * 2,
        mode="lines+text",
        line={"color": "#808080", "width": 1, "dash": "dot"},
        text=[f"  {plotly_text(target.words)}", ""],
        textposition="top right",
        textfont={"size": 12},
        hoverinfo="skip",
        meta={"role": "target"},
    )


def density_trace(summary: Summary, slots: Slots) -> go.Heatmap:
    counts = summary.density.astype(float)
    return go.Heatmap(
        x=plain(slots.edges()),
        y=plain(level_edges(summary.value_range), 5),
        z=[plain(row, 4) for row in _logarithms(counts)],
        colorscale=HUE,
        zmin=0,
        zmax=max(1.0, float(np.log10(max(1.0, counts.max())))),
        hoverongaps=False,
        customdata=summary.density.tolist(),
        hovertemplate="%{customdata:,} evaluations<extra></extra>",
        colorbar=_scale_of_counts(counts),
        meta={"role": "density"},
    )


def _logarithms(counts: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.where(counts > 0, np.log10(counts), np.nan)


def _scale_of_counts(counts: Array) -> dict[str, Any]:
    powers = range(int(np.ceil(np.log10(max(10.0, counts.max())))) + 1)
    return {
        "title": {"text": "evaluations", "font": {"size": 11}},
        "orientation": "h",
        "thickness": 7,
        "len": 0.26,
        "x": 1,
        "xanchor": "right",
        "y": 1.01,
        "yanchor": "bottom",
        "outlinewidth": 0,
        "ticks": "",
        "tickvals": list(powers),
        "ticktext": [images(10.0**power) for power in powers],
        "tickfont": {"size": 11},
        "tickangle": 0,
    }
