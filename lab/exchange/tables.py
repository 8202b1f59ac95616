"""A study as two tables, of runs and of evaluations: CSV or Parquet."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.errors import InputError
from lab.record import Row, RunRecord, Scalar, StudyRecord, TrialCard

PARAMETER = "params."
"""Before a parameter's path, as in tables of MLflow; `lab.search --import` reads them so."""
FINAL = "final."
"""Before a metric's column: its value at the last evaluation."""
OF_A_RUN = ("trial", "seed")


def run_rows(study: StudyRecord) -> list[Row]:
    """A row a run: what it was, how it ended, its parameters, and its last metrics."""
    trials = {trial.number: trial for trial in study.trials}
    metrics = set(study.card.metrics.columns.model_dump().values())
    return [_run_row(run, trials[run.trial], metrics) for run in study.runs if run.trial in trials]


def _run_row(run: RunRecord, trial: TrialCard, metrics: set[str]) -> Row:
    card, verdict, seconds = run.card, run.card.verdict, run.card.seconds
    last = run.evaluations[-1] if run.evaluations else {}
    return {
        "trial": card.trial,
        "seed": card.seed,
        "stage": card.stage,
        "origin": trial.origin,
        "status": card.status,
        "verdict": None if verdict is None else verdict.name,
        "onset_images": None if verdict is None else verdict.onset_images,
        "confidence": None if verdict is None else verdict.confidence,
        "evidence": None if verdict is None else verdict.evidence,
        "flags": None if verdict is None else "; ".join(flag.name for flag in verdict.flags),
        "score": card.score,
        "final_quality": card.final_quality,
        "images_seen": card.images_seen,
        "budget_images": card.budget_images,
        "seconds_training": seconds.training,
        "seconds_evaluating": seconds.evaluating,
        "images_per_second": card.images_per_second,
        "device": card.device,
        "host": card.host,
        "started": card.started,
        "ended": card.ended,
        "error": card.error,
        "source": card.source,
        **{f"{PARAMETER}{path}": value for path, value in trial.parameters.items()},
        **{f"{FINAL}{name}": value for name, value in last.items() if name in metrics},
    }


def evaluation_rows(study: StudyRecord) -> Iterator[Row]:
    """A row an evaluation, with the trial and the seed of its run."""
    for run in study.runs:
        for row in run.evaluations:
            yield {"trial": run.trial, "seed": run.seed, **row}


def evaluation_columns(study: StudyRecord) -> list[str]:
    """Every column that any evaluation has."""
    return [*OF_A_RUN, *study.evaluations.names]


def columns_of(rows: Sequence[Row]) -> list[str]:
    """Every column that any row has, in order of appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))


def write_csv(folder: Path, study: StudyRecord) -> None:
    """runs.csv and evaluations.csv; cells are empty where the record has nothing."""
    runs = run_rows(study)
    _write_csv(folder / "runs.csv", columns_of(runs), runs)
    _write_csv(folder / "evaluations.csv", evaluation_columns(study), evaluation_rows(study))


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def write_parquet(folder: Path, study: StudyRecord) -> None:
    """runs.parquet and evaluations.parquet; null for what is absent.

    Raises InputError without pyarrow.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise InputError(
            "--to parquet needs the package pyarrow; pip install pyarrow, or export --to csv"
        ) from None
    runs = run_rows(study)
    of_runs = {name: _alike([row.get(name) for row in runs]) for name in columns_of(runs)}
    parquet.write_table(pyarrow.table(of_runs), folder / "runs.parquet")
    parquet.write_table(pyarrow.table(_evaluation_columns(study)), folder / "evaluations.parquet")


def _evaluation_columns(study: StudyRecord) -> Mapping[str, Any]:
    """Numbers by column, [evaluations]; texts and other values of odd records are left out."""
    import numpy as np
    import pyarrow

    of_run = study.evaluations.run
    columns: dict[str, Any] = {
        name: np.array([getattr(run, name) for run in study.runs], dtype=np.int64)[of_run]
        for name in OF_A_RUN
    }
    present = {
        name: np.zeros(study.evaluations.num_rows, dtype=bool) for name in study.evaluations.names
    }
    for i, row in enumerate(row for run in study.runs for row in run.evaluations):
        for name in row:
            present[name][i] = True
    for name, is_there in present.items():
        columns[name] = pyarrow.array(study.evaluations.column(name), mask=~is_there)
    return columns


def _alike(values: Sequence[Scalar]) -> list[Scalar]:
    """Values of one type: numbers, truth values, or else all as texts."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int}:
        return list(values)
    if kinds <= {int, float}:
        return [None if value is None else float(value) for value in values]
    if len(kinds) == 1:
        return list(values)
    return [None if value is None else str(value) for value in values]


def objective_of(runs: Sequence[RunRecord]) -> float | None:
    """The mean score of a trial's explore runs; None where none has one."""
    scores = [
        run.card.score
        for run in runs
        if run.card.stage == "explore" and run.card.score is not None
    ]
    finite = [score for score in scores if math.isfinite(score)]
    return sum(finite) / len(finite) if finite else None
