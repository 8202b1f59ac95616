"""The record as tidy tables: one row per run, one row per trial."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.config import config_paths
from lab.record import (
    IMAGES_SEEN,
    IMPORTED,
    OWN_LOOP,
    QUALITY,
    UNBROKEN,
    MetricNames,
    ParameterCard,
    RunRecord,
    StudyRecord,
    VerdictCard,
)
from reports.kit.axes import Ruler, quality_words
from reports.kit.families import family_order
from reports.kit.words import fixed

Made = TypeVar("Made")
NO_VERDICT = VerdictCard()
DEFAULT_TARGET = 0.5
"""Target quality of a study whose base configuration has none."""
UNBIASED_ORIGINS = ("known", "sobol", IMPORTED, OWN_LOOP)
"""Origins of trials that no optimizer of the lab chose: points from the literature, the Sobol
design, and runs that were trained elsewhere, whose settings people chose."""


def parameters_of(study: StudyRecord) -> list[ParameterCard]:
    """The space's parameters by family, in each in the order of the configuration."""
    index = {path: i for i, path in enumerate(config_paths())}
    parameters = study.card.parameters.values()
    return sorted(
        parameters, key=lambda it: (family_order(it.path), index.get(it.path, len(index)))
    )


def names_of(study: StudyRecord) -> MetricNames:
    """Names of the metric columns; those of the family where the record has none."""
    return study.card.metrics.columns


def from_elsewhere(study: StudyRecord) -> bool:
    """Whether the runs were trained elsewhere: nothing here chose or can train their settings.

    They were imported from logs, or recorded by a Monitor in a person's own loop.
    """
    of_loops = {trial.origin for trial in study.trials} == {OWN_LOOP}
    return study.card.imported is not None or of_loops


def of_study(make: Callable[[StudyRecord], Made]) -> Callable[[StudyRecord], Made]:
    """Make a table once per study; every further call returns the same one, not to be changed."""
    made: WeakKeyDictionary[StudyRecord, Made] = WeakKeyDictionary()

    @wraps(make)
    def kept(study: StudyRecord) -> Made:
        if study not in made:
            made[study] = make(study)
        return made[study]

    return kept


@of_study
def trial_table(study: StudyRecord) -> pd.DataFrame:
    """One row per trial (index: its number): origin, unbiased, and a column for each parameter.

    A parameter that the trial did not sample (a branch not taken) is None.
    """
    paths = [parameter.path for parameter in parameters_of(study)]
    origins = [trial.origin for trial in study.trials]
    values = [trial.parameters for trial in study.trials]
    columns = {
        "origin": origins,
        "unbiased": [origin.split(":")[0] in UNBIASED_ORIGINS for origin in origins],
        **{path: [of.get(path) for of in values] for path in paths},
    }
    index = pd.Index([trial.number for trial in study.trials], name="trial", dtype="int64")
    return pd.DataFrame(columns, index=index, dtype=object)


@of_study
def run_table(study: StudyRecord) -> pd.DataFrame:
    """One row per run: the entries of run.json, the outcome, and its last evaluation.

    The index is the run's index in `study.runs`. `outcome` is the verdict of a finished run and
    the status of any other; `quality_alive` is the quality at the last evaluation before the
    failure, `life` the share of the budget before it; `started` and `ended` are seconds since the
    first start of the study.
    """
    rows = [_run_row(study, run) for run in study.runs]
    table = pd.DataFrame(rows, columns=list(RUN_COLUMNS))
    if table.empty:
        return table
    last = study.evaluations.first[1:] - 1
    has_rows = np.diff(study.evaluations.first) > 0
    names = names_of(study)
    recorded = table["images_seen"].to_numpy(dtype=float)
    for column, name in (
        ("frechet", names.frechet), ("kernel", names.kernel), ("coverage", names.coverage),
        ("images_seen", IMAGES_SEEN),
    ):  # fmt: skip
        table[column] = _at(study.evaluations.column(name), last, has_rows)
    table["images_seen"] = np.where(np.isnan(recorded), table["images_seen"], recorded)
    table["quality_alive"] = _quality_alive(study, table)
    onset, budget = (
        table[name].to_numpy(dtype=float) for name in ("onset_images", "budget_images")
    )
    has_onset = ~np.isnan(onset) & (budget > 0)
    table["life"] = np.where(
        has_onset, np.minimum(1.0, onset / np.where(has_onset, budget, 1.0)), 1.0
    )
    first = table["started"].min()
    for column in ("started", "ended"):
        table[column] -= first
    return table


def run_rows(study: StudyRecord) -> pd.DataFrame:
    """`run_table` and each run's parameters, for CSV: flags and blind spots in words."""
    rows = run_table(study).join(trial_table(study), on="trial")
    flags = rows["flags"].map(lambda flags: "; ".join(flag.name for flag in flags))
    return rows.assign(flags=flags, not_judged=rows["not_judged"].map("; ".join))


RUN_COLUMNS = (
    "trial", "seed", "stage", "status", "outcome", "onset_images", "evidence", "score",
    "final_quality", "quality_alive", "life", "images_seen", "budget_images", "frechet", "kernel",
    "coverage", "seconds", "images_per_second", "error", "folder", "confidence", "flags",
    "not_judged", "cost", "started", "ended", "attempts", "host",
)  # fmt: skip


def _run_row(study: StudyRecord, run: RunRecord) -> dict[str, Any]:
    card, seconds = run.card, run.card.seconds
    verdict = card.verdict or NO_VERDICT
    finished = card.status == "finished" and card.verdict is not None
    return {
        "trial": card.trial,
        "seed": card.seed,
        "stage": card.stage,
        "status": card.status,
        "outcome": verdict.name if finished else _unfinished(card.status),
        "onset_images": _float(verdict.onset_images),
        "evidence": verdict.evidence,
        "score": _float(card.score),
        "final_quality": _float(card.final_quality),
        IMAGES_SEEN: _float(card.images_seen),
        "budget_images": _float(card.budget_images),
        "seconds": (seconds.starting or 0.0)
        + (seconds.training or 0.0)
        + (seconds.evaluating or 0.0),
        "cost": (seconds.training or 0.0) + (seconds.evaluating or 0.0),
        "images_per_second": _float(card.images_per_second),
        "error": card.error,
        "folder": _relative(run.folder, study.folder),
        "confidence": _float(verdict.confidence),
        "flags": tuple(FlagNote(flag.name, flag.evidence) for flag in verdict.flags),
        "not_judged": verdict.not_judged,
        "started": _moment(card.started),
        "ended": _moment(card.ended),
        "attempts": float(card.attempts),
        "host": card.host or "unknown host",
    }


class FlagNote(NamedTuple):
    """A remark beside a verdict."""

    name: str
    evidence: str


def has_target(study: StudyRecord) -> bool:
    """Whether runs are held to a target; those trained elsewhere only if one was given."""
    return study.card.target_quality is not None or not from_elsewhere(study)


def target_quality(study: StudyRecord) -> float:
    """The study's target for u_T (a stable run reaches it)."""
    target = study.card.target_quality
    return DEFAULT_TARGET if target is None else target


class TargetLine(NamedTuple):
    """The target as a line of a figure."""

    quality: float
    words: str
    """`target 0.50 = kid 0.038`."""


def target_line(study: StudyRecord) -> TargetLine | None:
    """The target and its label; None without one, or where it was set on another scale."""
    if study.is_rescaled or not has_target(study):
        return None
    return TargetLine(target_quality(study), f"target {target_words(study)}")


def target_words(study: StudyRecord) -> str:
    """`0.50 = kid 0.038`; of a target that was set as a distance, that one: `0.73 = fid 20`."""
    target = target_quality(study)
    if study.is_rescaled:
        return f"{fixed(target)} on the scale of version 0.1"
    if distance := study.card.target_distance:
        return f"{fixed(target)} = {distance.replace('=', ' ')}"
    return quality_words(target, ruler_of(study))


@of_study
def ruler_of(study: StudyRecord) -> Ruler | None:
    """Quality beside distance; None where the record does not have the anchors of the scale."""
    scale = study.scale
    return None if scale is None or scale.is_empty else Ruler(scale, names_of(study).kernel)


def finished(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs that have a verdict."""
    return runs[~runs["outcome"].isin(["running", "pruned", "errored"])]


def explored(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs of the explore stage: every trial has them, whatever its outcome.

    Race and confirm runs exist because a trial did well, so statements about the space
    must not count them.
    """
    return runs[runs["stage"] == "explore"]


def sobol_runs(study: StudyRecord) -> pd.DataFrame:
    """Explore runs of Sobol trials, whatever their outcome: trial, seed, outcome, score, origin,
    unbiased, and every parameter."""
    runs = explored(run_table(study))[["trial", "seed", "outcome", "score"]]
    rows = runs.join(trial_table(study), on="trial", how="inner")
    return rows[rows["origin"] == "sobol"]


def best_run(runs: pd.DataFrame) -> int | None:
    """Row of the best run: stable before failed, then by score; None when nothing is scored."""
    scored = finished(runs)
    scored = scored[scored["score"].notna()]
    if scored.empty:
        return None
    order = scored.assign(stable=scored["outcome"] == "stable")
    return int(order.sort_values(["stable", "score"], ascending=False).index[0])


def _quality_alive(study: StudyRecord, table: pd.DataFrame) -> NDArray[np.float64]:
    """u at the last evaluation before the failure, or the last one of a run that did not fail.

    A run that did not break before its budget has its onset there, and counts as alive at it.
    """
    rows = study.evaluations
    if rows.num_rows == 0:
        return np.full(len(table), np.nan)
    seen = rows.column(IMAGES_SEEN)
    onset = table["onset_images"].to_numpy(dtype=float)
    unbroken = table["outcome"].isin(UNBROKEN).to_numpy(dtype=bool)
    judged_last = unbroken & (onset >= table["images_seen"].to_numpy(dtype=float))
    limit = np.where(np.isnan(onset) | judged_last, np.inf, onset)
    alive = seen < limit[rows.run]
    last_alive = np.full(len(table), -1)
    np.maximum.at(last_alive, rows.run[alive], np.flatnonzero(alive))
    return _at(rows.column(QUALITY), last_alive, last_alive >= 0)


def _at(
    values: NDArray[np.float64], places: NDArray[np.int64], exists: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The values at `places`, NaN where `exists` is False."""
    result = np.full(len(places), np.nan)
    result[exists] = values[places[exists]]
    return result


def _unfinished(status: str) -> str:
    return status if status in ("running", "pruned", "errored") else "running"


def _float(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _moment(written: str) -> float:
    """Seconds since 1970 of a written time; NaN where there is none."""
    try:
        return datetime.fromisoformat(written).timestamp()
    except ValueError:
        return math.nan


def _relative(path: Path, folder: Path) -> str:
    # As text: handling them as paths would be half the cost of the table at ten thousand trials.
    return str(path).removeprefix(f"{folder}{os.sep}").replace(os.sep, "/")
