"""Failures by cause: counts of every verdict, over explore runs and by regulariser and loss."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from lab.record import StudyRecord
from reports.comparisons import CHOICES, outcome_rows
from reports.figures.panel import Panel, blank, plotly_text
from reports.tables import explored, run_table
from reports.verdicts import in_order, look
from reports.words import counted, percents, short_name, wilson_bounds

ALL = "explore runs"
DARK = {"degraded"}
"""Bars on which light numerals read better than dark ones."""


def failures_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a group, level and outcome: its count, the level's total and stable runs.

    Groups: all explore runs, then each choice that took more than one value.
    """
    rows = outcome_rows(study)
    groups = [(ALL, pd.Series(ALL, index=rows.index))]
    groups += [
        (path, rows[path].astype(str)) for path in CHOICES if rows[path].astype(str).nunique() > 1
    ]
    found = []
    for group, levels in groups:
        for level in sorted(set(levels)):
            chosen = rows["outcome"][levels == level]
            stable = int((chosen == "stable").sum())
            for outcome in in_order(set(chosen)):
                count = int((chosen == outcome).sum())
                found.append((group, level, outcome, count, len(chosen), stable))
    return pd.DataFrame(found, columns=["group", "level", "outcome", "count", "total", "stable"])


def draw_failures(rows: pd.DataFrame, num_left_out: int = 0) -> Panel:
    """Stacked bars of counts, a bar a level, with the stable share and its interval beside it."""
    places = _places(rows)
    lowest = max(places.values())
    figure = blank(int(70 + 32 * (lowest + 1)))
    for outcome in in_order(set(rows["outcome"])):
        figure.add_trace(_bars(outcome, rows[rows["outcome"] == outcome], places))
    levels = rows.drop_duplicates(["group", "level"])
    figure.add_trace(_totals(levels, places))
    most = int(rows["total"].max())
    figure.update_layout(
        barmode="stack",
        uniformtext={"mode": "hide", "minsize": 10},
        bargap=0.28,
        annotations=[_heading(group, places) for group in levels["group"].unique()[1:]],
    )
    figure.update_xaxes(range=[0, most * 1.35], showgrid=False, showticklabels=False)
    figure.update_yaxes(
        range=[lowest + 0.6, -0.6],
        tickvals=list(places.values()),
        ticktext=[plotly_text(level) for _, level in places],
        showgrid=False,
    )
    total = rows[rows["group"] == ALL].groupby("outcome")["count"].sum()
    left_out = (
        f" {counted(num_left_out, 'explore run')} without a verdict not counted."
        if num_left_out
        else ""
    )
    return Panel(
        "failures",
        figure,
        "Counts of verdicts over explore runs and by critic norm, penalty and loss.",
        {str(o): int(total[o]) for o in in_order(set(total.index))},
        narrow={"xaxis.range": [0, most * 1.75]},
        note="Beside each bar: stable runs of all in it, and the Wilson 95% interval. "
        "The optimiser's runs are included, so a choice it favoured is not a fair sample."
        + left_out,
    )


def failures_panel(study: StudyRecord) -> Panel:
    """The panel of a study with at least one verdict."""
    rows = failures_rows(study)
    counted_runs = int(rows[rows["group"] == ALL]["count"].sum())
    return draw_failures(rows, len(explored(run_table(study))) - counted_runs)


def _places(rows: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Height of each bar from the top, with room for a heading over each group."""
    places: dict[tuple[str, str], float] = {}
    height, before = 0.0, None
    for group, level in rows[["group", "level"]].drop_duplicates().itertuples(index=False):
        if before is not None:
            height += 2.0 if group != before else 1.0
        places[(str(group), str(level))] = height
        before = group
    return places


def _bars(outcome: str, rows: pd.DataFrame, places: dict[tuple[str, str], float]) -> go.Bar:
    keys = list(zip(rows["group"], rows["level"], strict=True))
    shape = look(outcome)
    return go.Bar(
        orientation="h",
        x=[int(count) for count in rows["count"]],
        y=[places[key] for key in keys],
        marker={"color": shape.colour, "line": {"width": 0}},
        text=[str(count) for count in rows["count"]],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"color": "#ffffff" if outcome in DARK else "#0d1216", "size": 12},
        customdata=[plotly_text(key[1]) for key in keys],
        hovertemplate="%{customdata}: %{x} " + plotly_text(outcome) + "<extra></extra>",
        meta={"outcome": outcome},
    )


def _totals(levels: pd.DataFrame, places: dict[tuple[str, str], float]) -> go.Scatter:
    labels = []
    for row in levels.itertuples():
        low, high = wilson_bounds(int(row.stable), int(row.total))  # type: ignore[arg-type]
        labels.append(f"  {row.stable}/{row.total}, {percents(low, high)}")
    return go.Scatter(
        x=[int(total) for total in levels["total"]],
        y=[places[key] for key in zip(levels["group"], levels["level"], strict=True)],
        mode="text",
        text=labels,
        textposition="middle right",
        hoverinfo="skip",
    )


def _heading(group: str, places: dict[tuple[str, str], float]) -> dict[str, Any]:
    top = min(place for (name, _), place in places.items() if name == group)
    return {
        "x": 0,
        "y": top - 0.95,
        "xref": "x",
        "text": f"<b>by {short_name(group)}</b>",
        "showarrow": False,
        "xanchor": "left",
    }
