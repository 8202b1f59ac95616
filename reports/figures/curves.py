"""Curves of every run over images seen, and where the failed ones failed.

The axis is chosen from what runs measured before any failure, so that a run that exploded cannot
flatten the others; what lies outside, and what is no number, is counted beneath the figure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from lab.record import IMAGES_SEEN, QUALITY, SIGNAL_PREFIX, StudyRecord
from reports.figures.panel import Option, Panel, Picker, blank, plain
from reports.tables import best_run, evaluation_table, measured_columns, run_table
from reports.verdicts import in_order, look
from reports.words import counted, short_name

FENCE = 3.0
"""Tukey's far fence: quartiles widened by so many interquartile ranges."""
LOG_FROM = 30.0
"""A metric whose healthy values span more than this ratio is drawn on a logarithmic axis."""


@dataclass(frozen=True)
class Range:
    """The range of a value axis in data units, and whether the axis is logarithmic."""

    low: float
    high: float
    log: bool

    def layout(self) -> list[float]:
        """Plotly's range, with a little room; powers of ten on a logarithmic axis."""
        low, high = self.low, self.high
        if self.log:
            low, high = math.log10(low), math.log10(high)
        room = 0.04 * (high - low)
        return [low - room, high + room]


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
    best = best_run(runs)
    chosen = np.zeros(len(rows), dtype=bool)
    if best is not None:
        chosen = ((rows[keys] == runs.loc[best, keys]).all(axis=1)).to_numpy()
    return rows.assign(alive=np.isnan(onset) | (seen < onset), best=chosen)


def robust_range(values: NDArray[np.float64], alive: NDArray[np.bool_]) -> Range:
    """An axis that shows every ordinary value: Tukey's far fences of the values before failure.

    Logarithmic when those values are positive and span more than LOG_FROM.
    """
    ordinary = values[alive & np.isfinite(values)]
    if ordinary.size == 0:
        ordinary = values[np.isfinite(values)]
    if ordinary.size == 0:
        return Range(0.0, 1.0, False)
    log = bool(ordinary.min() > 0 and ordinary.max() / ordinary.min() > LOG_FROM)
    scaled = np.log10(ordinary) if log else ordinary
    quarter, three_quarters = np.quantile(scaled, [0.25, 0.75])
    reach = FENCE * (three_quarters - quarter)
    low = max(float(scaled.min()), float(quarter - reach))
    high = min(float(scaled.max()), float(three_quarters + reach))
    if low == high:
        low, high = low - 0.5, high + 0.5
    return Range(10**low, 10**high, True) if log else Range(low, high, False)


def draw_curves(
    rows: pd.DataFrame, metrics: list[str], baseline: dict[str, float] | None = None
) -> Panel:
    """A thin line a run, coloured by outcome; a mark where it failed or stopped; a metric picker."""
    outcomes = in_order(set(rows["outcome"]))
    runs = {outcome: _runs(rows, outcome) for outcome in outcomes}
    figure = blank(480)
    for outcome in outcomes:
        figure.add_trace(_lines(outcome, runs[outcome], rows))
    for outcome in outcomes:
        figure.add_trace(_ends(outcome, runs[outcome]))
    best = rows[rows["best"]]
    figure.add_trace(_best_line(best))
    figure.add_trace(_baseline_line(rows))
    options = {
        metric: _option(metric, rows, list(runs.values()), best, (baseline or {}).get(metric))
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
        {outcome: len(runs[outcome]) for outcome in outcomes},
        (Picker("Metric", options, metrics[0]),),
        note=first.note,
    )


def curves_panel(study: StudyRecord) -> Panel:
    """The panel of a study with at least one evaluation."""
    rows = curves_rows(study)
    baseline = study.study.get("metrics", {}).get("baseline", {})
    return draw_curves(rows, measured_columns(study, rows), baseline)


def _runs(rows: pd.DataFrame, outcome: str) -> list[pd.DataFrame]:
    chosen = rows[rows["outcome"] == outcome]
    return [run for _, run in chosen.groupby(["trial", "seed"], sort=True)]


def _lines(outcome: str, runs: list[pd.DataFrame], rows: pd.DataFrame) -> go.Scatter:
    """All runs of an outcome as one trace with gaps: a trace a run would be slow at 500 runs."""
    num_runs = rows.groupby(["trial", "seed"]).ngroups
    shape = look(outcome)
    return go.Scatter(
        x=_gapped([plain(run[IMAGES_SEEN]) for run in runs]),
        mode="lines",
        connectgaps=False,
        line={"color": shape.colour, "width": 1.4 if num_runs < 100 else 0.8},
        opacity=float(np.clip(8 / max(1, num_runs) ** 0.5, 0.28, 0.85)),
        customdata=_gapped([[int(run["trial"].iloc[0])] * len(run) for run in runs]),
        hovertemplate="<b>trial %{customdata}</b> "
        + outcome
        + "<br>%{x:,} images<br>%{y:.4~g}<extra></extra>",
        meta={"outcome": outcome},
    )


def _ends(outcome: str, runs: list[pd.DataFrame]) -> go.Scatter:
    shape = look(outcome)
    return go.Scatter(
        x=plain(_end(run) for run in runs) if outcome != "stable" else [],
        mode="markers",
        marker={"symbol": shape.symbol, "size": 9 if len(runs) < 60 else 6, "color": shape.colour},
        customdata=[int(run["trial"].iloc[0]) for run in runs],
        hovertemplate="<b>trial %{customdata}</b> " + outcome + "<br>%{x:,} images<extra></extra>",
        meta={"outcome": outcome},
        cliponaxis=False,
    )


def _best_line(best: pd.DataFrame) -> go.Scatter:
    return go.Scatter(
        x=plain(best[IMAGES_SEEN]),
        mode="lines+text",
        line={"color": look("stable").colour if len(best) else "#808080", "width": 3.5},
        text=[""] * (len(best) - 1) + ["best run "] if len(best) else [],
        textposition="top left",
        textfont={"size": 13, "weight": 600},
        hoverinfo="skip",
        meta={"role": "best"},
    )


def _baseline_line(rows: pd.DataFrame) -> go.Scatter:
    end = float(rows[IMAGES_SEEN].max()) if len(rows) else 1.0
    return go.Scatter(
        x=[0, end],
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
    runs: list[list[pd.DataFrame]],
    best: pd.DataFrame,
    baseline: float | None,
) -> Option:
    values = _values(rows, metric)
    shown = robust_range(values, rows["alive"].to_numpy(dtype=bool))
    shown = Range(0.0, 1.0, False) if metric == QUALITY else shown
    if baseline is not None and math.isfinite(baseline) and (baseline > 0 or not shown.log):
        shown = Range(min(shown.low, baseline), max(shown.high, baseline), shown.log)
    lines = [_gapped([_drawable(_values(run, metric), shown) for run in group]) for group in runs]
    ends = [[_end_value(run, metric, shown) for run in group] for group in runs]
    restyle = [*lines, *ends, _drawable(_values(best, metric), shown)]
    restyle.append([None, None] if baseline is None else plain([baseline, baseline]))
    relayout = {
        "yaxis.type": "log" if shown.log else "linear",
        "yaxis.range": shown.layout(),
        "yaxis.title.text": _title(metric),
        "yaxis.dtick": 1 if shown.log and shown.high / shown.low > 100 else None,
    }
    return Option(_title(metric), {"y": restyle}, relayout, _note(metric, values, rows, shown))


def _note(metric: str, values: NDArray[np.float64], rows: pd.DataFrame, shown: Range) -> str:
    """What the axis leaves out, in words."""
    finite = np.isfinite(values)
    outside = finite & ((values < shown.low) | (values > shown.high))
    parts = []
    for mask, what in ((outside, "outside the axis"), (~finite, "not a finite number")):
        if mask.any():
            num_runs = rows[mask].groupby(["trial", "seed"]).ngroups
            parts.append(f"{counted(int(mask.sum()), 'point')} of {counted(num_runs, 'run')} {what}")
    axis = "Logarithmic axis. " if shown.log else ""
    left_out = f"Not drawn: {'; '.join(parts)}." if parts else "Every point is inside the axis."
    return f"{axis}{left_out} Marks show where a run failed or stopped, at the value it had before."


def _title(metric: str) -> str:
    if metric == QUALITY:
        return "quality u"
    return f"signal: {short_name(metric)}" if metric.startswith(SIGNAL_PREFIX) else metric


def _values(rows: pd.DataFrame, metric: str) -> NDArray[np.float64]:
    return pd.to_numeric(rows[metric], errors="coerce").to_numpy(dtype=np.float64)


def _drawable(values: NDArray[np.float64], shown: Range) -> list[Any]:
    return plain(np.where(values > 0, values, np.nan) if shown.log else values)


def _end(run: pd.DataFrame) -> float:
    onset = float(run["onset_images"].iloc[0])
    return onset if math.isfinite(onset) else float(run[IMAGES_SEEN].iloc[-1])


def _end_value(run: pd.DataFrame, metric: str, shown: Range) -> float:
    """The last finite value up to the run's end, held inside the axis."""
    values = _values(run[run[IMAGES_SEEN] <= _end(run)], metric)
    values = values[np.isfinite(values)]
    last = float(values[-1]) if values.size else shown.high
    return float(np.clip(last, shown.low, shown.high))


def _gapped(parts: list[list[Any]]) -> list[Any]:
    """Lists in a row with a None between, which breaks the line."""
    result: list[Any] = []
    for part in parts:
        result += [*part, None]
    return result[:-1]

