"""Whether early quality predicts final quality: their rank correlation over images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from lab.record import IMAGES_SEEN, QUALITY, UNBROKEN, StudyRecord
from lab.statistics.pilot import LEAST_CORRELATION, LEAST_RUNS, Curve, Pilot, grace_period
from reports.kit.blocks import Block, Missing
from reports.kit.layouts import add_beneath, images_axis
from reports.kit.panel import BLUE, BLUE_SHADE, INK, Panel, blank, plain, words_at
from reports.kit.words import fixed, images
from reports.study.tables import explored, finished, run_table

Array = NDArray[np.float64]
MOST_RUNS = 400
"""Most runs that the bootstrap draws from; of more, an even sample."""
MOST_LOOKS = 12
"""Most evaluations that are compared with the final one; of more, an even sample."""


def early_blocks(study: StudyRecord) -> list[Block]:
    """The correlation of a study with enough finished runs alive at an evaluation; or why not."""
    budget = budget_of(study)
    curves, num_runs = early_curves(study, budget)
    if not curves:
        return [
            Missing("No explore run has finished, so there is no final quality to compare with.")
        ]
    pilot = grace_period(curves, round(budget), np.random.default_rng(0))
    rows = early_rows(pilot)
    if not np.isfinite(rows["correlation"]).any():
        return [Missing(f"No rank correlation of early with final quality. {pilot.sentence}")]
    return [draw_early(rows, pilot, budget, len(curves), num_runs)]


def budget_of(study: StudyRecord) -> float:
    """The largest budget of its finished explore runs in images; NaN without any."""
    budgets = finished(explored(run_table(study)))["budget_images"].to_numpy(dtype=float)
    return float(np.nanmax(budgets)) if np.isfinite(budgets).any() else float("nan")


def early_curves(study: StudyRecord, budget: float) -> tuple[list[Curve], int]:
    """Quality of finished explore runs while alive, and the number of such runs.

    A failure's curve ends at its onset. Of more than MOST_RUNS runs an even sample is taken.
    """
    runs = finished(explored(run_table(study)))
    rows = study.evaluations
    if runs.empty or rows.num_rows == 0 or not budget > 0:
        return [], 0
    broke = ~runs["outcome"].isin(UNBROKEN)
    onset = runs["onset_images"].where(broke).fillna(np.inf).to_numpy(dtype=float)
    positions = np.linspace(0, len(runs) - 1, min(len(runs), MOST_RUNS)).round().astype(int)
    seen, quality = rows.column(IMAGES_SEEN), rows.column(QUALITY)
    looks = looks_at(seen, rows.run, budget)
    curves = []
    for position in positions:
        run = int(runs.index[position])
        rows_of_run = slice(int(rows.first[run]), int(rows.first[run + 1]))
        kept = np.isfinite(looks[rows_of_run]) & (seen[rows_of_run] < onset[position])
        at = [round(look) for look in looks[rows_of_run][kept]]
        curves.append(Curve(at, quality[rows_of_run][kept].tolist()))
    return curves, len(runs)


def looks_at(seen: Array, run: NDArray[np.int64], budget: float) -> Array:
    """Images seen of every row, rounded to evaluation steps that all batch sizes share.

    NaN for rows between two of the MOST_LOOKS that are compared, and for rows past the budget.
    """
    apart = np.diff(seen)[np.diff(run) == 0]
    apart = apart[apart > 0]
    step = float(np.median(apart)) if apart.size else budget
    num_steps = max(1, round(budget / step))
    stride = -(-num_steps // MOST_LOOKS)
    number = np.round(seen / step)
    kept = ((number % stride == 0) | (number == num_steps)) & (number >= 0) & (number <= num_steps)
    return np.where(kept, number * budget / num_steps, np.nan)


def early_rows(pilot: Pilot) -> pd.DataFrame:
    """One row per evaluation before the budget: images, runs alive, correlation, low, high."""
    return pd.DataFrame(
        {
            "images": pilot.images,
            "alive": pilot.num_alive,
            "correlation": pilot.correlation,
            "low": pilot.low,
            "high": pilot.high,
        }
    )


def draw_early(
    rows: pd.DataFrame, pilot: Pilot, budget: float, num_shown: int, num_runs: int
) -> Panel:
    """The correlation on its 95 % band, the runs alive beneath, and where pruning might start."""
    figure = blank(350)
    defined = rows[np.isfinite(rows["correlation"])]
    for column, width in (("low", 0), ("high", 0), ("correlation", 2.4)):
        figure.add_trace(
            go.Scatter(
                x=plain(defined["images"]),
                y=plain(defined[column]),
                mode="lines+markers" if width else "lines",
                line={"color": BLUE, "width": width},
                marker={"color": BLUE, "size": 7},
                fill="tonexty" if column == "high" else None,
                fillcolor=BLUE_SHADE,
                error_y=_whiskers(defined) if width and len(defined) == 1 else None,
                hovertemplate="%{x:,} images: %{y:.2f}<extra></extra>" if width else None,
                hoverinfo=None if width else "skip",
            )
        )
    alive = [f"{count:,}" for count in rows["alive"]]
    zeros = [0] * len(rows)
    figure.add_trace(words_at(rows["images"], zeros, alive, "middle center", yaxis="y2"))
    _lay_out(figure, rows, budget)
    _name_lines(figure, pilot, budget)
    sampled = f" Showing an even sample, {num_shown:,} of {num_runs:,} runs."
    return Panel(
        "early",
        figure,
        "Rank correlation of the quality at each evaluation with the final quality, over images.",
        note=f"{pilot.sentence} Spearman correlation over the explore runs alive, with a 95% "
        f"bootstrap band; not computed where fewer than {LEAST_RUNS} were alive."
        + (sampled if num_shown < num_runs else ""),
        table=rows.set_axis(
            ["Images seen", "Runs alive", "Rank correlation", "95% low", "95% high"], axis=1
        ),
        title="Does early quality predict final quality?",
    )


def _whiskers(defined: pd.DataFrame) -> dict[str, Any]:
    """The interval of a single evaluation, which has no band."""
    return {
        "symmetric": False,
        "array": plain(defined["high"] - defined["correlation"]),
        "arrayminus": plain(defined["correlation"] - defined["low"]),
        "thickness": 1.5,
        "width": 5,
    }


def _lay_out(figure: go.Figure, rows: pd.DataFrame, budget: float) -> None:
    lowest = min(0.0, float(np.nanmin(rows["low"].to_numpy(dtype=float), initial=0.0)))
    images_axis(figure, budget, anchor="y")
    title = {"text": "rank correlation with final", "font": {"size": 13}}
    figure.update_yaxes(range=[lowest - 0.03, 1.03], title=title)
    add_beneath(
        figure, 0.07, 0.17, range=[-0.5, 0.5], tickvals=[0], ticktext=["runs alive"],
        showgrid=False,
    )  # fmt: skip
    figure.update_layout(margin_r=30)


def _name_lines(figure: go.Figure, pilot: Pilot, budget: float) -> None:
    """Label the correlation required for pruning, and the images from which on it is reached."""
    style = {"showarrow": False, "font": {"size": 12}}
    figure.add_hline(y=LEAST_CORRELATION, line={"color": INK, "width": 1, "dash": "dot"})
    figure.add_annotation(
        x=budget, y=LEAST_CORRELATION, xanchor="right", yanchor="bottom",
        text=f"{fixed(LEAST_CORRELATION, 1)} required before pruning", **style,
    )  # fmt: skip
    if pilot.grace_images is not None:
        figure.add_vline(x=pilot.grace_images, line={"color": INK, "width": 1})
        figure.add_annotation(
            x=pilot.grace_images, y=0.02, yref="y domain", xanchor="left", yanchor="bottom",
            text=f"  holds from {images(pilot.grace_images)} on", **style,
        )  # fmt: skip
