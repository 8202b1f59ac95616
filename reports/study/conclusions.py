"""What a study concluded: who leads it, who is confirmed, and by which runs that may be said."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lab.record import StudyRecord
from lab.statistics import (
    bootstrap_interval,
    conditional_value_at_risk,
    interquartile_mean,
    shrink,
    stable_shares,
)
from reports.kit.words import wilson_bounds
from reports.study.tables import explored, finished, of_study, run_table


@dataclass(frozen=True)
class Conclusions:
    """`conclusions` of study.json; empty for a study that did not race, or not to its end."""

    finalists: tuple[int, ...] = ()
    """Trials of the race's last rung, the winner first."""
    recommended: int | None = None
    """The race's winner, named before any confirm run."""
    pareto: tuple[int, ...] = ()
    """Trials that no other beats in every objective."""


@dataclass(frozen=True)
class Believed:
    """P(stable) of one trial, drawn towards what all trials show."""

    mean: float
    low: float
    high: float
    fitted: bool
    """Whether how much trials differ could be fitted."""


def conclusions_of(study: StudyRecord) -> Conclusions:
    """What study.json says, less the trials that the record does not hold."""
    conclusions = study.card.conclusions
    trials = {trial.number for trial in study.trials}
    recommended = conclusions.recommended
    return Conclusions(
        tuple(number for number in conclusions.finalists if number in trials),
        recommended if recommended in trials else None,
        tuple(number for number in conclusions.pareto if number in trials),
    )


def is_raced(study: StudyRecord) -> bool:
    """Whether the study chooses trials by more runs than their first."""
    settings = study.card.settings
    raced = settings.confirm > 0 or len(settings.seeds) > 1
    return raced or bool(conclusions_of(study).finalists)


def is_confirmed(study: StudyRecord) -> bool:
    """Whether any fresh run of the recommended trial has its verdict."""
    recommended = conclusions_of(study).recommended
    rows = finalist_rows(study)
    fresh = rows[rows["trial"] == recommended]["confirm_total"]
    return bool((fresh > 0).any())


def is_single(runs: pd.DataFrame) -> bool:
    """Whether every trial has one run: then a run stands for its trial."""
    return not (runs.groupby("trial").size() > 1).any()


def leading_trial(study: StudyRecord) -> int | None:
    """The recommended trial; before there is one the best by its explore runs.

    As a race ranks: by the share of them that is stable, then by their mean score.
    """
    recommended = conclusions_of(study).recommended
    if recommended is not None:
        return recommended
    runs = finished(explored(run_table(study)))
    runs = runs[runs["score"].notna()]
    if runs.empty:
        return None
    means = runs.assign(stable=runs["outcome"] == "stable").groupby("trial")[["stable", "score"]]
    order = means.mean().sort_values(["stable", "score"], ascending=False, kind="stable")
    return int(order.index[0])


def leader_word(study: StudyRecord) -> str:
    """What figures call the run of `leading_run`."""
    return "best run" if conclusions_of(study).recommended is None else "recommended"


def leading_run(study: StudyRecord) -> int | None:
    """Row of the run that is shown for the leading trial."""
    trial = leading_trial(study)
    return None if trial is None else shown_run(study, trial)


def shown_run(study: StudyRecord, trial: int) -> int | None:
    """Row of the run that stands for a trial.

    That with the median quality among its confirm runs, or else among its explore runs, so that
    the picture is no luckier than the trial.
    """
    runs = finished(run_table(study))
    runs = runs[runs["trial"] == trial]
    if runs.empty:
        return None
    confirmed = runs[runs["stage"] == "confirm"]
    shown = explored(runs) if confirmed.empty else confirmed
    shown = shown.sort_values("final_quality", kind="stable")
    return int(shown.index[(len(shown) - 1) // 2]) if len(shown) else None


FINALIST_COLUMNS = (
    "trial", "race_stable", "race_total", "race_low", "race_high", "confirm_stable",
    "confirm_total", "confirm_low", "confirm_high", "quality", "quality_low", "quality_high",
    "risk", "frechet", "seeds", "num_pending", "flags",
)  # fmt: skip


@of_study
def finalist_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a finalist, the race's winner first.

    `race_` counts the runs it was chosen by, `confirm_` the fresh ones, each with Wilson's 95 %
    bounds; `quality` is the interquartile mean of the final quality over confirm runs, failures
    as 0, with a bootstrap interval over its seeds; `risk` the mean of the worst quarter;
    `frechet` the median distance of the stable ones; `num_pending` confirm runs without an end.
    """
    runs = run_table(study)
    rows = [_finalist(trial, runs[runs["trial"] == trial]) for trial in finalists_of(study)]
    return pd.DataFrame(rows, columns=list(FINALIST_COLUMNS))


def finalists_of(study: StudyRecord) -> tuple[int, ...]:
    """The finalists, or those that confirm runs show to be some before study.json says so."""
    told = conclusions_of(study).finalists
    if told:
        return told
    runs = run_table(study)
    return tuple(sorted({int(trial) for trial in runs["trial"][runs["stage"] == "confirm"]}))


def believed(study: StudyRecord, trial: int) -> Believed | None:
    """Shrunken P(stable) of a trial from all runs that are not confirm runs; None without any."""
    runs = finished(run_table(study))
    runs = runs[runs["stage"] != "confirm"]
    counts = stable_shares(
        runs["trial"].to_numpy(dtype=np.int64), (runs["outcome"] == "stable").to_numpy()
    )
    place = np.flatnonzero(counts.trial == trial)
    if place.size == 0:
        return None
    found = shrink(counts.stable, counts.runs)
    mean, low, high = (float(column[place[0]]) for column in (found.mean, found.low, found.high))
    return Believed(mean, low, high, found.fitted)


def _finalist(trial: int, runs: pd.DataFrame) -> dict[str, Any]:
    done = finished(runs)
    race, confirm = done[done["stage"] != "confirm"], done[done["stage"] == "confirm"]
    quality = confirm["final_quality"].to_numpy(dtype=float)
    interval = bootstrap_interval([quality], np.random.default_rng(trial))
    stable = confirm[confirm["outcome"] == "stable"]
    return {
        "trial": trial,
        **_counts("race", race),
        **_counts("confirm", confirm),
        "quality": float(interquartile_mean(quality)),
        "quality_low": interval.low,
        "quality_high": interval.high,
        "risk": float(conditional_value_at_risk(quality)),
        "frechet": float(stable["frechet"].median()) if len(stable) else math.nan,
        "seeds": [int(seed) for seed in confirm["seed"]],
        "num_pending": int(((runs["stage"] == "confirm") & (runs["outcome"] == "running")).sum()),
        "flags": [flag.name for flags in confirm["flags"] for flag in flags],
    }


def _counts(name: str, runs: pd.DataFrame) -> dict[str, Any]:
    stable = int((runs["outcome"] == "stable").sum())
    low, high = wilson_bounds(stable, len(runs))
    return {
        f"{name}_stable": stable,
        f"{name}_total": len(runs),
        f"{name}_low": low,
        f"{name}_high": high,
    }
