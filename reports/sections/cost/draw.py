"""What stability costs: the quality of trials against the share of their runs that are stable.

A mark is a trial. Confirmed finalists are measured by their confirm runs alone; every other trial
by its explore and race runs, which are biased in favour of those that the race chose by them.
Stability and quality are never combined: the Pareto set lists what there is to choose between.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.record import StudyRecord
from reports.kit.axes import Ruler, quality_ticks, quality_title, weyl
from reports.kit.blocks import Block, Missing
from reports.kit.layouts import add_strip, narrow_strip
from reports.kit.panel import BLUE, FAINT, INK, Brush, Panel, blank, plain, plotly_text
from reports.kit.shares import RunShare
from reports.kit.words import counted, trial_name
from reports.sections.cost.rows import (
    CONFIRM,
    MOST_CROSSES,
    MOST_LABELS,
    cost_note,
    cost_rows,
    cost_table,
)
from reports.study.conclusions import conclusions_of
from reports.study.scale import LEAST_TRIALS, MOST_MARKS
from reports.study.tables import TargetLine, ruler_of, target_line

SHADES = [[0.0, "rgba(128,128,128,0.12)"], [1.0, "rgba(128,128,128,0.85)"]]
NUM_BINS = 25
SCALE_WORDS = "trials a bin"
SPREAD = 0.022
"""Half-width over which trials with the same counts are spread."""
PIXELS_A_UNIT = 340
"""Approximate height of the quality axis from 0 to 1: labels are kept apart in pixels."""
LABEL_WIDTH = 0.3
"""In units of the stability axis: labels nearer than this are kept apart upward."""
LINE, LIFT = 17, 15
"""Height of a label and its distance above its mark, in pixels."""


WIDE_CAVEAT = ("one run a trial: even a stable", "one shows only that P(stable)")
NARROW_CAVEAT = ("one run a trial:", "even a stable one", "shows only that", "P(stable)")
"""What single runs cannot show, in lines for a wide and for a narrow screen."""


def cost_blocks(study: StudyRecord) -> list[Block]:
    """The figure, or why there is none."""
    rows = cost_rows(study)
    if rows.empty:
        return [Missing("No run has a verdict yet.")]
    return [
        draw_cost(
            rows,
            target_line(study),
            ruler=ruler_of(study),
            num_left_out=len(study.trials) - len(rows),
            recommended=conclusions_of(study).recommended,
        )
    ]


def draw_cost(
    rows: pd.DataFrame,
    target: TargetLine | None,
    *,
    ruler: Ruler | None = None,
    num_left_out: int = 0,
    recommended: int | None = None,
    most_marks: int = MOST_MARKS,
) -> Panel:
    """Lower bound of P(stable) across, quality upward, one mark a trial or a shade a bin."""
    single = bool((rows["total"] == 1).all())
    binned = len(rows) > most_marks
    figure = blank(500)
    figure.update_xaxes(range=[-0.04, 1.04], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1],
                        title_text="P(stable), lower 95% bound", gridcolor=FAINT)  # fmt: skip
    figure.update_yaxes(
        range=[-0.05, 1.06], title_text=plotly_text(quality_title(ruler, "quality, failures as 0"))
    )
    ticks = quality_ticks(ruler)
    if ticks is not None:
        figure.update_yaxes(tickvals=ticks[0], ticktext=ticks[1])
    named = rows[rows["front"] | rows["finalist"]]
    if binned:
        _draw_bins(figure, rows)
    if target is not None:
        _draw_target(figure, target)
    crosses = rows if len(rows) <= MOST_CROSSES else named
    small = len(rows) < LEAST_TRIALS
    crosses = crosses[(crosses["total"] > 1) | small]
    figure.add_trace(_crosses(crosses, "x", "low", "high"))
    figure.add_trace(_crosses(crosses, "y", "quality_low", "quality_high"))
    if not single:
        figure.add_trace(_steps(rows[rows["front"]]))
    for part, colour, filled in _parts(named if binned else rows):
        figure.add_trace(_marks(part, colour, filled=filled))
    figure.update_layout(annotations=_labels(rows, recommended, single=single))
    narrow = narrow_strip(SCALE_WORDS) if binned else {}
    if single and not small:
        narrow["annotations[0].text"] = _caveat(NARROW_CAVEAT)
    return Panel(
        "cost",
        figure,
        "Quality of every trial against the lower bound of its share of stable runs; the Pareto "
        "set is joined by a line.",
        note=cost_note(rows, single=single, binned=binned, num_left_out=num_left_out),
        narrow=narrow,
        table=cost_table(rows, ruler),
        marks="cost" if binned else "points",
        brush={"y": Brush("quality")} if single else {},
        extra=_positions(rows) if binned else {},
    )


def _parts(rows: pd.DataFrame) -> list[tuple[pd.DataFrame, str, bool]]:
    """Trials by style, the important ones on top: blue the Pareto set, filled the confirmed."""
    confirmed = rows["basis"] == CONFIRM
    groups = [
        (rows[(rows["front"] == front) & (confirmed == filled)], colour, filled)
        for front, colour in ((False, INK), (True, BLUE))
        for filled in (False, True)
    ]
    return [entry for entry in groups if not entry[0].empty]


def _marks(rows: pd.DataFrame, colour: str, *, filled: bool) -> go.Scatter:
    few = len(rows) < 150
    return go.Scatter(
        x=plain(_spread(rows), 4),
        y=plain(rows["quality"], 4),
        mode="markers",
        marker={
            "symbol": "circle" if filled else "circle-open",
            "color": colour,
            "size": 10 if few else 7,
            "opacity": 0.95 if few else 0.6,
            "line": {"width": 1.8 if colour == BLUE else 1.3, "color": colour},
        },
        customdata=rows["trial"].tolist(),
        meta={"of": "trials"},
    )


def _spread(rows: pd.DataFrame) -> Any:
    """Lower bounds; of trials with the same counts, spread a little so that all can be seen.

    Those of the Pareto set and the finalists stay where they are: lines lead to them.
    """
    crowded = rows.duplicated(["stable", "total"], keep=False)
    free = crowded & ~rows["front"] & ~rows["finalist"]
    offset = SPREAD * weyl(rows["trial"].to_numpy())
    return rows["low"].to_numpy() + np.where(free, offset, 0.0)


def _crosses(rows: pd.DataFrame, along: str, low: str, high: str) -> go.Scatter:
    """Thin lines from end to end of one interval of each trial."""
    rows = rows[rows[low].notna()]
    gap = [None] * len(rows)
    ends = np.array([plain(rows[low], 4), plain(rows[high], 4), gap], dtype=object).T.ravel()
    other = plain(rows["quality" if along == "x" else "low"], 4)
    still = np.array([other, other, gap], dtype=object).T.ravel()
    x, y = (ends, still) if along == "x" else (still, ends)
    return go.Scatter(
        x=x.tolist(), y=y.tolist(), mode="lines", hoverinfo="skip",
        line={"color": "rgba(128,128,128,0.55)", "width": 1}, meta={"role": "interval"},
    )  # fmt: skip


def _steps(front: pd.DataFrame) -> go.Scatter:
    """The edge of what the Pareto set dominates."""
    front = front.sort_values(["low", "quality"], ascending=[True, False])
    return go.Scatter(
        x=plain(front["low"], 4), y=plain(front["quality"], 4), mode="lines", hoverinfo="skip",
        line={"color": BLUE, "width": 1.6, "shape": "vh"}, meta={"role": "front"},
    )  # fmt: skip


def _draw_target(figure: go.Figure, target: TargetLine) -> None:
    figure.add_trace(
        go.Scatter(
            x=[-0.04, 1.04], y=[target.quality] * 2, mode="lines+text", hoverinfo="skip",
            line={"color": INK, "width": 1, "dash": "dot"}, meta={"role": "target"},
            text=["", plotly_text(target.words)],
            textposition="top left",
        )
    )  # fmt: skip


def _draw_bins(figure: go.Figure, rows: pd.DataFrame) -> None:
    """How many trials lie in each bin, by the logarithm of their number."""
    edges = np.linspace(0, 1, NUM_BINS + 1)
    x, y = rows["low"].to_numpy(dtype=float), rows["quality"].to_numpy(dtype=float)
    counts = np.histogram2d(y, x, bins=[edges, edges])[0].astype(int)
    most = max(1.0, math.ceil(math.log10(max(2, counts.max()))))
    with np.errstate(divide="ignore"):
        level = np.where(counts > 0, np.log10(counts) / most, np.nan)
    figure.add_trace(
        go.Heatmap(
            z=[plain(line, 3) for line in level],
            hovertext=[[counted(n, "trial") for n in line] for line in counts.tolist()],
            hovertemplate="%{hovertext}<extra></extra>", hoverongaps=False,
            x0=0.5 / NUM_BINS, dx=1 / NUM_BINS, y0=0.5 / NUM_BINS, dy=1 / NUM_BINS,
            zmin=0, zmax=1, colorscale=SHADES, showscale=False, meta={"of": "cells"},
        )
    )  # fmt: skip
    labelled = {0, int(most), int(most) // 2}
    labels = [f"{10**i:,}" if i in labelled else "" for i in range(int(most) + 1)]
    add_strip(figure, SHADES, labels, SCALE_WORDS)


def _labels(rows: pd.DataFrame, recommended: int | None, *, single: bool) -> list[dict[str, Any]]:
    """Names beside the finalists and the Pareto set, kept apart; with one run each, a caveat."""
    if single:
        return [] if len(rows) < LEAST_TRIALS else [_words(0.32, 0.98, _caveat(WIDE_CAVEAT))]
    named = rows[rows["front"] | rows["finalist"]]
    first = named["finalist"] | (named["trial"] == recommended)
    named = named.assign(first=first).sort_values(["first", "low"], ascending=False)
    named = named.head(MOST_LABELS).sort_values("quality", ascending=False)
    labels: list[dict[str, Any]] = []
    taken: list[tuple[float, float]] = []
    for row in named.to_dict("records"):
        at = _free(float(row["low"]), float(row["quality"]), taken)
        name = trial_name(int(row["trial"]))
        text = f"<b>{name}, recommended</b>" if row["trial"] == recommended else name
        left = float(row["low"]) > 0.55
        labels.append(
            {
                "x": float(row["low"]), "y": float(row["quality"]), "text": text,
                "ax": -26 if left else 26, "ay": round((row["quality"] - at) * PIXELS_A_UNIT),
                "xanchor": "right" if left else "left", "showarrow": True, "arrowhead": 0,
                "arrowwidth": 0.8, "arrowcolor": INK, "standoff": 6, "font": {"size": 12},
            }
        )  # fmt: skip
    return labels


def _caveat(lines: Sequence[str]) -> str:
    return "<br>".join([*lines, f"is above {RunShare(1, 1).interval.low:.0%}"])


def _free(x: float, y: float, taken: list[tuple[float, float]]) -> float:
    """Height for a label of the mark at (x, y): a little above it, below labels near it."""
    at = y + LIFT / PIXELS_A_UNIT
    for other_x, other in taken:
        if abs(x - other_x) < LABEL_WIDTH:
            at = min(at, other - LINE / PIXELS_A_UNIT)
    taken.append((x, at))
    return at


def _words(x: float, y: float, text: str) -> dict[str, Any]:
    return {
        "x": x, "y": y, "text": text, "showarrow": False, "xanchor": "left", "yanchor": "top",
        "align": "left", "font": {"size": 12},
    }  # fmt: skip


def _positions(rows: pd.DataFrame) -> dict[str, Any]:
    """Where each trial lies, for marking the selection on a binned figure."""
    return {
        "trial": rows["trial"].tolist(),
        "x": plain(rows["low"], 3),
        "y": plain(rows["quality"], 3),
    }
