"""Slots over time: which run each held when, or, of many runs, how many were held and ended."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from lab.record import STAGES, StudyRecord
from reports.kit.blocks import Block, Missing
from reports.kit.outcomes import counts_in_order, in_order, look
from reports.kit.panel import INK, Panel, blank, plain, plotly_text
from reports.kit.words import counted, duration, shortened
from reports.sections.search.early import early_blocks
from reports.sections.search.occupancy import Unit, by_run, occupancy, unit_for
from reports.sections.search.saved import saved_blocks
from reports.sections.search.spending import (
    parts_of,
    recorded_or_zero,
    spending_blocks,
    worked_seconds,
)
from reports.study.scale import MOST_MARKS
from reports.study.tables import run_table

Array = NDArray[np.float64]
THICKNESS = {"explore": 0.46, "race": 0.68, "confirm": 0.9}
"""Heights of bars by stage, as shares of a lane: distinguishes stages without colour."""
LANE, LEAST_HEIGHT, MOST_HEIGHT = 26, 150, 560
INTERRUPTED = (1.5, 60.0)
"""A run had a break if its span exceeds this factor times its seconds plus these seconds."""


def search_blocks(study: StudyRecord) -> list[Block]:
    """The section: slots over time, cost, hours saved by stopping, what early quality predicts."""
    return [
        *timeline_blocks(study),
        *spending_blocks(study),
        *saved_blocks(study),
        *early_blocks(study),
    ]


def timeline_blocks(study: StudyRecord) -> list[Block]:
    """The slots of a study in which a run has started; or why there are none."""
    rows = timeline_rows(study)
    timed = rows[np.isfinite(rows["begin"].to_numpy(dtype=float))]
    if timed.empty:
        return [Missing("No run has a recorded start, so there is no timeline.")]
    return [
        draw_timeline(
            timed,
            num_left_out=len(rows) - len(timed),
            num_slots=study.card.settings.concurrent,
            since=first_start(study),
        )
    ]


def first_start(study: StudyRecord) -> str:
    """When the first run started, `2026-11-22 23:05 UTC`; `the first run` if not recorded."""
    started = run_table(study)["started"]
    if started.isna().all():
        return "the first run"
    first = study.runs[int(np.nanargmin(started.to_numpy(dtype=float)))].card.started
    return f"{first[:10]} {first[11:16]} UTC"


def timeline_rows(study: StudyRecord) -> pd.DataFrame:
    """One row per run: trial, stage, outcome, host, begin, end (seconds from the first), broken.

    A run holds its slot from before `started`, while it is prepared. One that was stopped and
    resumed later (`broken`) is drawn as the seconds that it ran, up to its end: the times of the
    earlier part are not in the record. A run without an end is drawn up to its last evaluation.
    NaN where not recorded.
    """
    table = run_table(study)
    started, ended = (table[name].to_numpy(dtype=float) for name in ("started", "ended"))
    starting, worked = (
        recorded_or_zero(parts_of(study)["starting"]),
        recorded_or_zero(worked_seconds(study)),
    )
    end = np.where(np.isfinite(ended), ended, started + worked)
    begin = started - starting
    held = starting + worked
    factor, more = INTERRUPTED
    broken = (end - begin > factor * held + more) & (held > 0)
    begin = np.where(broken, end - held, begin)
    is_timed = np.isfinite(begin) & np.isfinite(end) & (end >= begin)
    first = float(begin[is_timed].min()) if is_timed.any() else 0.0
    return pd.DataFrame(
        {
            "trial": table["trial"],
            "stage": table["stage"],
            "outcome": table["outcome"],
            "host": table["host"],
            "begin": np.where(is_timed, begin - first, np.nan),
            "end": np.where(is_timed, end - first, np.nan),
            "broken": broken & is_timed,
        },
        index=table.index,
    )


def lanes_of(rows: pd.DataFrame) -> pd.Series[int]:
    """A lane per run: hosts beneath each other, within a host the first lane that is free.

    The record names the host on which a run started, not its slot.
    """
    lanes = pd.Series(0, index=rows.index)
    offset = 0
    for _, group in sorted(rows.groupby("host"), key=lambda it: str(it[0])):
        packed = _packed(group["begin"].to_numpy(float), group["end"].to_numpy(float))
        lanes[group.index] = packed + offset
        offset += int(packed.max()) + 1
    return lanes


def _packed(begin: Array, end: Array) -> NDArray[np.int64]:
    """Lanes of intervals in order of their start: each takes the lowest lane that is free."""
    lanes = np.zeros(len(begin), dtype=np.int64)
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    used = 0
    for i in np.argsort(begin, kind="stable"):
        while busy and busy[0][0] <= begin[i]:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            lane = heapq.heappop(free)
        else:
            lane, used = used, used + 1
        lanes[i] = lane
        heapq.heappush(busy, (float(end[i]), lane))
    return lanes


def draw_timeline(
    rows: pd.DataFrame,
    *,
    num_left_out: int = 0,
    num_slots: int | None = None,
    since: str = "the first run",
) -> Panel:
    """A bar per run in lanes; of many runs the slots in use and the ends by verdict, over time."""
    unit = unit_for(float(rows["end"].max()))
    large = len(rows) > MOST_MARKS
    figure, extra = occupancy(rows, unit, num_slots) if large else _bars(rows, unit)
    figure.update_xaxes(
        title={"text": f"{unit.name} since {since}", "font": {"size": 13}, "standoff": 6}
    )
    return Panel(
        "timeline",
        figure,
        "Slots over the time of the search: which run held one when, and how it ended.",
        counts_in_order(rows["outcome"]),
        note=_note(rows, num_left_out, large=large),
        table=_table(rows),
        marks="timeline",
        title="Slots over time",
        extra={**extra, "large": large},
    )


def _note(rows: pd.DataFrame, num_left_out: int, *, large: bool) -> str:
    if large:
        note = "Above, runs in progress; beneath, runs that ended, by verdict. "
    else:
        note = (
            "One bar per run: thin in explore, thicker in race, thickest in confirm. The record "
            "does not name slots: a run is in the first free lane of its host. "
        )
    if rows["broken"].any():
        note += (
            f"{counted(int(rows['broken'].sum()), 'run')} had a break: drawn as the seconds that "
            "they ran, up to the end. "
        )
    if num_left_out:
        note += f"Not drawn: {counted(num_left_out, 'run')} without times. "
    return note.strip()


def _bars(rows: pd.DataFrame, unit: Unit) -> tuple[go.Figure, dict[str, Any]]:
    lanes = lanes_of(rows)
    num_lanes = int(lanes.max()) + 1
    stages = [stage for stage in STAGES if (rows["stage"] == stage).any()]
    height = int(np.clip(LANE * (num_lanes + len(stages)), LEAST_HEIGHT, MOST_HEIGHT))
    figure = blank(height + 50)
    for outcome in in_order(set(rows["outcome"])):
        chosen = rows[rows["outcome"] == outcome]
        figure.add_trace(
            go.Bar(
                orientation="h",
                base=plain(chosen["begin"] / unit.seconds),
                x=plain((chosen["end"] - chosen["begin"]) / unit.seconds),
                y=lanes[chosen.index].tolist(),
                width=[THICKNESS.get(stage, THICKNESS["explore"]) for stage in chosen["stage"]],
                marker={"color": look(outcome).colour, "line": {"width": 0}},
                customdata=[int(run) for run in chosen.index],
                meta={"of": "runs", "outcome": outcome},
            )
        )
    for row, stage in enumerate(reversed(stages)):
        chosen = rows[rows["stage"] == stage]
        figure.add_trace(_stage_span(chosen, float(rows["end"].max()), -1.1 - 0.85 * row, unit))
    hosts = rows.groupby("host").groups
    middles = {str(host): float(lanes[index].mean()) for host, index in hosts.items()}
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(range=[0, float(rows["end"].max()) / unit.seconds * 1.005])
    figure.update_yaxes(
        range=[num_lanes - 0.4, -1.1 - 0.85 * len(stages) + 0.2],
        tickvals=list(middles.values()),
        ticktext=[plotly_text(shortened(host)) for host in middles],
        showgrid=False,
    )
    extra = {
        "unit": unit.seconds,
        "begin": by_run(rows["begin"]),
        "end": by_run(rows["end"]),
        "lane": by_run(lanes),
        "thickness": THICKNESS,
    }
    return figure, extra


def _stage_span(rows: pd.DataFrame, whole: float, y: float, unit: Unit) -> go.Scatter:
    """A line from the start of a stage's first run to the end of its last, with its name."""
    begin, end = float(rows["begin"].min()), float(rows["end"].max())
    label = f"{plotly_text(rows['stage'].iloc[0])}, {counted(len(rows), 'run')}"
    late = begin > 0.7 * whole
    return go.Scatter(
        x=[begin / unit.seconds, end / unit.seconds],
        y=[y, y],
        mode="lines+text",
        line={"color": INK, "width": 1.2},
        text=["", label] if late else [label, ""],
        textposition="top left" if late else "top right",
        textfont={"size": 12},
        hoverinfo="skip",
        meta={"of": "stage"},
        cliponaxis=False,
    )


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    table_rows = []
    for stage in [name for name in STAGES if (rows["stage"] == name).any()]:
        chosen = rows[rows["stage"] == stage]
        ended = chosen[chosen["outcome"] != "running"]
        table_rows.append(
            {
                "Stage": stage,
                "Runs": len(chosen),
                "Ended": len(ended),
                "First began, seconds": float(chosen["begin"].min()),
                "Last ended, seconds": float(chosen["end"].max()),
                "Median seconds of a run": float((chosen["end"] - chosen["begin"]).median()),
                "Hosts": int(chosen["host"].nunique()),
                "Span": duration(float(chosen["end"].max() - chosen["begin"].min())),
            }
        )
    return pd.DataFrame(table_rows)
