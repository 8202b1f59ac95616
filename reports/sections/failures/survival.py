"""How long runs last: the share of explore runs not broken yet, over images seen.

Only runs of trials that no optimizer chose are followed, where there are any: an optimizer returns
to settings that survived. A pruned run was stopped for a poor metric, so it may not count as
independently censored: where any run was pruned, two curves bound what those would have done.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from lab.record import UNBROKEN, StudyRecord
from lab.statistics import (
    SurvivalCurve,
    kaplan_meier,
    restricted_mean,
    survival_at,
    survival_bounds,
    survival_interval,
)
from reports.kit.blocks import Block, Missing
from reports.kit.layouts import QUARTERS, add_beneath, images_axis
from reports.kit.panel import BLUE, BLUE_SHADE, Brush, Panel, blank, plain, plotly_text, words_at
from reports.kit.shares import RunShare
from reports.kit.words import counted, images
from reports.study.tables import explored, run_table, trial_table

LOOKS_AT = QUARTERS
"""Shares of the budget at which the risk table counts."""
MOST_STEPS = 400
"""Most steps of a curve that are drawn; more cannot be distinguished."""
RISK_ROWS = {
    "at_risk": "at risk",
    "failed": "failed",
    "pruned": "pruned",
    "unseen": "not seen",
}


def survival_blocks(study: StudyRecord) -> list[Block]:
    """The curve of the explore runs, with its risk table."""
    rows = survival_rows(study)
    if rows.empty:
        return [Missing("No explore run has been evaluated yet, so none can be followed.")]
    return [draw_survival(rows)]


def survival_rows(study: StudyRecord) -> pd.DataFrame:
    """One row per explore run that was evaluated: trial, seed, images, failed, pruned, budget.

    `images` is the failure's onset where `failed`, else the last evaluation. A stalled or short
    run never broke: it counts as alive at the budget. `unbiased` is whether no optimizer chose the
    run's trial. The index is the run's.
    """
    runs = explored(run_table(study))
    failed = runs["onset_images"].notna() & ~runs["outcome"].isin(UNBROKEN)
    last = runs["images_seen"].where(~failed, runs["onset_images"])
    unbiased = trial_table(study)["unbiased"]
    rows = pd.DataFrame(
        {
            "trial": runs["trial"],
            "seed": runs["seed"],
            "images": np.minimum(last, runs["budget_images"]),
            "failed": failed,
            "pruned": runs["outcome"] == "pruned",
            "budget": runs["budget_images"],
            "unbiased": runs["trial"].isin(unbiased.index[unbiased.astype(bool)]),
        }
    )
    seen: pd.DataFrame = rows[np.isfinite(rows["images"].to_numpy(dtype=float))]
    return seen


def followed(rows: pd.DataFrame) -> pd.DataFrame:
    """The runs of trials that no optimizer chose; all runs where there are none."""
    unbiased = rows[rows["unbiased"]]
    return rows if unbiased.empty else unbiased


def risk_rows(rows: pd.DataFrame, times: ArrayLike) -> pd.DataFrame:
    """One row per time (images): runs `at_risk` after it, `failed`, `pruned`, `unseen` by then.

    The four add up to all runs. `unseen` runs neither failed nor were pruned, and were last seen
    earlier: they are still running, or crashed. A run seen at exactly that time is at risk.
    """
    when = rows["images"].to_numpy(dtype=float)
    failed, pruned = (rows[name].to_numpy(dtype=bool) for name in ("failed", "pruned"))
    ended = failed | pruned
    counts = []
    for time in np.asarray(times, dtype=float):
        by_then = [int((mask & (when <= time)).sum()) for mask in (failed, pruned)]
        unseen = int((~ended & (when < time)).sum())
        counts.append((time, len(rows) - sum(by_then) - unseen, *by_then, unseen))
    return pd.DataFrame(counts, columns=["images", *RISK_ROWS])


def draw_survival(all_rows: pd.DataFrame) -> Panel:
    """The Kaplan-Meier curve on its 95 % band, or the two bounds where runs were pruned.

    Beneath, in line with the axis: how many runs are at risk, failed and pruned.
    """
    rows = followed(all_rows)
    budget = float(rows["budget"].max())
    curves = curves_of(rows, budget)
    times = np.array(LOOKS_AT) * budget
    risk = risk_rows(rows, times)
    columns = [name for name in RISK_ROWS if name != "unseen" or risk[name].any()]
    columns = [name for name in columns if name != "pruned" or risk[name].any()]
    figure = blank(300 + 22 * len(columns))
    for trace in [*curves.traces, *(_risk_texts(risk, name, i) for i, name in enumerate(columns))]:
        figure.add_trace(trace)
    _lay_out(figure, budget, [RISK_ROWS[name] for name in columns])
    left_out = len(all_rows) - len(rows)
    note = f"{curves.note} A stalled or short run never broke, so it counts as alive; for the "
    note += "quality of the surviving runs see the curves further below."
    if left_out:
        note += f" {counted(left_out, 'run')} of trials that the optimizer chose not included."
    return Panel(
        "survival",
        figure,
        "Share of explore runs that had not broken, over images seen, with the numbers at risk.",
        note=note,
        table=survival_table(rows, curves, budget),
        marks="survival",
        title="How long runs last",
        brush={"x": Brush("onset")},
        extra={"steps": [plain(column) for column in (curves.upper.times, curves.upper.survival)]},
    )


class Curves(NamedTuple):
    """Traces, the note about them, and the lower and upper curve."""

    traces: list[go.Scatter]
    note: str
    lower: SurvivalCurve
    upper: SurvivalCurve


def curves_of(rows: pd.DataFrame, budget: float) -> Curves:
    """The curve of one set of runs on its band, or the two bounds of the curve."""
    times, failed = rows["images"].to_numpy(dtype=float), rows["failed"].to_numpy(dtype=bool)
    pruned = rows["pruned"].to_numpy(dtype=bool)
    if pruned.any():
        best, worst = survival_bounds(times, failed, pruned, budget)
        return Curves(
            [
                step(worst, worst.survival, budget, dash="dot"),
                step(best, best.survival, budget, fill=True),
            ],
            f"Of {counted(len(rows), 'run')}, {int(pruned.sum())} pruned. Upper curve: if none "
            "of those had broken by the budget; lower: if all had broken when pruned. "
            f"Mean life of a run: "
            f"{images(restricted_mean(worst, budget))} to {images(restricted_mean(best, budget))} "
            f"of {images(budget)} images.",
            worst,
            best,
        )
    curve = kaplan_meier(times, failed)
    band = survival_interval(curve)
    return Curves(
        [
            step(curve, band.low, budget, width=0, start=_least(rows)),
            step(curve, band.high, budget, width=0, fill=True),
            step(curve, curve.survival, budget),
        ],
        f"Kaplan-Meier estimate over {counted(len(rows), 'run')}, {int(failed.sum()):,} of "
        f"which broke, with its pointwise 95% band. Mean life of a run: "
        f"{images(restricted_mean(curve, budget))} of {images(budget)} images.",
        curve,
        curve,
    )


def _least(rows: pd.DataFrame) -> float:
    """The band's lower end before the first failure: Wilson's for all runs, as after it."""
    return RunShare(len(rows), len(rows)).interval.low


def step(
    curve: SurvivalCurve,
    levels: NDArray[np.float64],
    budget: float,
    *,
    width: float = 2.5,
    dash: str = "solid",
    fill: bool = False,
    colour: str = BLUE,
    start: float = 1.0,
) -> go.Scatter:
    """One step line from `start` at 0 images to the budget, thinned to MOST_STEPS."""
    kept = np.unique(np.linspace(0, len(levels) - 1, min(len(levels), MOST_STEPS)).round())
    indices = kept.astype(int)
    return go.Scatter(
        x=plain([0.0, *curve.times[indices], budget]),
        y=plain([start, *levels[indices], levels[-1]]),
        mode="lines",
        line={"shape": "hv", "width": width, "color": colour, "dash": dash},
        fill="tonexty" if fill else None,
        fillcolor=BLUE_SHADE,
        hovertemplate="%{x:,} images: %{y:.0%}<extra></extra>" if width else None,
        hoverinfo=None if width else "skip",
    )


def _risk_texts(risk: pd.DataFrame, name: str, line: int) -> go.Scatter:
    """One row of the risk table: its numbers in line with the axis above."""
    numbers = [f"{count:,}" for count in risk[name]]
    return words_at(risk["images"], [line] * len(risk), numbers, "middle center", yaxis="y2")


def _lay_out(figure: go.Figure, budget: float, labels: list[str]) -> None:
    images_axis(figure, budget)
    figure.update_yaxes(
        range=[0, 1.04], tickformat=".0%", title={"text": "not broken yet", "font": {"size": 13}}
    )
    height = figure.layout.height
    add_beneath(
        figure, 22 * len(labels) / height, 54 / height, range=[len(labels) - 0.5, -0.5],
        tickvals=list(range(len(labels))), ticktext=[plotly_text(label) for label in labels],
        showgrid=False, ticklabelstandoff=24,
    )  # fmt: skip
    figure.update_layout(margin_r=34, xaxis_anchor="y")


def survival_table(rows: pd.DataFrame, curves: Curves, budget: float) -> pd.DataFrame:
    """The curve at its steps, with the runs at risk."""
    times = np.unique([*(np.array(LOOKS_AT) * budget), *_steps_of(curves.lower)])
    risk = risk_rows(rows, times)
    columns: dict[str, Any] = {
        "Images seen": times,
        "At risk": risk["at_risk"],
        "Failed": risk["failed"],
        "Pruned": risk["pruned"],
        "Not seen further": risk["unseen"],
    }
    if rows["pruned"].any():
        columns["Not broken, at least"] = survival_at(curves.lower, times)
        columns["Not broken, at most"] = survival_at(curves.upper, times)
    else:
        band = survival_interval(curves.lower)
        low, high = (curves.lower._replace(survival=side) for side in band)
        columns["Not broken"] = survival_at(curves.lower, times)
        before = times < curves.lower.times[0]
        columns["95% low"] = np.where(before, _least(rows), survival_at(low, times))
        columns["95% high"] = survival_at(high, times)
    return pd.DataFrame(columns)


def _steps_of(curve: SurvivalCurve, most: int = 100) -> NDArray[np.float64]:
    steps = curve.times[curve.num_failed > 0]
    kept = np.linspace(0, max(0, len(steps) - 1), min(len(steps), most)).round().astype(int)
    return np.asarray(steps[np.unique(kept)])
