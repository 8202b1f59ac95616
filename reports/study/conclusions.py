"""What a study concluded: its leading trial, its finalists, and the runs that support them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lab.record import StudyRecord
from lab.statistics import (
    Interval,
    bootstrap_interval,
    conditional_value_at_risk,
    interquartile_mean,
    shrink,
    stable_shares,
)
from reports.kit.shares import RunShare
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
    """P(stable) of one trial, shrunken towards the mean of all trials."""

    mean: float
    low: float
    high: float
    fitted: bool
    """Whether the spread between trials could be fitted."""


@dataclass(frozen=True)
class Finalist:
    """A finalist: the runs that it was chosen by, and its fresh runs."""

    trial: int
    race: RunShare
    """Stable runs among those that it was chosen by."""
    fresh: RunShare
    """Stable runs among its confirm runs; all further fields are over these."""
    quality: float
    """Interquartile mean of the final quality, failures as 0; NaN without a run."""
    quality_interval: Interval
    """Bootstrap over its seeds, 95%; NaN from fewer than two."""
    risk: float
    """Mean of the worst quarter of the final qualities."""
    frechet: float
    """Median distance of the stable ones."""
    seeds: tuple[int, ...]
    num_pending: int
    """Confirm runs that have not ended."""
    flags: tuple[str, ...]


def conclusions_of(study: StudyRecord) -> Conclusions:
    """The conclusions in study.json, without trials that the record does not contain."""
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
    return any(it.trial == recommended and it.fresh.total for it in finalist_results(study))


def is_single(runs: pd.DataFrame) -> bool:
    """Whether every trial has one run: then a run stands for its trial."""
    return not (runs.groupby("trial").size() > 1).any()


def leading_trial(study: StudyRecord) -> int | None:
    """The recommended trial; before there is one, the best by its explore runs.

    Ordered as in a race: by the share of them that is stable, then by their mean score.
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
    """The name of the run of `leading_run` in figures."""
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
    candidates = explored(runs) if confirmed.empty else confirmed
    candidates = candidates.sort_values("final_quality", kind="stable")
    return int(candidates.index[(len(candidates) - 1) // 2]) if len(candidates) else None


@of_study
def finalist_results(study: StudyRecord) -> tuple[Finalist, ...]:
    """The results of every finalist's runs, the race's winner first."""
    runs = run_table(study)
    return tuple(_finalist(trial, runs[runs["trial"] == trial]) for trial in finalists_of(study))


def finalists_of(study: StudyRecord) -> tuple[int, ...]:
    """The finalists of study.json; before it names them, the trials that have confirm runs."""
    recorded = conclusions_of(study).finalists
    if recorded:
        return recorded
    runs = run_table(study)
    return tuple(sorted({int(trial) for trial in runs["trial"][runs["stage"] == "confirm"]}))


def believed(study: StudyRecord, trial: int) -> Believed | None:
    """Shrunken P(stable) of a trial from all runs that are not confirm runs; None without any."""
    runs = finished(run_table(study))
    runs = runs[runs["stage"] != "confirm"]
    counts = stable_shares(
        runs["trial"].to_numpy(dtype=np.int64), (runs["outcome"] == "stable").to_numpy()
    )
    row = np.flatnonzero(counts.trial == trial)
    if row.size == 0:
        return None
    shrunken = shrink(counts.stable, counts.runs)
    mean, low, high = (
        float(column[row[0]]) for column in (shrunken.mean, shrunken.low, shrunken.high)
    )
    return Believed(mean, low, high, shrunken.fitted)


def _finalist(trial: int, runs: pd.DataFrame) -> Finalist:
    done = finished(runs)
    race, confirm = done[done["stage"] != "confirm"], done[done["stage"] == "confirm"]
    quality = confirm["final_quality"].to_numpy(dtype=float)
    stable = confirm[confirm["outcome"] == "stable"]
    return Finalist(
        trial,
        RunShare.of_stable(race["outcome"]),
        RunShare.of_stable(confirm["outcome"]),
        float(interquartile_mean(quality)),
        bootstrap_interval([quality], np.random.default_rng(trial)),
        float(conditional_value_at_risk(quality)),
        float(stable["frechet"].median()) if len(stable) else math.nan,
        tuple(int(seed) for seed in confirm["seed"]),
        int(((runs["stage"] == "confirm") & (runs["outcome"] == "running")).sum()),
        tuple(flag.name for flags in confirm["flags"] for flag in flags),
    )
