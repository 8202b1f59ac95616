"""The figures a choice was made by beside those it was not made by: race against fresh seeds.

A trial that leads many others leads partly by luck (the winner's curse), so the runs that it was
chosen by flatter it. Fresh runs do not; before there are any, its share drawn towards what all
trials show (beta-binomial) says how much of the lead to expect to last.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.record import StudyRecord
from lab.statistics import shrink, stable_shares
from reports.kit.panel import Panel, blank, plain
from reports.study.conclusions import conclusions_of, finalist_results, is_confirmed
from reports.study.tables import finished, run_table

CHOSEN, FRESH, DRAWN = "chosen by", "fresh seeds", "drawn towards all"
COLOUR = "#0072B2"
LIFT = 0.17
"""Of a lane's two lines above and below its middle; lanes are 1 apart."""
MOST_LEADERS = 6
LEAST_RUNS = 2
"""Runs of a trial that is no finalist: of single runs all are alike."""


def contrast_rows(study: StudyRecord) -> pd.DataFrame:
    """Two rows a trial, the best first: trial, kind, stable, total, share, low, high.

    Finalists by the runs they were chosen by and by fresh ones (Wilson's 95 % bounds); in a study
    without fresh runs the leaders with several runs, as seen and drawn towards all trials (95 %
    credible bounds, no counts).
    """
    columns = ["trial", "kind", "stable", "total", "share", "low", "high"]
    rows = _confirmed(study) if is_confirmed(study) else _leaders(study)
    return pd.DataFrame(rows, columns=columns)


def contrast_panel(study: StudyRecord) -> Panel | None:
    """The figure, or None for a study whose trials have one run each."""
    rows = contrast_rows(study)
    return None if rows.empty else draw_contrast(rows, conclusions_of(study).recommended)


def draw_contrast(rows: pd.DataFrame, recommended: int | None = None) -> Panel:
    """A lane a trial: hollow what it was chosen by, filled what it was not, with intervals."""
    trials = list(dict.fromkeys(rows["trial"]))
    place = {trial: -float(i) for i, trial in enumerate(trials)}
    later = FRESH if (rows["kind"] == FRESH).any() else DRAWN
    figure = blank(84 + 54 * len(trials))
    for kind, lift in ((CHOSEN, LIFT), (later, -LIFT)):
        own = rows[rows["kind"] == kind]
        heights = [place[trial] + lift for trial in own["trial"]]
        for trace in _lanes(own, heights, filled=kind != CHOSEN):
            figure.add_trace(trace)
    names = [f"trial {trial}" for trial in trials]
    title = {"text": "share of stable runs", "standoff": 6, "font": {"size": 12}}
    figure.update_xaxes(range=[-0.02, 1.62], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1],
                        title=title)  # fmt: skip
    figure.update_yaxes(
        range=[0.5 - len(trials), 0.55], showgrid=False,
        tickvals=[place[trial] for trial in trials],
        ticktext=[f"<b>{name}</b>" if trial == recommended else name
                  for name, trial in zip(names, trials, strict=True)],
    )  # fmt: skip
    return Panel(
        "contrast",
        figure,
        "Share of stable runs of each trial, by the runs it was chosen by and by others.",
        note=NOTES[later],
        narrow={"xaxis.range": [-0.02, 2.3], "xaxis.tickvals": [0, 0.5, 1]},
        table=rows.rename(columns={"share": "share stable", "kind": "runs"}),
    )


NOTES = {
    FRESH: "Hollow: the runs that a trial was chosen by, which flatter whom they choose. Filled: "
    "fresh seeds that no choice was made by. Lines: 95% intervals (Wilson). The recommended trial "
    "is bold; it was named before any fresh run.",
    DRAWN: "Hollow: the runs that a trial leads by, with Wilson's 95% interval. Filled: the same "
    "drawn towards what all trials show, with a 95% credible interval; it is what to expect of "
    "fresh seeds, and no test by them.",
}


def _lanes(rows: pd.DataFrame, heights: list[float], *, filled: bool) -> list[go.Scatter]:
    """Intervals as lines with gaps between, then dots and counts at the right."""
    ends = [end for low, high in zip(rows["low"], rows["high"], strict=True)
            for end in (low, high, None)]  # fmt: skip
    line = {"color": COLOUR, "width": 3.5 if filled else 1.5}
    marker = {
        "size": 11, "color": COLOUR, "symbol": "circle" if filled else "circle-open",
        "line": {"width": 0 if filled else 2, "color": COLOUR},
    }  # fmt: skip
    words = [
        f"{row['kind']}: {row['stable']:.0f} of {row['total']:.0f}"
        if row["total"] > 0
        else f"{row['kind']}: {100 * row['share']:.0f}%"
        for row in rows.to_dict("records")
    ]
    return [
        go.Scatter(x=plain(ends), y=[y for height in heights for y in (height, height, None)],
                   mode="lines", line=line, opacity=0.55, hoverinfo="skip"),
        go.Scatter(x=plain(rows["share"]), y=heights, mode="markers", marker=marker,
                   customdata=rows["trial"].tolist(), meta={"of": "trials"}),
        go.Scatter(x=[1.09] * len(rows), y=heights, mode="text", text=words, hoverinfo="skip",
                   textposition="middle right", textfont={"size": 12}),
    ]  # fmt: skip


def _confirmed(study: StudyRecord) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for finalist in finalist_results(study):
        for kind, share in ((CHOSEN, finalist.race), (FRESH, finalist.fresh)):
            if share.total:
                numbers = share.count, share.total, share.value, *share.interval
                found.append((finalist.trial, kind, *numbers))
    return found


def _leaders(study: StudyRecord) -> list[tuple[object, ...]]:
    """Trials with several runs, by the share stable and the mean score."""
    runs = finished(run_table(study))
    runs = runs[runs["stage"] != "confirm"]
    counts = stable_shares(
        runs["trial"].to_numpy(dtype=np.int64), runs["outcome"].eq("stable").to_numpy()
    )
    if counts.trial.size == 0 or not (counts.runs >= LEAST_RUNS).any():
        return []
    drawn = shrink(counts.stable, counts.runs)
    several = np.flatnonzero(counts.runs >= LEAST_RUNS)
    order = several[np.lexsort((-counts.runs[several], -drawn.mean[several]))]
    found: list[tuple[object, ...]] = []
    for i in order[:MOST_LEADERS]:
        trial, stable, total = (int(of[i]) for of in (counts.trial, counts.stable, counts.runs))
        seen = (stable, total, stable / total, float(counts.low[i]), float(counts.high[i]))
        expected = (float(of[i]) for of in (drawn.mean, drawn.low, drawn.high))
        found += [(trial, CHOSEN, *seen), (trial, DRAWN, 0, 0, *expected)]
    return found
