"""MLflow's database (mlflow.db), in which newer versions keep their runs.

Its tables are those of mlflow/store/tracking/dbmodels/models.py; they are read without MLflow.
"""

from __future__ import annotations

import math
import sqlite3
import sys
from collections import defaultdict
from contextlib import closing
from pathlib import Path

from lab.errors import InputError
from lab.stability.log_columns import NothingYet
from lab.stability.logs.parts import LogFile, LogRun, by_step, first_bytes
from lab.stability.logs.settings import flat_settings

SIGN = b"SQLite format 3\0"
LARGEST = sys.float_info.max
RUNS = """
SELECT runs.run_uuid, runs.name, experiments.name FROM runs
JOIN experiments ON experiments.experiment_id = runs.experiment_id
WHERE runs.lifecycle_stage = 'active' ORDER BY runs.start_time, runs.run_uuid
"""
METRICS = "SELECT run_uuid, step, key, value, is_nan FROM metrics ORDER BY timestamp"


def is_database(path: Path) -> bool:
    """Whether a file is one of SQLite's, by its first bytes."""
    return first_bytes(path, len(SIGN)) == SIGN


def read_database(path: Path) -> LogFile:
    """The runs of all experiments, by name; those of several experiments as experiment/name.

    Raises InputError where the database is not MLflow's or holds no metric.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            runs = database.execute(RUNS).fetchall()
            metrics = database.execute(METRICS).fetchall()
            params = database.execute("SELECT run_uuid, key, value FROM params").fetchall()
    except sqlite3.Error as error:
        raise InputError(
            f"{path} cannot be read as MLflow's database: {error}; give the mlflow.db of a "
            "tracking server, or a file of rows"
        ) from None
    cells: dict[str, list[tuple[float, str, float]]] = defaultdict(list)
    for run, step, key, value, is_nan in metrics:
        cells[run].append((float(step), key, math.nan if is_nan else _value(value)))
    if not cells:
        raise NothingYet(f"{path} holds no metric; give the database of runs that logged some")
    settings: dict[str, dict[str, str]] = defaultdict(dict)
    for run, key, value in params:
        settings[run][key] = value
    return LogFile(
        tuple(
            LogRun(name, by_step(cells[run]), flat_settings(settings[run]))
            for run, name in _names(runs).items()
            if run in cells
        )
    )


def _value(value: float) -> float:
    """A metric's value; MLflow stores infinities as the largest numbers."""
    return math.copysign(math.inf, value) if abs(value) >= LARGEST else float(value)


def _names(runs: list[tuple[str, str | None, str]]) -> dict[str, str]:
    """A name for each run; one that is not unique is followed by the run's identity."""
    several = len({experiment for _, _, experiment in runs}) > 1
    names = {
        run: f"{experiment}/{name or run}" if several else name or run
        for run, name, experiment in runs
    }
    given = list(names.values())
    return {
        run: name if given.count(name) == 1 else f"{name} {run[:8]}" for run, name in names.items()
    }
