"""How long runs last: the share of explore runs not broken yet, over images seen.

A pruned run was stopped for looking poor, so it may not count as one that merely ended: where
there are any, two curves hold what they would have done between them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from lab.record import StudyRecord
from lab.stability.statistics import (
    SurvivalCurve,
    kaplan_meier,
    restricted_mean,
    survival_bounds,
    survival_interval,
)
from reports.figures.panel import FAINT, Panel, blank, plain
from reports.tables import explored, run_table
from reports.words import counted, images

COLOUR = "#0072B2"
SHADE = "rgba(0,114,178,0.16)"


def survival_rows(study: StudyRecord) -> pd.DataFrame:
    """One row an explore run that was evaluated: trial, seed, images, failed, pruned, budget.

    `images` is the failure's onset where `failed`, else where the run was last seen. A stalled
    run never broke: it counts as alive at the budget.
    """
    runs = explored(run_table(study))
    failed = runs["onset_images"].notna() & ~runs["outcome"].isin(["stable", "stalled"])
    last = runs["images_seen"].where(~failed, runs["onset_images"])
    rows = pd.DataFrame(
        {
            "trial": runs["trial"],
            "seed": runs["seed"],
            "images": np.minimum(last, runs["budget_images"]),
            "failed": failed,
            "pruned": runs["outcome"] == "pruned",
            "budget": runs["budget_images"],
        }
    )
    seen: pd.DataFrame = rows[np.isfinite(rows["images"].to_numpy(dtype=float))]
    return seen


def draw_survival(rows: pd.DataFrame) -> Panel:
    """Kaplan and Meier's curve on its 95 % band, or the two bounds where runs were pruned."""
    budget = float(rows["budget"].max())
    curves = _curves(rows, budget)
    figure = blank(340)
    for trace in curves.traces:
        figure.add_trace(trace)
    figure.update_xaxes(range=[0, budget * 1.02], title_text="images seen")
    figure.update_yaxes(range=[0, 1.04], tickformat=".0%", title_text="not broken yet",
                        gridcolor=FAINT)  # fmt: skip
    return Panel(
        "survival",
        figure,
        "Share of explore runs that had not broken, over images seen.",
        note=f"{curves.note} A stalled run never broke, so it counts as alive; whether what lives "
        "is any good, the other figures say.",
    )


def survival_panel(study: StudyRecord) -> Panel:
    """The panel of a study with at least one evaluated explore run."""
    return draw_survival(survival_rows(study))


class _Curves(NamedTuple):
    """Traces, and the sentence that goes with them."""

    traces: list[go.Scatter]
    note: str


def _curves(rows: pd.DataFrame, budget: float) -> _Curves:
    times, failed = rows["images"].to_numpy(dtype=float), rows["failed"].to_numpy(dtype=bool)
    pruned = rows["pruned"].to_numpy(dtype=bool)
    if pruned.any():
        best, worst = survival_bounds(times, failed, pruned, budget)
        return _Curves(
            [
                _step(worst, worst.survival, budget, dash="dot"),
                _step(best, best.survival, budget, fill=True),
            ],
            f"Of {counted(len(rows), 'run')}, {int(pruned.sum())} pruned: had they all lived, the "
            f"upper curve, had they all broken at once, the lower. Mean life of a run: "
            f"{images(restricted_mean(worst, budget))} to {images(restricted_mean(best, budget))} "
            f"of {images(budget)} images.",
        )
    curve = kaplan_meier(times, failed)
    band = survival_interval(curve)
    return _Curves(
        [
            _step(curve, band.low, budget, width=0),
            _step(curve, band.high, budget, width=0, fill=True),
            _step(curve, curve.survival, budget),
        ],
        f"Kaplan and Meier's estimate over {counted(len(rows), 'run')}, {int(failed.sum())} of "
        f"which broke, with its pointwise 95% band. Mean life of a run: "
        f"{images(restricted_mean(curve, budget))} of {images(budget)} images.",
    )


def _step(
    curve: SurvivalCurve,
    levels: NDArray[np.float64],
    budget: float,
    *,
    width: float = 2.5,
    dash: str = "solid",
    fill: bool = False,
) -> go.Scatter:
    return go.Scatter(
        x=plain([0.0, *curve.times, budget]),
        y=plain([1.0, *levels, levels[-1]]),
        mode="lines",
        line={"shape": "hv", "width": width, "color": COLOUR, "dash": dash},
        fill="tonexty" if fill else None,
        fillcolor=SHADE,
        hovertemplate="%{x:,} images: %{y:.0%}<extra></extra>" if width else None,
        hoverinfo=None if width else "skip",
    )
