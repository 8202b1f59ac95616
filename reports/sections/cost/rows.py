"""Stability and quality of every trial: rows, note and table of the figure."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from lab.record import UNBROKEN, StudyRecord
from lab.statistics import (
    bootstrap_intervals,
    by_runs,
    interquartile_mean,
    pareto_front,
    stable_shares,
)
from reports.kit.axes import Ruler
from reports.kit.outcomes import VERDICT_NAMES
from reports.kit.shares import RunShare
from reports.kit.words import counted
from reports.study.conclusions import finalists_of
from reports.study.scale import LEAST_TRIALS
from reports.study.tables import finished, run_table

CONFIRM, CHOSEN_BY = "confirm runs", "explore and race runs"
LEAST_SEEDS = 3
"""Runs of a trial from which its quality has an interval."""
MOST_CROSSES = 40
"""Trials up to which all have their intervals drawn; beyond, finalists and the Pareto set."""
MOST_LABELS = 8
COLUMNS = (
    "trial", "basis", "stable", "total", "low", "high", "quality", "quality_low", "quality_high",
    "finalist", "front",
)  # fmt: skip


def cost_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a trial with a finished run: trial, basis, stable, total, low, high, quality, ...

    low and high are Wilson's 95% bounds of P(stable) over the runs of `basis`; quality is the
    interquartile mean of their final quality, failures as 0, with a bootstrap interval from
    LEAST_SEEDS runs on for those whose interval is drawn. `front` is the Pareto set of low and
    quality; it is empty where every trial has one run, and holds no trial without a stable one.
    """
    runs = finished(run_table(study))
    runs = runs[runs["trial"].isin([trial.number for trial in study.trials])]
    confirmed = runs["trial"].isin(finalists_of(study)) & (runs["stage"] == "confirm")
    fresh = runs["trial"][confirmed].unique()
    chosen_by = ~runs["trial"].isin(fresh) & (runs["stage"] != "confirm")
    runs = runs[confirmed | chosen_by]
    if runs.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    number = runs["trial"].to_numpy(dtype=np.int64)
    outcome = runs["outcome"].to_numpy()
    quality = runs["final_quality"].to_numpy(dtype=float)
    broke = np.isin(outcome, VERDICT_NAMES) & ~np.isin(outcome, UNBROKEN)
    shares = stable_shares(number, outcome == "stable")
    rows = pd.DataFrame(
        {
            "trial": shares.trial,
            "basis": np.where(np.isin(shares.trial, fresh), CONFIRM, CHOSEN_BY),
            "stable": shares.stable, "total": shares.runs, "low": shares.low, "high": shares.high,
            "finalist": np.isin(shares.trial, finalists_of(study)),
        }
    )  # fmt: skip
    repeated = by_runs(number, np.where(broke, 0.0, quality))
    for group in repeated:
        index = np.searchsorted(shares.trial, group.trial)
        rows.loc[index, "quality"] = interquartile_mean(group.values, axis=1)
    rows = rows[rows["quality"].notna()].reset_index(drop=True)
    rows["front"] = _front(rows)
    return _with_intervals(rows, repeated)[list(COLUMNS)]


def cost_note(rows: pd.DataFrame, *, single: bool, binned: bool, num_left_out: int) -> str:
    """What marks and lines are, and what the figure cannot show."""
    sentences = [
        "A mark is a trial: across, the lower end of the Wilson 95% interval of P(stable); "
        "upward, the interquartile mean of the final quality, failures as 0."
    ]
    sentences += [_cannot_rank()] if single else _ranking(rows)
    sentences += _lines_note(rows, single=single)
    if binned:
        sentences.append(f"Shade: how many of all {len(rows):,} trials lie there.")
    elif rows.duplicated(["stable", "total"]).any():
        sentences.append("Trials with the same counts are spread a little across.")
    if num_left_out:
        sentences.append(f"Not drawn: {counted(num_left_out, 'trial')} without a final quality.")
    return " ".join(sentences)


def _cannot_rank() -> str:
    return (
        "Every trial has one run, so this figure cannot rank them by stability: that bound is 0% "
        f"for a run that failed and {RunShare(1, 1).interval.low:.0%} for one that did not."
    )


def _ranking(rows: pd.DataFrame) -> list[str]:
    """What blue, filled and hollow marks are."""
    num_front = int(rows["front"].sum())
    named = f" ({num_front}, the best {MOST_LABELS} named)" if num_front > MOST_LABELS else ""
    confirmed = int((rows["basis"] == CONFIRM).sum())
    return [
        f"Blue, joined: the Pareto set, whose trials no other trial beats in both{named}.",
        f"Filled: {counted(confirmed, 'finalist')} by confirm runs alone, which no choice was "
        "made on. Hollow: by explore and race runs, which are biased in favour of chosen trials."
        if confirmed
        else "By explore and race runs, which are biased in favour of chosen trials.",
    ]


def _lines_note(rows: pd.DataFrame, *, single: bool) -> list[str]:
    """What the thin lines are, and which are left out."""
    small = len(rows) < LEAST_TRIALS
    sentences = []
    if small or not single:
        sentences.append(
            "Lines: 95% intervals, Wilson's across and a bootstrap over seeds upward from "
            f"{LEAST_SEEDS} runs on, which are too narrow from few seeds."
        )
    if not small and not single and (rows["total"] == 1).any():
        failed, held = RunShare(0, 1).bounds, RunShare(1, 1).bounds
        sentences.append(f"Those of single runs, {failed} or {held}, are not drawn.")
    return sentences


def cost_table(rows: pd.DataFrame, ruler: Ruler | None = None) -> pd.DataFrame:
    """The Pareto set and the finalists one by one, the others by their counts.

    Beside quality the distance that it stands for, where that is known.
    """
    names = {
        "low": "95% low", "high": "95% high", "total": "runs", "basis": "by",
        "quality_low": "quality 95% low", "quality_high": "quality 95% high",
    }  # fmt: skip
    named = rows[rows["front"] | rows["finalist"]]
    single = named.assign(trials=1, trial=named["trial"].map(str))
    rest = rows.drop(named.index)
    groups = rest.groupby(["basis", "stable", "total", "low", "high"], as_index=False).agg(
        trials=("trial", "size"), quality=("quality", "median")
    )
    groups = groups.sort_values("low", ascending=False).assign(trial="others, median quality")
    order = ["trial", "trials", "basis", "stable", "total", "low", "high", "quality"]
    columns = [*order, "quality_low", "quality_high"]
    both = pd.concat([single.reindex(columns=columns), groups.reindex(columns=columns)])
    if ruler is not None:
        distances = [
            ruler.scale.distance(u) if math.isfinite(u) else math.nan for u in both["quality"]
        ]
        both.insert(list(both.columns).index("quality") + 1, ruler.column, distances)
    return both.rename(columns=names)


def _front(rows: pd.DataFrame) -> Any:
    """The Pareto set, searched among the best of the trials that share a lower bound: a few."""
    front = np.zeros(len(rows), dtype=bool)
    if (rows["total"] == 1).all():
        return front
    best = rows["quality"] == rows.groupby("low")["quality"].transform("max")
    candidates = np.flatnonzero(best & (rows["stable"] > 0))
    values = rows[["low", "quality"]].to_numpy(dtype=float)[candidates]
    front[candidates] = pareto_front(values, [True, True])
    return front


def _with_intervals(rows: pd.DataFrame, repeated: list[Any]) -> pd.DataFrame:
    """Bootstrap intervals of the quality for the trials whose intervals are drawn."""
    chosen = (rows["front"] | rows["finalist"] | (len(rows) <= MOST_CROSSES)).to_numpy()
    rows = rows.assign(quality_low=math.nan, quality_high=math.nan)
    for group in repeated:
        if group.values.shape[1] < LEAST_SEEDS:
            continue
        is_drawn = np.isin(group.trial, rows["trial"][chosen])
        index = np.searchsorted(rows["trial"], group.trial[is_drawn])
        intervals = bootstrap_intervals(group.values[is_drawn], np.random.default_rng(0))
        rows.loc[index, "quality_low"] = intervals.low
        rows.loc[index, "quality_high"] = intervals.high
    return rows
