"""The record as tidy tables: one row a run, one row an evaluation, one row a parameter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from lab.config import MetricNames, config_paths, metric_names
from lab.record import IMAGES_SEEN, QUALITY, SIGNAL_PREFIX, RunRecord, StudyRecord

UNBIASED_ORIGINS = ("known", "sobol")
"""Trials that no optimiser chose: points from the literature and the Sobol design."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of the space, as study.json describes it."""

    path: str
    kind: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[Any, ...] = ()

    @property
    def is_numeric(self) -> bool:
        return self.kind in ("float", "int")


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
    """Names of the metric columns; those of the family when the record has none."""
    metrics = study.study.get("metrics", {})
    family = str(metrics.get("family", "fashion"))
    return MetricNames(**(metric_names(family).model_dump() | dict(metrics.get("names", {}))))


def config_value(config: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of nested data, or None."""
    node: Any = config
    for part in path.split("."):
        if not isinstance(node, Mapping) or part not in node:
            return None
        node = node[part]
    return node


def trial_table(study: StudyRecord) -> pd.DataFrame:
    """One row a trial (index: its number): origin, unbiased, and a column for each parameter.

    A parameter that the trial did not sample (a branch not taken) is None.
    """
    paths = [parameter.path for parameter in parameters_of(study)]
    rows = []
    for trial in study.trials:
        origin = str(trial.get("origin", "unknown"))
        values = trial.get("parameters", {})
        rows.append(
            {
                "trial": int(trial["number"]),
                "origin": origin,
                "unbiased": origin.split(":")[0] in UNBIASED_ORIGINS,
                **{path: values.get(path) for path in paths},
            }
        )
    columns = ["trial", "origin", "unbiased", *paths]
    return pd.DataFrame(rows, columns=columns, dtype=object).set_index("trial")


def run_table(study: StudyRecord) -> pd.DataFrame:
    """One row a run: what run.json says, the outcome, and how its last evaluation measured.

    `outcome` is the verdict of a finished run and the status of any other; `quality_alive` is the
    quality at the last evaluation before the failure, `life` the share of the budget before it.
    """
    rows = [_run_row(study, run) for run in study.runs]
    return pd.DataFrame(rows, columns=list(RUN_COLUMNS))


RUN_COLUMNS = (
    "trial", "seed", "stage", "status", "outcome", "onset_images", "evidence", "score",
    "final_quality", "quality_alive", "life", "images_seen", "budget_images", "frechet", "kernel",
    "coverage", "seconds", "images_per_second", "error", "folder", "confidence", "flags",
    "not_judged", "cost",
)  # fmt: skip


def _run_row(study: StudyRecord, run: RunRecord) -> dict[str, Any]:
    names = names_of(study)
    verdict = run.run.get("verdict") or {}
    finished = run.status == "finished" and bool(verdict)
    onset = _float(verdict.get("onset_images"))
    budget = _float(run.run.get("budget_images"))
    last = run.evaluations[-1] if run.evaluations else {}
    return {
        "trial": run.trial,
        "seed": run.seed,
        "stage": str(run.run.get("stage", "explore")),
        "status": run.status,
        "outcome": str(verdict["name"]) if finished else _unfinished(run.status),
        "onset_images": onset,
        "evidence": str(verdict.get("evidence") or ""),
        "score": _float(run.run.get("score")),
        "final_quality": _float(run.run.get("final_quality")),
        "quality_alive": _quality_alive(run, onset),
        "life": 1.0 if math.isnan(onset) or not budget > 0 else min(1.0, onset / budget),
        "images_seen": _float(run.run.get("images_seen", last.get(IMAGES_SEEN))),
        "budget_images": budget,
        "frechet": _float(last.get(names.frechet)),
        "kernel": _float(last.get(names.kernel)),
        "coverage": _float(last.get(names.coverage)),
        "seconds": sum(_float(value) for value in (run.run.get("seconds") or {}).values()),
        "cost": _cost(run.run.get("seconds") or {}),
        "images_per_second": _float(run.run.get("images_per_second")),
        "error": str(run.run.get("error") or ""),
        "folder": _relative(run.folder, study.folder),
        "confidence": _float(verdict.get("confidence")),
        "flags": flag_notes(verdict.get("flags")),
        "not_judged": tuple(str(told) for told in verdict.get("not_judged") or ()),
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


def evaluation_table(study: StudyRecord) -> pd.DataFrame:
    """One row an evaluation: trial, seed, outcome, images seen, quality, metrics and signals."""
    runs = run_table(study)
    rows = [
        {"trial": run.trial, "seed": run.seed, "outcome": outcome, **evaluation}
        for run, outcome in zip(study.runs, runs["outcome"], strict=True)
        for evaluation in run.evaluations
    ]
    return pd.DataFrame(rows, columns=None if rows else ["trial", "seed", "outcome", IMAGES_SEEN])


def measured_columns(study: StudyRecord, evaluations: pd.DataFrame) -> list[str]:
    """Columns worth a curve: quality, the metrics, then the signals, those that hold numbers."""
    names = names_of(study)
    metrics = [QUALITY, names.frechet, names.kernel, names.coverage, names.density]
    metrics += [names.precision, names.recall]
    signals = [str(name) for name in evaluations.columns if str(name).startswith(SIGNAL_PREFIX)]
    found = [name for name in metrics if name in evaluations.columns]
    return [name for name in found + signals if _is_numeric(evaluations[name])]


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


def _quality_alive(run: RunRecord, onset: float) -> float:
    """u at the last evaluation before the failure, or the last one of a run that did not fail.

    A stalled run's onset is where it was judged, not where it broke, so it counts as alive there.
    """
    at_end = bool(run.evaluations) and onset >= run.evaluations[-1][IMAGES_SEEN]
    alive = [
        row for row in run.evaluations
        if math.isnan(onset) or row[IMAGES_SEEN] < onset or (at_end and run.verdict == "stalled")
    ]  # fmt: skip
    return _float(alive[-1].get(QUALITY)) if alive else math.nan


def _unfinished(status: str) -> str:
    return status if status in ("running", "pruned", "errored") else "running"


def _float(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return math.nan


def _is_numeric(column: pd.Series[Any]) -> bool:
    return bool(pd.to_numeric(column, errors="coerce").notna().any())


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
