"""Curves of every run over images seen, and where the failed ones failed.

The axis is chosen from what runs measured before any failure, so that a run that exploded cannot
flatten the others; what lies outside, and what is no number, is counted beneath the figure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from lab.record import IMAGES_SEEN, QUALITY, SIGNAL_PREFIX, StudyRecord
from reports.conclusions import leader_word, leading_run
from reports.figures.panel import Option, Panel, Picker, blank, plain, plotly_text
from reports.figures.ranges import Range, robust_range, widened
from reports.tables import evaluation_table, measured_columns, run_table
from reports.verdicts import in_order, look
from reports.words import counted, short_name


def curves_rows(study: StudyRecord) -> pd.DataFrame:
    """One row an evaluation: trial, seed, outcome, images_seen, alive, best and every metric.

    `alive` is False from the failure on.
    """
    rows = evaluation_table(study)
    runs = run_table(study)
    keys = ["trial", "seed"]
    rows = rows.merge(runs[[*keys, "onset_images"]], on=keys, how="left")
    onset = rows["onset_images"].to_numpy(dtype=float)
    seen = rows[IMAGES_SEEN].to_numpy(dtype=float)
    best = leading_run(study)
    chosen = np.zeros(len(rows), dtype=bool)
    if best is not None:
        chosen = ((rows[keys] == runs.loc[best, keys]).all(axis=1)).to_numpy()
    return rows.assign(alive=np.isnan(onset) | (seen < onset), best=chosen)


@dataclass(frozen=True)
class Lines:
    """The rows of one outcome as one line with gaps: a trace a run would be slow at 500 runs.

    `order` holds row numbers with None between two runs; `runs` the row numbers of each run.
    """

    outcome: str
    order: list[int | None]
    runs: list[NDArray[np.int64]]

    def gapped(self, values: Sequence[Any]) -> list[Any]:
        """Values by row number, with None where the line breaks."""
        return [None if row is None else values[row] for row in self.order]


def draw_curves(
    rows: pd.DataFrame,
    metrics: list[str],
    baseline: dict[str, float] | None = None,
    leader: str = "best run",
) -> Panel:
    """A thin line a run, coloured by outcome; a mark where it failed or stopped; metric picker."""
    lines = [_lines_of(rows, outcome) for outcome in in_order(set(rows["outcome"]))]
    num_runs = sum(len(line.runs) for line in lines)
    best = np.flatnonzero(rows["best"].to_numpy())
    figure = blank(480)
    for line in lines:
        figure.add_trace(_line_trace(line, rows, num_runs))
    for line in lines:
        figure.add_trace(_end_trace(line, rows))
    figure.add_trace(_best_trace(rows.iloc[best], leader))
    figure.add_trace(_baseline_trace(rows))
    options = {
        metric: _option(metric, rows, lines, best, (baseline or {}).get(metric))
        for metric in metrics
    }
    first = options[metrics[0]]
    for trace, y in zip(figure.data, first.restyle["y"], strict=True):
        trace.y = y
    figure.update_layout({k.replace(".", "_"): v for k, v in first.relayout.items()})
    figure.update_xaxes(title_text="images seen", rangemode="tozero")
    return Panel(
        "curves",
        figure,
        "Metric of every run over images seen, coloured by verdict, with a mark at each failure.",
        {line.outcome: len(line.runs) for line in lines},
        (Picker("Metric", options, metrics[0]),),
        note=first.note,
    )


def curves_panel(study: StudyRecord) -> Panel:
    """The panel of a study with at least one evaluation."""
    rows = curves_rows(study)
    baseline = study.study.get("metrics", {}).get("baseline", {})
    return draw_curves(rows, measured_columns(study, rows), baseline, leader_word(study))


def _lines_of(rows: pd.DataFrame, outcome: str) -> Lines:
    numbered = pd.DataFrame({"trial": rows["trial"], "seed": rows["seed"]}).reset_index(drop=True)
    chosen = numbered[(rows["outcome"] == outcome).to_numpy()]
    runs = [np.asarray(run.index, dtype=np.int64) for _, run in chosen.groupby(["trial", "seed"])]
    order: list[int | None] = []
    for run in runs:
        order += [*run.tolist(), None]
    return Lines(outcome, order[:-1], runs)


def _line_trace(line: Lines, rows: pd.DataFrame, num_runs: int) -> go.Scatter:
    shape = look(line.outcome)
    return go.Scatter(
        x=line.gapped(plain(rows[IMAGES_SEEN])),
        mode="lines",
        connectgaps=False,
        line={"color": shape.colour, "width": 1.4 if num_runs < 100 else 0.8},
        opacity=float(np.clip(8 / max(1, num_runs) ** 0.5, 0.28, 0.85)),
        customdata=line.gapped(rows["trial"].tolist()),
        hovertemplate="<b>trial %{customdata}</b> "
        + plotly_text(line.outcome)
        + "<br>%{x:,} images<br>%{y:.4~g}<extra></extra>",
        meta={"outcome": line.outcome},
    )


def _end_trace(line: Lines, rows: pd.DataFrame) -> go.Scatter:
    """Marks where runs failed or stopped; stable ones reach the end, which needs no mark."""
    shape = look(line.outcome)
    return go.Scatter(
        x=plain(_ends(line, rows)) if line.outcome != "stable" else [],
        mode="markers",
        marker={
            "symbol": shape.symbol,
            "size": 9 if len(line.runs) < 60 else 6,
            "color": shape.colour,
        },
        customdata=[int(rows["trial"].iloc[run[0]]) for run in line.runs],
        hovertemplate="<b>trial %{customdata}</b> "
        + plotly_text(line.outcome)
        + "<br>%{x:,} images<extra></extra>",
        meta={"outcome": line.outcome},
        cliponaxis=False,
    )


def _best_trace(best: pd.DataFrame, leader: str) -> go.Scatter:
    outcome = str(best["outcome"].iloc[0]) if len(best) else "stable"
    return go.Scatter(
        x=plain(best[IMAGES_SEEN]),
        mode="lines+text",
        line={"color": look(outcome).colour, "width": 3.5},
        text=[""] * (len(best) - 1) + [f"{leader} "] if len(best) else [],
        textposition="top left",
        textfont={"size": 13, "weight": 600},
        hoverinfo="skip",
        meta={"role": "best"},
    )


def _baseline_trace(rows: pd.DataFrame) -> go.Scatter:
    return go.Scatter(
        x=[0, float(rows[IMAGES_SEEN].max())],
        mode="lines+text",
        line={"color": "#808080", "width": 1, "dash": "dot"},
        text=["", "real images "],
        textposition="top left",
        hoverinfo="skip",
        meta={"role": "baseline"},
    )


def _option(
    metric: str,
    rows: pd.DataFrame,
    lines: list[Lines],
    best: NDArray[np.int64],
    baseline: float | None,
) -> Option:
    values = pd.to_numeric(rows[metric], errors="coerce").to_numpy(dtype=np.float64)
    shown = robust_range(values, rows["alive"].to_numpy(dtype=bool))
    shown = Range(0.0, 1.0, False) if metric == QUALITY else widened(shown, baseline)
    drawable = plain(np.where(values > 0, values, np.nan) if shown.log else values)
    restyle = [line.gapped(drawable) for line in lines]
    restyle += [plain(_end_values(line, values, rows, shown)) for line in lines]
    restyle.append([drawable[row] for row in best])
    restyle.append([None, None] if baseline is None else plain([baseline, baseline]))
    relayout = {
        "yaxis.type": "log" if shown.log else "linear",
        "yaxis.range": shown.layout(),
        "yaxis.title.text": plotly_text(_title(metric)),
        "yaxis.dtick": 1 if shown.log and shown.high / shown.low > 100 else None,
    }
    return Option(_title(metric), {"y": restyle}, relayout, _note(values, rows, shown))


def _note(values: NDArray[np.float64], rows: pd.DataFrame, shown: Range) -> str:
    """What the axis leaves out, in words."""
    finite = np.isfinite(values)
    outside = finite & ((values < shown.low) | (values > shown.high))
    parts = []
    for mask, what in ((outside, "outside the axis"), (~finite, "not a finite number")):
        if mask.any():
            num_runs = len(rows.loc[mask, ["trial", "seed"]].drop_duplicates())
            points = counted(int(mask.sum()), "point")
            parts.append(f"{points} of {counted(num_runs, 'run')} {what}")
    axis = "Logarithmic axis. " if shown.log else ""
    left_out = f"Not drawn: {'; '.join(parts)}." if parts else "Every point is inside the axis."
    return f"{axis}{left_out} Marks show where a run failed or stopped."


def _title(metric: str) -> str:
    if metric == QUALITY:
        return "quality u"
    return f"signal: {short_name(metric)}" if metric.startswith(SIGNAL_PREFIX) else metric


def _ends(line: Lines, rows: pd.DataFrame) -> list[float]:
    """Images seen where each run ends: the failure, or the last evaluation."""
    onset = rows["onset_images"].to_numpy(dtype=float)
    seen = rows[IMAGES_SEEN].to_numpy(dtype=float)
    return [float(seen[r[-1]] if math.isnan(onset[r[0]]) else onset[r[0]]) for r in line.runs]


def _end_values(
    line: Lines, values: NDArray[np.float64], rows: pd.DataFrame, shown: Range
) -> list[float]:
    """The last finite value up to each run's end, held inside the axis."""
    seen = rows[IMAGES_SEEN].to_numpy(dtype=float)
    found = []
    for run, end in zip(line.runs, _ends(line, rows), strict=True):
        usable = values[run][(seen[run] <= end) & np.isfinite(values[run])]
        last = float(usable[-1]) if usable.size else shown.high
        found.append(float(np.clip(last, shown.low, shown.high)))
    return found
