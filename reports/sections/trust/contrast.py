"""The runs that a choice was made by beside those it was not made by: race against fresh seeds.

A trial that leads many others leads partly by luck (the winner's curse), so the runs that it was
chosen by are biased in its favour. Fresh runs are not; before there are any, its share shrunk
towards what all trials show (beta-binomial) estimates how much of the lead will last.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lab.record import StudyRecord
from lab.statistics import shrink, stable_shares
from reports.kit.forest import LaneSeries, Style, lanes
from reports.kit.layouts import lanes_axis, narrow_shares, share_axis
from reports.kit.panel import BLUE, Panel, blank
from reports.kit.words import trial_name
from reports.study.conclusions import conclusions_of, finalist_results, is_confirmed
from reports.study.tables import finished, run_table

CHOSEN, FRESH, SHRUNK = "chosen by", "fresh seeds", "shrunk towards all"
LIFT = 0.17
"""Distance of a lane's two lines from its middle, of the height of a lane."""
MOST_LEADERS = 6
LEAST_RUNS = 2
"""Runs of a trial that is no finalist: trials of a single run differ only in stable or not."""


def contrast_rows(study: StudyRecord) -> pd.DataFrame:
    """Two rows a trial, the best first: trial, kind, stable, total, share, low, high.

    Finalists by the runs they were chosen by and by fresh ones (Wilson's 95 % bounds); in a study
    without fresh runs the leaders with several runs, as observed and shrunk towards all trials
    (95 % credible bounds, no counts).
    """
    columns = ["trial", "kind", "stable", "total", "share", "low", "high"]
    rows = _confirmed(study) if is_confirmed(study) else _leaders(study)
    return pd.DataFrame(rows, columns=columns)


def contrast_panel(study: StudyRecord) -> Panel | None:
    """The figure, or None for a study whose trials have one run each."""
    rows = contrast_rows(study)
    return None if rows.empty else draw_contrast(rows, conclusions_of(study).recommended)


def draw_contrast(rows: pd.DataFrame, recommended: int | None = None) -> Panel:
    """A lane a trial: hollow the runs it was chosen by, filled the others, with intervals."""
    trials = list(dict.fromkeys(rows["trial"]))
    later = FRESH if (rows["kind"] == FRESH).any() else SHRUNK
    figure = blank(84 + 54 * len(trials))
    for kind, lift in ((CHOSEN, LIFT), (later, -LIFT)):
        figure.add_traces(lanes(_series(rows[rows["kind"] == kind], trials, kind, lift)))
    names = [f"<b>{trial_name(it)}</b>" if it == recommended else trial_name(it) for it in trials]
    share_axis(figure, 1.62, "share of stable runs")
    lanes_axis(figure, names, range=[len(trials) - 0.5, -0.55])
    return Panel(
        "contrast",
        figure,
        "Share of stable runs of each trial, by the runs it was chosen by and by others.",
        note=NOTES[later],
        narrow=narrow_shares(2.3),
        table=rows.rename(columns={"share": "share stable", "kind": "runs"}),
    )


NOTES = {
    FRESH: "Hollow: the runs that a trial was chosen by, which are biased in its favour. Filled: "
    "fresh seeds that no choice was made on. Lines: 95% intervals (Wilson). The recommended trial "
    "is bold; it was named before any fresh run.",
    SHRUNK: "Hollow: the runs that a trial leads by, with Wilson's 95% interval. Filled: the same "
    "share shrunk towards what all trials show, with a 95% credible interval; it is what to "
    "expect of fresh seeds, not a test on them.",
}


def _series(rows: pd.DataFrame, trials: list[int], kind: str, lift: float) -> LaneSeries:
    """Hollow for the runs that a trial was chosen by; the counts at the right."""
    hollow = Style(BLUE, "circle-open", 11, 1.5, 0.55)
    return LaneSeries(
        hollow if kind == CHOSEN else Style(BLUE, "circle", 11, 3.5, 0.55),
        [trials.index(trial) for trial in rows["trial"]],
        rows[["share", "low", "high"]],
        lift=lift,
        words=[
            f"{kind}: {stable:.0f} of {total:.0f}" if total > 0 else f"{kind}: {100 * share:.0f}%"
            for stable, total, share in zip(
                rows["stable"], rows["total"], rows["share"], strict=True
            )
        ],
        words_at=1.09,
        trials=rows["trial"].tolist(),
    )


def _confirmed(study: StudyRecord) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for finalist in finalist_results(study):
        for kind, share in ((CHOSEN, finalist.race), (FRESH, finalist.fresh)):
            if share.total:
                numbers = share.count, share.total, share.value, *share.interval
                rows.append((finalist.trial, kind, *numbers))
    return rows


def _leaders(study: StudyRecord) -> list[tuple[object, ...]]:
    """Trials with several runs, by the share stable and the mean score."""
    runs = finished(run_table(study))
    runs = runs[runs["stage"] != "confirm"]
    counts = stable_shares(
        runs["trial"].to_numpy(dtype=np.int64), runs["outcome"].eq("stable").to_numpy()
    )
    if counts.trial.size == 0 or not (counts.runs >= LEAST_RUNS).any():
        return []
    shrunk = shrink(counts.stable, counts.runs)
    several = np.flatnonzero(counts.runs >= LEAST_RUNS)
    order = several[np.lexsort((-counts.runs[several], -shrunk.mean[several]))]
    rows: list[tuple[object, ...]] = []
    for i in order[:MOST_LEADERS]:
        trial, stable, total = (int(of[i]) for of in (counts.trial, counts.stable, counts.runs))
        observed = (stable, total, stable / total, float(counts.low[i]), float(counts.high[i]))
        expected = (float(of[i]) for of in (shrunk.mean, shrunk.low, shrunk.high))
        rows += [(trial, CHOSEN, *observed), (trial, SHRUNK, 0, 0, *expected)]
    return rows
