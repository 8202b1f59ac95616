"""State of all runs at a number of images: alive, failed by cause, pruned, not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from lab.record import UNBROKEN, StudyRecord
from reports.kit.layouts import add_beneath, images_axis
from reports.kit.outcomes import in_order, look
from reports.kit.panel import plain, plotly_text
from reports.study.tables import run_table

NUM_TIMES = 81
ALIVE, UNSEEN = "alive", "not seen"
SHADES = {ALIVE: "rgba(128,128,128,0.16)", UNSEEN: "rgba(128,128,128,0.05)"}


def fate_rows(study: StudyRecord) -> pd.DataFrame:
    """One row per time (images) from 0 to the largest budget: runs alive, and a column per fate.

    A stalled or short run counts as alive to its budget. Runs that neither failed nor were pruned
    and were last seen before a time are `not seen` at it. The columns add up to all evaluated
    runs.
    """
    runs = run_table(study)
    broke = runs["onset_images"].notna() & ~runs["outcome"].isin(UNBROKEN)
    gone = broke | (runs["outcome"] == "pruned")
    last = runs["onset_images"].where(broke, runs["images_seen"]).to_numpy(dtype=float)
    seen = np.isfinite(last)
    budget = float(runs["budget_images"].max())
    budget = budget if budget > 0 else max(1.0, float(last[seen].max(initial=0.0)))
    times = np.linspace(0, budget, NUM_TIMES)
    fate = np.where(gone, runs["outcome"], UNSEEN)[seen]
    last = last[seen]
    columns: dict[str, NDArray[Any]] = {"images": times}
    for name in [*in_order(set(fate) - {UNSEEN}), UNSEEN]:
        ends = np.sort(last[fate == name])
        # At its last image a run that ended well counts as alive, one that broke there does not.
        columns[name] = (
            np.searchsorted(ends, times, side="left")
            if name == UNSEEN
            else np.searchsorted(ends, times, side="right")
        )
    rows = pd.DataFrame(columns)
    rows.insert(1, ALIVE, len(last) - rows.drop(columns="images").sum(axis=1))
    return rows


def add_fates(figure: go.Figure, rows: pd.DataFrame) -> None:
    """A strip beneath a figure over images: shares of all runs, stacked, on the axis y2."""
    total = max(1, int(rows.drop(columns="images").iloc[0].sum()))
    for name in [column for column in rows.columns if column != "images"]:
        if not rows[name].any():
            continue
        colour = SHADES.get(name, look(name).colour)
        figure.add_trace(
            go.Scatter(
                x=plain(rows["images"]),
                y=plain(rows[name] / total),
                yaxis="y2",
                mode="lines",
                stackgroup="fates",
                line={"width": 0, "shape": "hv", "color": colour},
                fillcolor=colour,
                customdata=rows[name].tolist(),
                hovertemplate=f"%{{x:,.0f}} images: %{{customdata:,}} of {total:,} runs "
                f"{plotly_text(name)}<extra></extra>",
                meta={"of": "fates", "outcome": name},
            )
        )
    budget = float(rows["images"].max())
    alive = int(rows[ALIVE].iloc[-1])
    figure.add_annotation(
        x=0, y=0.5, xref="x", yref="y2", xanchor="left", xshift=8, showarrow=False,
        text=f"{total:,} runs", font={"size": 12},
    )  # fmt: skip
    figure.add_annotation(
        x=budget, y=min(0.5, max(0.14, alive / total / 2)), xref="x", yref="y2",
        xanchor="right", xshift=-8, showarrow=False, text=f"{alive:,} alive", font={"size": 12},
    )  # fmt: skip
    reach = [-0.008 * budget, 1.008 * budget]
    images_axis(figure, budget, range=reach, anchor="y2")
    title = {"text": "of all runs", "font": {"size": 13}}
    add_beneath(
        figure, 0.17, 0.075, range=[0, 1], tickvals=[0, 0.5, 1], tickformat=".0%", title=title
    )
    figure.update_layout(margin_r=26, yaxis_title_font_size=13)
