"""When runs break: the onset of every failure as a share of the budget, one row per cause."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.record import UNBROKEN, StudyRecord
from lab.statistics import Median, median_interval
from reports.kit.blocks import Block, Missing
from reports.kit.layouts import QUARTERS, lanes_axis
from reports.kit.outcomes import NO_FAILURES, counts_in_order, in_order, look
from reports.kit.panel import Brush, Panel, blank, plain, plotly_text
from reports.kit.words import counted, images, listed
from reports.study.scale import MOST_MARKS
from reports.study.tables import finished, run_table

NUM_BINS = 40
"""Bins of the budget where there are too many runs for one mark each."""
ROW = 58
"""Pixels of a cause's row."""
PILE, MOST_PILED = 5, 30
"""Marks of one onset stand in columns of PILE; past MOST_PILED, bars count them instead."""
STEP, ASIDE = 0.13, 0.0085
"""Between two marks of a pile: in rows, and in shares of the budget."""


def onset_blocks(study: StudyRecord) -> list[Block]:
    """The figure of a study in which a run broke before its budget, or why there is none."""
    rows = onset_rows(study)
    broke = ~rows["outcome"].isin(UNBROKEN)
    late = _ended(rows[~broke])
    if not broke.any():
        text = f"No run broke before its budget; {late}." if late else ""
        return [Missing(text or "No run has failed, so there is no onset to show.")]
    return [draw_onset(rows[broke], late)]


def _ended(late: pd.DataFrame) -> str:
    """`2 runs stalled`: failures that are judged at the budget; empty without any."""
    return listed([
        f"{counted(int((late['outcome'] == outcome).sum()), 'run')} {outcome}"
        for outcome in in_order(set(late["outcome"]))
    ])  # fmt: skip


def onset_rows(study: StudyRecord) -> pd.DataFrame:
    """One row per failed run of any stage: trial, outcome, stage, onset (images), share of budget.

    The index is the run's. A failure without an onset counts from its run's last evaluation.
    """
    runs = finished(run_table(study))
    runs = runs[~runs["outcome"].isin(NO_FAILURES)]
    onset = runs["onset_images"].where(runs["onset_images"].notna(), runs["images_seen"])
    share = (onset / runs["budget_images"]).clip(0, 1)
    rows = runs[["trial", "outcome", "stage"]].assign(
        onset=onset, share=share, budget=runs["budget_images"]
    )
    with_share: pd.DataFrame = rows[np.isfinite(share.to_numpy(dtype=float))]
    return with_share


def draw_onset(rows: pd.DataFrame, late: str = "") -> Panel:
    """One row per cause: a mark per run, or a histogram; the median with its interval."""
    causes = in_order(set(rows["outcome"]))
    budget = float(rows["budget"].max())
    large = len(rows) > MOST_MARKS or _largest_pile(rows) > MOST_PILED
    figure = blank(64 + ROW * len(causes))
    middles = []
    for row, cause in enumerate(causes):
        chosen = rows[rows["outcome"] == cause]
        figure.add_trace((_bars if large else _strip)(chosen, row, budget))
        middles.append(median_interval(chosen["share"].to_numpy(dtype=float)))
        for trace in _middle_traces(middles[-1], cause, row, budget):
            figure.add_trace(trace)
    figure.update_xaxes(
        range=[-0.01 * budget, 1.015 * budget],
        tickvals=[share * budget for share in QUARTERS],
        ticktext=[f"{share:.0%}" for share in QUARTERS],
        title={
            "text": f"onset, share of the budget ({images(budget)} images)",
            "font": {"size": 13},
        },
    )
    figure.update_layout(margin_r=26)
    counts = rows["outcome"].value_counts()
    names = [f"{plotly_text(cause)}<br>{counts[cause]:,}" for cause in causes]
    lanes_axis(figure, names, range=[len(causes) - 0.5, -0.62])
    return Panel(
        "onset",
        figure,
        "When runs failed, as a share of the budget, a row for each cause with its median.",
        counts_in_order(rows["outcome"]),
        note=_note(rows, late, large=large),
        table=_table(rows, causes, middles),
        marks="onset",
        title="When they break",
        extra={"rows": causes, "budget": budget, "below": 0.42 if large else 0.0},
        brush={} if rows["budget"].nunique() > 1 else {"x": Brush("onset")},
    )


def _note(rows: pd.DataFrame, late: str, *, large: bool) -> str:
    later = int((rows["stage"] != "explore").sum())
    parts = [
        "Each row is a histogram, scaled to its own highest bar."
        if large
        else "One mark per failed run; runs with the same onset are side by side.",
        "Line and number: the median. Bar: its 95% interval, drawn for six runs or more.",
    ]
    if later:
        parts.append(f"{counted(later, 'run')} of race and confirm included.")
    if late:
        parts.append(f"Not drawn: {late} (judged at the budget).")
    return " ".join(parts)


def _largest_pile(rows: pd.DataFrame) -> int:
    return int(rows.groupby(["outcome", rows["share"].round(2)]).size().max())


def _strip(rows: pd.DataFrame, row: int, budget: float) -> go.Scatter:
    """One mark per run; those of one onset (to a hundredth of the budget) stand side by side."""
    cause = str(rows["outcome"].iloc[0])
    shape = look(cause)
    at = rows["share"].round(2)
    number = rows.groupby(at).cumcount()
    height = at.groupby(at).transform("size").clip(upper=PILE)
    up = number % PILE - (height - 1) / 2
    return go.Scatter(
        x=plain((rows["share"] + ASIDE * (number // PILE)) * budget),
        y=plain(row + 0.06 + STEP * up),
        mode="markers",
        marker={"symbol": shape.symbol, "color": shape.colour, "size": 7, "opacity": 0.85},
        customdata=[int(run) for run in rows.index],
        meta={"of": "runs", "outcome": cause},
        cliponaxis=False,
    )


def _bars(rows: pd.DataFrame, row: int, budget: float) -> go.Bar:
    cause = str(rows["outcome"].iloc[0])
    counts, edges = np.histogram(rows["share"], bins=NUM_BINS, range=(0, 1))
    heights = 0.66 * counts / counts.max()
    return go.Bar(
        x=plain((edges[:-1] + edges[1:]) / 2 * budget),
        y=plain(-heights),
        base=[row + 0.42] * NUM_BINS,
        width=0.92 / NUM_BINS * budget,
        marker={"color": look(cause).colour, "line": {"width": 0}},
        hovertext=[
            f"{low:.1%} to {high:.1%} of the budget: {count:,} {plotly_text(cause)}"
            for low, high, count in zip(edges[:-1], edges[1:], counts.tolist(), strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        meta={"of": "counts", "outcome": cause},
    )


def _middle_traces(median: Median, cause: str, row: int, budget: float) -> list[go.Scatter]:
    """The interval as a bar, the median as a short line across it, and its number."""
    meta = {"of": "summary", "outcome": cause}
    label = f"{median.value:.0%}"
    traces = []
    if np.isfinite(median.low):
        label += f" [{100 * median.low:.0f}–{median.high:.0%}]"
        traces.append(
            go.Scatter(
                x=[median.low * budget, median.high * budget],
                y=[row - 0.4] * 2,
                mode="lines",
                line={"color": look(cause).colour, "width": 3},
                hoverinfo="skip",
                meta=meta,
            )
        )
    right = median.value > 0.6
    traces.append(
        go.Scatter(
            x=[median.value * budget] * 3,
            y=[row + 0.34, row - 0.4, row - 0.4],
            mode="lines+text",
            line={"color": look(cause).colour, "width": 1.6},
            text=["", "", f"{label}  " if right else f"  {label}"],
            textposition="top left" if right else "top right",
            textfont={"size": 12},
            hoverinfo="skip",
            meta=meta,
        )
    )
    return traces


def _table(rows: pd.DataFrame, causes: list[str], middles: list[Median]) -> pd.DataFrame:
    shares = [rows["share"][rows["outcome"] == cause].to_numpy(dtype=float) for cause in causes]
    return pd.DataFrame(
        {
            "Cause": causes,
            "Runs": [len(share) for share in shares],
            "First quarter": [float(np.quantile(share, 0.25)) for share in shares],
            "Median": [median.value for median in middles],
            "95% low": [median.low for median in middles],
            "95% high": [median.high for median in middles],
            "Third quarter": [float(np.quantile(share, 0.75)) for share in shares],
        }
    )
