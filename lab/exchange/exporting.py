"""A study as files of other tools: written beside their place, then renamed to it."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lab.errors import InputError
from lab.exchange.beside import written_beside
from lab.exchange.tables import objective_of, write_csv, write_parquet
from lab.record import (
    IMAGES_SEEN,
    QUALITY,
    RunRecord,
    StudyRecord,
    TrialCard,
    read_study,
)
from lab.record.storage import for_reading, in_its_words, open_storage

if TYPE_CHECKING:
    from lab.exchange.finding import Follow

Tool = Literal["csv", "parquet", "optuna", "mlflow"]


def read_stored(address: str) -> StudyRecord:
    """A study by its path or URL. Raises InputError for what is none."""
    storage = open_storage(address)
    with in_its_words(storage):
        storage.pull(for_reading)
        return read_study(storage.folder)


def export(study: StudyRecord, to: Tool, out: Path, follow: Follow) -> None:
    """Write a study to `out`: a folder with tables, or a file of Optuna's or MLflow's.

    Raises InputError where `out` exists, cannot be written, or a package is missing.
    """
    if out.exists() or out.is_symlink():
        raise InputError(f"{out} exists already; give another --out, or remove it")
    if to == "mlflow" and importlib.util.find_spec("mlflow") is None:
        raise InputError(
            "--to mlflow needs the package mlflow; pip install 'gan-stability-lab[mlflow]'"
        )
    with written_beside(out, f"{out} cannot be written", "give another --out") as content:
        _write(study, to, content, follow)


def _write(study: StudyRecord, to: Tool, path: Path, follow: Follow) -> None:
    if to in ("csv", "parquet"):
        path.mkdir()
        (write_csv if to == "csv" else write_parquet)(path, study)
    elif to == "optuna":
        _write_optuna(study, path)
    else:
        _write_mlflow(study, path, follow)


def _write_optuna(study: StudyRecord, path: Path) -> None:
    from lab.plan.exported import ExportedTrial, write_optuna

    runs = _runs_by_trial(study)
    trials = [
        ExportedTrial(
            trial.parameters,
            objective_of(runs[trial.number]),
            any(run.status == "pruned" for run in runs[trial.number]),
            _curve(runs[trial.number]),
            _notes(trial, runs[trial.number]),
        )
        for trial in study.trials
    ]
    write_optuna(path, study.name, study.card.parameters, trials)


def _runs_by_trial(study: StudyRecord) -> dict[int, list[RunRecord]]:
    runs: dict[int, list[RunRecord]] = {trial.number: [] for trial in study.trials}
    for run in study.runs:
        if run.trial in runs:
            runs[run.trial].append(run)
    return runs


def _curve(runs: Sequence[RunRecord]) -> dict[int, float]:
    """The quality of a trial's first run by images seen."""
    rows = runs[0].evaluations if runs else []
    return {
        int(row[IMAGES_SEEN]): float(row[QUALITY])
        for row in rows
        if isinstance(row.get(QUALITY), int | float) and math.isfinite(row[QUALITY])
    }


def _notes(trial: TrialCard, runs: Sequence[RunRecord]) -> dict[str, Any]:
    """Where the trial came from, and how each of its runs ended."""
    return {
        "trial": trial.number,
        "origin": trial.origin,
        "seeds": [run.seed for run in runs],
        "verdicts": {f"{run.card.stage} seed {run.seed}": _outcome(run) for run in runs},
        "scores": {f"{run.card.stage} seed {run.seed}": run.card.score for run in runs},
        "stable": sum(run.verdict == "stable" for run in runs),
    }


def _outcome(run: RunRecord) -> str:
    return run.verdict or run.status


def _write_mlflow(study: StudyRecord, path: Path, follow: Follow) -> None:
    """A database with a run for each run, of which those of a trial share the tag lab.trial."""
    from lab.exchange.mlflow_runs import MlflowRuns

    trials = {trial.number: trial for trial in study.trials}
    shared = (study.card.base.get("trainer") or {}).get("parameters", {})
    experiment = MlflowRuns(f"sqlite:///{path}", study.name, None)
    for run in follow([run for run in study.runs if run.trial in trials], "exporting"):
        group = f"trial-{run.trial:04d}"
        tags = {
            "lab.study": study.name,
            "lab.trial": group,
            "lab.stage": run.card.stage,
            "lab.origin": trials[run.trial].origin,
        }
        if run.card.verdict is not None and run.card.verdict.onset_images is not None:
            tags["lab.onset_images"] = str(run.card.verdict.onset_images)
        params = {**shared, **trials[run.trial].parameters, "seed": run.seed}
        made = experiment.made(f"{group}-seed-{run.seed}", tags, params)
        made.log_all([(int(row[IMAGES_SEEN]), _numbers(row)) for row in run.evaluations])
        made.end(_outcome(run))
        made.close()


def _numbers(row: dict[str, Any]) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in row.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
