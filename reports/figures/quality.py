"""Quality against stability: how good a run was while it lived, against its score.

A mark is a run, not a configuration: P(stable) needs several of those and stands in the table of
finalists. The score J (area under the quality curve until the failure) stands for how early and
how long a run was good.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from lab.record import StudyRecord
from reports.conclusions import leader_word, leading_run
from reports.figures.panel import FAINT, Panel, blank, plain, plotly_text
from reports.tables import config_value, finished, run_table
from reports.verdicts import in_order, look
from reports.words import counted, fixed, images


def quality_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a run with a score: trial, outcome, score, final_quality, quality_alive, life, best.

    quality_alive is u before the failure (SCIENCE.md section 1 sets u to 0 from there on).
    """
    runs = run_table(study)
    columns = ["trial", "seed", "outcome", "score", "final_quality", "quality_alive", "life"]
    rows = finished(runs)[[*columns, "onset_images"]]
    rows = rows[rows["score"].notna() & rows["quality_alive"].notna()]
    return rows.assign(best=rows.index == leading_run(study))


def draw_quality(
    rows: pd.DataFrame, target: float, num_left_out: int = 0, leader: str = "best run"
) -> Panel:
    """Score across, quality reached upward, one mark a run; a line at the target quality."""
    figure = blank(440)
    figure.add_trace(
        go.Scatter(
            x=[0, 1], y=[target, target], mode="lines+text", hoverinfo="skip",
            line={"color": "#808080", "width": 1, "dash": "dot"},
            text=["", f"target {fixed(target)}"], textposition="top left",
        )
    )  # fmt: skip
    for outcome in in_order(set(rows["outcome"])):
        figure.add_trace(_marks(outcome, rows[rows["outcome"] == outcome]))
    best = rows[rows["best"]]
    figure.add_trace(
        go.Scatter(
            x=plain(best["score"]), y=plain(best["quality_alive"]), mode="markers+text",
            text=[leader] * len(best), textposition="top center", hoverinfo="skip",
            textfont={"size": 13, "weight": 600},
            marker={"symbol": "circle-open", "size": 22, "color": "#808080", "line": {"width": 2}},
        )
    )  # fmt: skip
    figure.update_xaxes(range=[-0.03, 1.03], title_text="score J", gridcolor=FAINT)
    figure.update_yaxes(range=[-0.03, 1.09], title_text="quality u while alive")
    left_out = (
        f" {counted(num_left_out, 'run')} without a score {'is' if num_left_out == 1 else 'are'} "
        "not drawn."
        if num_left_out
        else ""
    )
    return Panel(
        "quality",
        figure,
        "Score of every finished run against the quality it reached, marked by verdict.",
        {o: int((rows["outcome"] == o).sum()) for o in in_order(set(rows["outcome"]))},
        note="The score grows with how early a run is good and how long it stays so. High on the "
        "left: good, but broke early; low on the left: never learned. A failed run's final "
        "quality counts as 0; its mark shows the quality it had until then." + left_out,
    )


def quality_panel(study: StudyRecord) -> Panel:
    """The panel of a study with at least one scored run."""
    rows = quality_rows(study)
    num_left_out = len(study.runs) - len(rows)
    return draw_quality(rows, target_quality(study), num_left_out, leader_word(study))


def target_quality(study: StudyRecord) -> float:
    """The study's target for u_T (a stable run reaches it)."""
    value = config_value(study.study.get("base", {}), "stability.target_quality")
    return float(value) if isinstance(value, (int, float)) else 0.5


def _marks(outcome: str, group: pd.DataFrame) -> go.Scatter:
    few = len(group) < 150
    shape = look(outcome)
    return go.Scatter(
        x=plain(group["score"]),
        y=plain(group["quality_alive"]),
        mode="markers",
        marker={
            "symbol": shape.symbol,
            "color": shape.colour,
            "size": 11 if few else 8,
            "opacity": 0.9 if few else 0.6,
        },
        customdata=[int(trial) for trial in group["trial"]],
        text=[_hover(row) for _, row in group.iterrows()],
        hovertemplate="%{text}<extra></extra>",
        meta={"outcome": outcome},
    )


def _hover(row: pd.Series[Any]) -> str:
    end = "" if row["outcome"] == "stable" else f" at {images(row['onset_images'])} images"
    return (
        f"<b>trial {row['trial']}</b> {plotly_text(row['outcome'])}{end}"
        f"<br>score {fixed(row['score'])}<br>quality {fixed(row['quality_alive'])}"
    )
