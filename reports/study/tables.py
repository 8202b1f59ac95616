"""The record as tidy tables: one row a run, one row an evaluation, one row a parameter."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.config import config_paths
from lab.record import IMAGES_SEEN, QUALITY, RunRecord, StudyRecord
from lab.record.columns import MetricNames, metric_names
from reports.kit.parameter import Parameter

Made = TypeVar("Made")
STAGES = ("explore", "race", "confirm")
"""Why runs are made, in the order in which a study makes them."""
UNBIASED_ORIGINS = ("known", "sobol")
"""Trials that no optimiser chose: points from the literature and the Sobol design."""


def parameters_of(study: StudyRecord) -> list[Parameter]:
    """The space's parameters in the order of the configuration."""
    place = {path: i for i, path in enumerate(config_paths())}
    entries = study.study.get("parameters", {})
    return [
        Parameter(
            path,
            str(entry.get("kind", "categorical")),
            entry.get("low"),
            entry.get("high"),
            bool(entry.get("log", False)),
            tuple(entry.get("choices", ())),
        )
        for path, entry in sorted(entries.items(), key=lambda it: place.get(it[0], len(place)))
    ]


def names_of(study: StudyRecord) -> MetricNames:
    """Names of the metric columns; those of the family where the record has none.

    A newer record's further names are left out: this report knows no figure for them.
    """
    metrics = mapping(study.study.get("metrics"))
    family = str(metrics.get("family", "fashion"))
    names = metric_names(family).model_dump()
    told = mapping(metrics.get("names"))
    return MetricNames(
        **(names | {key: told[key] for key in names if isinstance(told.get(key), str)})
    )


def config_value(config: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of nested data, or None."""
    node: Any = config
    for part in path.split("."):
        if not isinstance(node, Mapping) or part not in node:
            return None
        node = node[part]
    return node


def flattened(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested data as dotted paths and their values."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            found |= flattened(value, f"{path}.")
        else:
            found[path] = value
    return found


def of_study(make: Callable[[StudyRecord], Made]) -> Callable[[StudyRecord], Made]:
    """Make a table once a study; whoever asks again gets the same one, not to be changed."""
    made: WeakKeyDictionary[StudyRecord, Made] = WeakKeyDictionary()

    @wraps(make)
    def kept(study: StudyRecord) -> Made:
        if study not in made:
            made[study] = make(study)
        return made[study]

    return kept


@of_study
def trial_table(study: StudyRecord) -> pd.DataFrame:
    """One row a trial (index: its number): origin, unbiased, and a column for each parameter.

    A parameter that the trial did not sample (a branch not taken) is None.
    """
    paths = [parameter.path for parameter in parameters_of(study)]
    origins = [str(trial.get("origin", "unknown")) for trial in study.trials]
    values = [mapping(trial.get("parameters")) for trial in study.trials]
    columns = {
        "origin": origins,
        "unbiased": [origin.split(":")[0] in UNBIASED_ORIGINS for origin in origins],
        **{path: [of.get(path) for of in values] for path in paths},
    }
    index = pd.Index([trial["number"] for trial in study.trials], name="trial", dtype="int64")
    return pd.DataFrame(columns, index=index, dtype=object)


@of_study
def run_table(study: StudyRecord) -> pd.DataFrame:
    """One row a run: what run.json says, the outcome, and how its last evaluation measured.

    The index is the run's place in `study.runs`. `outcome` is the verdict of a finished run and
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
    told = table["images_seen"].to_numpy(dtype=float)
    for column, name in (
        ("frechet", names.frechet), ("kernel", names.kernel), ("coverage", names.coverage),
        ("images_seen", IMAGES_SEEN),
    ):  # fmt: skip
        table[column] = _at(study.evaluations.column(name), last, has_rows)
    table["images_seen"] = np.where(np.isnan(told), table["images_seen"], told)
    table["quality_alive"] = _quality_alive(study, table)
    onset, budget = (
        table[name].to_numpy(dtype=float) for name in ("onset_images", "budget_images")
    )
    known = ~np.isnan(onset) & (budget > 0)
    table["life"] = np.where(known, np.minimum(1.0, onset / np.where(known, budget, 1.0)), 1.0)
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
    told = run.run
    verdict = mapping(told.get("verdict"))
    seconds = mapping(told.get("seconds"))
    finished = run.status == "finished" and bool(verdict)
    return {
        "trial": run.trial,
        "seed": run.seed,
        "stage": str(told.get("stage", "explore")),
        "status": run.status,
        "outcome": str(verdict.get("name", "unknown")) if finished else _unfinished(run.status),
        "onset_images": _float(verdict.get("onset_images")),
        "evidence": str(verdict.get("evidence") or ""),
        "score": _float(told.get("score")),
        "final_quality": _float(told.get("final_quality")),
        "images_seen": _float(told.get("images_seen")),
        "budget_images": _float(told.get("budget_images")),
        "seconds": sum(_float(value) for value in seconds.values()),
        "cost": _cost(seconds),
        "images_per_second": _float(told.get("images_per_second")),
        "error": str(told.get("error") or ""),
        "folder": _relative(run.folder, study.folder),
        "confidence": _float(verdict.get("confidence")),
        "flags": flag_notes(verdict.get("flags")),
        "not_judged": _texts(verdict.get("not_judged")),
        "started": _moment(told.get("started")),
        "ended": _moment(told.get("ended")),
        "attempts": _float(told.get("attempts", 1)),
        "host": str(told.get("host") or "unknown host"),
    }


class FlagNote(NamedTuple):
    """Something to know beside a verdict."""

    name: str
    evidence: str


def flag_notes(flags: Any) -> tuple[FlagNote, ...]:
    """The flags beside a verdict; older records have none."""
    entries = flags if isinstance(flags, (list, tuple)) else ()
    return tuple(
        FlagNote(str(entry.get("name", "unnamed")), str(entry.get("evidence") or ""))
        if isinstance(entry, Mapping)
        else FlagNote(str(entry), "")
        for entry in entries
    )


@of_study
def evaluation_table(study: StudyRecord) -> pd.DataFrame:
    """One row an evaluation: run (index), trial, seed, outcome, and every column of numbers."""
    runs, rows = run_table(study), study.evaluations
    whose = {name: runs[name].to_numpy()[rows.run] for name in ("trial", "seed", "outcome")}
    names = dict.fromkeys([IMAGES_SEEN, *rows.names])
    return pd.DataFrame({"run": rows.run, **whose, **{name: rows.column(name) for name in names}})


def target_quality(study: StudyRecord) -> float:
    """The study's target for u_T (a stable run reaches it)."""
    value = config_value(study.study.get("base", {}), "stability.target_quality")
    return float(value) if isinstance(value, (int, float)) else 0.5


def finished(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs that have a verdict."""
    return runs[~runs["outcome"].isin(["running", "pruned", "errored"])]


def explored(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs of the explore stage: every trial has them, whatever came of it.

    Race and confirm runs exist because a trial did well, so nothing that speaks of the space may
    count them.
    """
    return runs[runs["stage"] == "explore"]


def best_run(runs: pd.DataFrame) -> int | None:
    """Row of the best run: stable before failed, then by score; None when nothing is scored."""
    scored = finished(runs)
    scored = scored[scored["score"].notna()]
    if scored.empty:
        return None
    order = scored.assign(stable=scored["outcome"] == "stable")
    return int(order.sort_values(["stable", "score"], ascending=False).index[0])


def _cost(seconds: Mapping[str, Any]) -> float:
    """Seconds of training and evaluating, as the objective `cost` counts them."""
    return sum(_float(seconds.get(part, 0.0)) for part in ("training", "evaluating"))


def _quality_alive(study: StudyRecord, table: pd.DataFrame) -> NDArray[np.float64]:
    """u at the last evaluation before the failure, or the last one of a run that did not fail.

    A stalled run's onset is where it was judged, not where it broke, so it counts as alive there.
    """
    rows = study.evaluations
    if rows.num_rows == 0:
        return np.full(len(table), np.nan)
    seen = rows.column(IMAGES_SEEN)
    onset = table["onset_images"].to_numpy(dtype=float)
    stalled = table["outcome"].eq("stalled").to_numpy(dtype=bool)
    judged_last = stalled & (onset >= table["images_seen"].to_numpy(dtype=float))
    limit = np.where(np.isnan(onset) | judged_last, np.inf, onset)
    alive = seen < limit[rows.run]
    place = np.full(len(table), -1)
    np.maximum.at(place, rows.run[alive], np.flatnonzero(alive))
    return _at(rows.column(QUALITY), place, place >= 0)


def _at(
    values: NDArray[np.float64], places: NDArray[np.int64], known: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The values at some places, NaN where there is none."""
    found = np.full(len(places), np.nan)
    found[known] = values[places[known]]
    return found


def _unfinished(status: str) -> str:
    return status if status in ("running", "pruned", "errored") else "running"


def _float(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return math.nan


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping of the record; an empty one where something else stands."""
    return value if isinstance(value, Mapping) else {}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(told) for told in value) if isinstance(value, (list, tuple)) else ()


def _moment(value: Any) -> float:
    """Seconds since 1970 of a written time; NaN where there is none."""
    try:
        return datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError):
        return math.nan


def _relative(path: Path, folder: Path) -> str:
    # As text: taking paths apart would be half the cost of the table at ten thousand trials.
    return str(path).removeprefix(f"{folder}{os.sep}").replace(os.sep, "/")
