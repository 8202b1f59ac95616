"""Trials of other searches as known points: of an Optuna study, or of a CSV with a row a trial."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import optuna

from lab.config import canonical
from lab.errors import InputError
from lab.json_text import parsed

MOST_POINTS = 10
"""The best ones; each costs an explore run."""
IMPORTED = "imported-"
"""Begins the name of a point that was imported; its trial's origin is `known:imported-1`."""
PREFIXES = ("params_", "params.", "config/", "param.")
"""Before a parameter's name in the tables that Optuna, MLflow and Ray Tune export."""
VALUES = ("value", "values_0", "score", "objective")
"""Columns of a CSV that order its rows, the larger the better."""


class Imported(NamedTuple):
    """What a table of trials offers a space."""

    points: dict[str, dict[str, Any]]
    """By name, `imported-1` the best of an ordered table."""
    num_trials: int
    num_outside: int
    """Trials with a parameter missing or outside the space."""


Take = Callable[[Mapping[str, Any]], dict[str, Any] | None]
"""The point of a space that a trial's cells are; None where they are none."""


def imported_points(address: str, take: Take, num_points: int = MOST_POINTS) -> Imported:
    """The best distinct trials at `address` that fit a space.

    `address` is a CSV file, or the URL of an Optuna storage with `#STUDY` behind it where it holds
    several. Raises InputError when it cannot be read or no trial fits.
    """
    trials = list(_of_csv(Path(address)) if address.endswith(".csv") else _of_optuna(address))
    points: dict[str, dict[str, Any]] = {}
    num_outside = 0
    for trial in trials:
        point = take(trial)
        if point is None:
            num_outside += 1
        elif point not in points.values() and len(points) < num_points:
            points[f"{IMPORTED}{len(points) + 1}"] = point
    if not points:
        raise InputError(
            f"--import {address} holds {len(trials):,} trials, of which none is a point of this "
            "space; its columns must be the space's parameters (see --list-spaces), each value "
            "inside its range"
        )
    return Imported(points, len(trials), num_outside)


def _of_csv(path: Path) -> Iterator[dict[str, Any]]:
    """The trials of a table, the best first where a column orders them."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"--import {path} cannot be read: {reason}") from None
    column = next((name for name in VALUES if rows and name in rows[0]), None)
    if column is not None:
        rows.sort(key=lambda row: -_number(row[column]))
    for row in rows:
        yield _trial((name, _cell(cell)) for name, cell in row.items() if name and cell)


def _of_optuna(address: str) -> Iterator[dict[str, Any]]:
    """The finished trials of a study, the best first."""
    url, _, name = address.partition("#")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        raise InputError(f"--import {address} names a file that does not exist")
    try:
        names = [name] if name else optuna.get_all_study_names(url)
        if len(names) != 1:
            raise InputError(
                f"--import {address} holds {len(names)} studies ({', '.join(names)}); add "
                "#NAME of one"
            )
        study = optuna.load_study(study_name=names[0], storage=url)
        trials = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
    except InputError:
        raise
    except Exception as error:  # of the database's driver, which may be any
        lines = str(error).strip().splitlines()
        raise InputError(
            f"--import {address} cannot be read as an Optuna storage "
            f"({lines[0] if lines else type(error).__name__}); give its URL, or a .csv file"
        ) from None
    sign = -1 if study.directions[0] == optuna.study.StudyDirection.MAXIMIZE else 1
    trials.sort(key=lambda trial: sign * (trial.values or [math.inf])[0])
    for trial in trials:
        yield _trial(trial.params.items())


def _trial(cells: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {canonical(_bare(name)): value for name, value in cells}


def _bare(name: str) -> str:
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _cell(text: str) -> Any:
    with suppress(ValueError):
        return parsed(text)
    return text


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return -math.inf
    return number if math.isfinite(number) else -math.inf
