"""What a study concluded: who leads it, who is confirmed, and by which runs that may be said."""

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
from reports.kit.shares import Share
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


@dataclass(frozen=True)
class Finalist:
    """A finalist by the runs that it was chosen by, and by those that no choice was made on."""

    trial: int
    race: Share
    """Stable runs of those that it was chosen by."""
    fresh: Share
    """Stable runs of its confirm runs; all further fields are over these."""
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
    """Confirm runs without an end."""
    flags: tuple[str, ...]


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
    return any(it.trial == recommended and it.fresh.total for it in finalist_results(study))


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


@of_study
def finalist_results(study: StudyRecord) -> tuple[Finalist, ...]:
    """What every finalist's runs showed, the race's winner first."""
    runs = run_table(study)
    return tuple(_finalist(trial, runs[runs["trial"] == trial]) for trial in finalists_of(study))


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


def _finalist(trial: int, runs: pd.DataFrame) -> Finalist:
    done = finished(runs)
    race, confirm = done[done["stage"] != "confirm"], done[done["stage"] == "confirm"]
    quality = confirm["final_quality"].to_numpy(dtype=float)
    stable = confirm[confirm["outcome"] == "stable"]
    return Finalist(
        trial,
        Share.of_stable(race["outcome"]),
        Share.of_stable(confirm["outcome"]),
        float(interquartile_mean(quality)),
        bootstrap_interval([quality], np.random.default_rng(trial)),
        float(conditional_value_at_risk(quality)),
        float(stable["frechet"].median()) if len(stable) else math.nan,
        tuple(int(seed) for seed in confirm["seed"]),
        int(((runs["stage"] == "confirm") & (runs["outcome"] == "running")).sum()),
        tuple(flag.name for flags in confirm["flags"] for flag in flags),
    )
