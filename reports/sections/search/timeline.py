"""The search itself: which run a slot held when, and, of many runs, how many it held and ended."""

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
from reports.sections.search.spending import parts_of, spending_blocks, told, worked_seconds
from reports.study.scale import MOST_MARKS
from reports.study.tables import run_table

Array = NDArray[np.float64]
THICKNESS = {"explore": 0.46, "race": 0.68, "confirm": 0.9}
"""Heights of bars by stage, of a lane's height: the second code beside the colour."""
LANE, LEAST_HEIGHT, MOST_HEIGHT = 26, 150, 560
INTERRUPTED = (1.5, 60.0)
"""A run that took this many times its seconds, and so many seconds more, had a break."""


def search_blocks(study: StudyRecord) -> list[Block]:
    """The section: slots over time, what it cost, what stopping saved, what early quality told."""
    return [
        *timeline_blocks(study),
        *spending_blocks(study),
        *saved_blocks(study),
        *early_blocks(study),
    ]


def timeline_blocks(study: StudyRecord) -> list[Block]:
    """The slots of a study in which a run has begun."""
    rows = timeline_rows(study)
    timed = rows[np.isfinite(rows["begin"].to_numpy(dtype=float))]
    if timed.empty:
        return [Missing("No run says when it began, so there is no timeline.")]
    return [
        draw_timeline(
            timed,
            num_left_out=len(rows) - len(timed),
            num_slots=study.card.settings.concurrent,
            since=first_start(study),
        )
    ]


def first_start(study: StudyRecord) -> str:
    """When the first run began, `2026-11-22 23:05 UTC`; `the first run` where none says."""
    started = run_table(study)["started"]
    if started.isna().all():
        return "the first run"
    first = study.runs[int(np.nanargmin(started.to_numpy(dtype=float)))].card.started
    return f"{first[:10]} {first[11:16]} UTC"


def timeline_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a run: trial, stage, outcome, host, begin, end (seconds from the first), broken.

    A run holds its slot from before `started`, when it was being made ready. One that was stopped
    and went on later (`broken`) is shown as the seconds it took, before its end: the record does
    not say when the earlier part was. A run without an end is shown to its last evaluation. NaN
    where the record does not tell.
    """
    table = run_table(study)
    started, ended = (table[name].to_numpy(dtype=float) for name in ("started", "ended"))
    starting, worked = told(parts_of(study)["starting"]), told(worked_seconds(study))
    end = np.where(np.isfinite(ended), ended, started + worked)
    begin = started - starting
    held = starting + worked
    factor, more = INTERRUPTED
    broken = (end - begin > factor * held + more) & (held > 0)
    begin = np.where(broken, end - held, begin)
    known = np.isfinite(begin) & np.isfinite(end) & (end >= begin)
    first = float(begin[known].min()) if known.any() else 0.0
    return pd.DataFrame(
        {
            "trial": table["trial"],
            "stage": table["stage"],
            "outcome": table["outcome"],
            "host": table["host"],
            "begin": np.where(known, begin - first, np.nan),
            "end": np.where(known, end - first, np.nan),
            "broken": broken & known,
        },
        index=table.index,
    )


def lanes_of(rows: pd.DataFrame) -> pd.Series[int]:
    """A lane a run: hosts beneath each other, within a host the first lane that is free.

    The record does not say which slot a run had, only on which host it began.
    """
    lanes = pd.Series(0, index=rows.index)
    offset = 0
    for _, group in sorted(rows.groupby("host"), key=lambda it: str(it[0])):
        packed = _packed(group["begin"].to_numpy(float), group["end"].to_numpy(float))
        lanes[group.index] = packed + offset
        offset += int(packed.max()) + 1
    return lanes


def _packed(begin: Array, end: Array) -> NDArray[np.int64]:
    """Lanes of intervals by their beginning: each takes the lowest lane that is free."""
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
    """A bar a run in lanes; of many runs the slots in use and the ends by verdict, over time."""
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
        said = "Above, runs under way; beneath, runs that ended, by verdict. "
    else:
        said = (
            "A bar a run, thin in explore, thicker in race, thickest in confirm. The record does "
            "not name slots: a run is in the first lane of its host that was free. "
        )
    if rows["broken"].any():
        said += (
            f"{counted(int(rows['broken'].sum()), 'run')} had a break: shown as the seconds "
            "taken, before the end. "
        )
    if num_left_out:
        said += f"Not drawn: {counted(num_left_out, 'run')} without times. "
    return said.strip()


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
    for place, stage in enumerate(reversed(stages)):
        chosen = rows[rows["stage"] == stage]
        figure.add_trace(_stage_span(chosen, float(rows["end"].max()), -1.1 - 0.85 * place, unit))
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
    """From the first run of a stage to the last, named where there is room."""
    begin, end = float(rows["begin"].min()), float(rows["end"].max())
    said = f"{plotly_text(rows['stage'].iloc[0])}, {counted(len(rows), 'run')}"
    late = begin > 0.7 * whole
    return go.Scatter(
        x=[begin / unit.seconds, end / unit.seconds],
        y=[y, y],
        mode="lines+text",
        line={"color": INK, "width": 1.2},
        text=["", said] if late else [said, ""],
        textposition="top left" if late else "top right",
        textfont={"size": 12},
        hoverinfo="skip",
        meta={"of": "stage"},
        cliponaxis=False,
    )


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    found = []
    for stage in [name for name in STAGES if (rows["stage"] == name).any()]:
        chosen = rows[rows["stage"] == stage]
        ended = chosen[chosen["outcome"] != "running"]
        found.append(
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
    return pd.DataFrame(found)
