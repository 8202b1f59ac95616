"""Marginal means along every parameter, over an even sample of the space."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lab.record import StudyRecord
from lab.statistics import bin_of, binned_means, binned_shares
from reports.kit.axes import Axis, axis_for
from reports.study.scale import LEAST_TRIALS
from reports.study.tables import (
    finished,
    parameters_of,
    sobol_runs,
)

MOST_PARTS = 8
RUNS_A_BIN = 8
"""Runs that a bin of a numeric parameter should hold on average."""
COLUMNS = (
    "parameter", "bin", "start", "end", "runs", "trials", "stable", "low", "high", "score",
    "score_low", "score_high",
)  # fmt: skip


def dependence_rows(study: StudyRecord) -> pd.DataFrame:
    """One row per parameter and bin: finished explore runs of Sobol trials, stable ones, scores.

    start and end are positions on the parameter's axis; low and high bound P(stable), score_low
    and score_high the mean score over trials, where a bin has at least two. A run without the
    parameter is in none of its bins. Empty below LEAST_TRIALS Sobol trials.
    """
    runs = finished(sobol_runs(study))
    if runs["trial"].nunique() < LEAST_TRIALS:
        return pd.DataFrame(columns=list(COLUMNS))
    binned = [_binned(runs, axis) for axis in axes_of(study).values()]
    return pd.concat(binned, ignore_index=True)


def axes_of(study: StudyRecord) -> dict[str, Axis]:
    """The axis of every parameter over the values that Sobol trials sampled."""
    runs = finished(sobol_runs(study))
    return {p.path: axis_for(p, runs[p.path].tolist()) for p in parameters_of(study)}


def _binned(runs: pd.DataFrame, axis: Axis) -> pd.DataFrame:
    path = axis.parameter.path
    positions = axis.positions(runs[path].tolist())
    num_finite = int(np.isfinite(positions).sum())
    edges = axis.bins(int(np.clip(num_finite // RUNS_A_BIN, 2, MOST_PARTS)))
    bin_index, num = bin_of(positions, edges), len(edges) - 1
    trial = runs["trial"].to_numpy(dtype=np.int64)
    shares = binned_shares(bin_index, num, (runs["outcome"] == "stable").to_numpy(), trial)
    score = binned_means(bin_index, num, runs["score"].to_numpy(dtype=float), trial)
    return pd.DataFrame(
        {
            "parameter": path, "bin": axis.spans(edges[:-1], edges[1:]),
            "start": edges[:-1], "end": edges[1:],
            "runs": shares.total, "trials": shares.trials, "stable": shares.stable,
            "low": shares.low, "high": shares.high,
            "score": score.mean, "score_low": np.clip(score.low, 0, 1),
            "score_high": np.clip(score.high, 0, 1),
        },
        columns=list(COLUMNS),
    )  # fmt: skip
