"""Marginal means along every parameter, over an even sample of the space."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from lab.record import StudyRecord
from reports.kit.axes import Axis, axis_for
from reports.kit.shares import Array, bin_of, binned_shares
from reports.study.scale import LEAST_TRIALS
from reports.study.tables import (
    finished,
    parameters_of,
    sobol_runs,
)

MOST_PARTS = 8
RUNS_A_BIN = 8
"""Runs that a bin of a number should hold on average."""
COLUMNS = (
    "parameter", "bin", "start", "end", "runs", "trials", "stable", "low", "high", "score",
    "score_low", "score_high",
)  # fmt: skip


class Mean(NamedTuple):
    """Means in bins with their 95% intervals (Student's t over trials); NaN where unknown."""

    mean: Array
    low: Array
    high: Array


def dependence_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a parameter and bin: finished explore runs of Sobol trials, stable ones, scores.

    start and end are positions on the parameter's axis; low and high bound P(stable), score_low
    and score_high the mean score over trials, where a bin has two. A run without the parameter
    is in no bin of it. Empty below LEAST_TRIALS Sobol trials.
    """
    runs = finished(sobol_runs(study))
    if runs["trial"].nunique() < LEAST_TRIALS:
        return pd.DataFrame(columns=list(COLUMNS))
    found = [_binned(runs, axis) for axis in axes_of(study).values()]
    return pd.concat(found, ignore_index=True)


def axes_of(study: StudyRecord) -> dict[str, Axis]:
    """The axis of every parameter over what Sobol trials sampled."""
    runs = finished(sobol_runs(study))
    return {p.path: axis_for(p, runs[p.path].tolist()) for p in parameters_of(study)}


def _binned(runs: pd.DataFrame, axis: Axis) -> pd.DataFrame:
    path = axis.parameter.path
    positions = axis.positions(runs[path].tolist())
    known = int(np.isfinite(positions).sum())
    edges = axis.bins(int(np.clip(known // RUNS_A_BIN, 2, MOST_PARTS)))
    place, num = bin_of(positions, edges), len(edges) - 1
    stable = (runs["outcome"] == "stable").to_numpy()
    found = binned_shares(place, num, stable, runs["trial"].to_numpy(dtype=np.int64))
    score = _means(place, num, runs)
    return pd.DataFrame(
        {
            "parameter": path, "bin": axis.spans(edges[:-1], edges[1:]),
            "start": edges[:-1], "end": edges[1:],
            "runs": found.total, "trials": found.trials, "stable": found.stable,
            "low": found.low, "high": found.high,
            "score": score.mean, "score_low": score.low, "score_high": score.high,
        },
        columns=list(COLUMNS),
    )  # fmt: skip


def _means(place: Any, num_bins: int, runs: pd.DataFrame) -> Mean:
    """Mean score in bins over trials, each by the mean of its runs; runs without one are out."""
    told = pd.DataFrame({"place": place, "trial": runs["trial"], "score": runs["score"]})
    told = told[(told["place"] >= 0) & told["score"].notna()]
    trials = told.groupby("trial").agg(place=("place", "first"), score=("score", "mean"))
    at, scores = trials["place"].to_numpy(dtype=np.int64), trials["score"].to_numpy(dtype=float)
    count = np.bincount(at, minlength=num_bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(at, scores, num_bins) / count
        spread = np.bincount(at, (scores - mean[at]) ** 2, num_bins) / (count - 1)
        half = stats.t.ppf(0.975, np.maximum(count - 1, 1)) * np.sqrt(spread / count)
    half = np.where(count > 1, half, math.nan)
    return Mean(mean, np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1))
