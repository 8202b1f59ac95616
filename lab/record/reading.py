"""A stored study, read: the only thing that the report and outside tools look at."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.config import canonical_record
from lab.errors import InputError
from lab.record.evaluations import Evaluations, Row
from lab.record.files import NewerFormat, Rows, read_json, read_rows
from lab.record.names import (
    EVALUATIONS_FILE,
    RUN_FILE,
    STUDY_FILE,
    TRIAL_FILE,
    run_folder,
    trial_folder,
)


@dataclass(frozen=True)
class RunRecord:
    """One run as stored: `run` is run.json, `evaluations` the rows of evaluations.jsonl."""

    folder: Path
    run: dict[str, Any]
    evaluations: Sequence[Row]

    @property
    def trial(self) -> int:
        return int(self.run["trial"])

    @property
    def seed(self) -> int:
        return int(self.run["seed"])

    @property
    def status(self) -> str:
        return str(self.run["status"])

    @property
    def verdict(self) -> str | None:
        """The verdict's name, or None while a run has none."""
        verdict = self.run.get("verdict")
        return str(verdict["name"]) if verdict else None


@dataclass(frozen=True, eq=False)
class StudyRecord:
    """A study as stored, with a count of what could not be read.

    `evaluations` holds the rows of all runs as columns; those of `runs[i]` are its run i.
    """

    folder: Path
    study: dict[str, Any]
    trials: list[dict[str, Any]]
    runs: list[RunRecord]
    num_torn_rows: int = 0
    missing: list[str] = field(default_factory=list)
    """Files and folders that should be there and are not, or are damaged; relative paths."""
    evaluations: Evaluations = field(default_factory=Evaluations)


_OF_A_RUN = {"trial": int, "seed": int, "status": str}
"""What a run.json must say to be one."""


def is_study(folder: Path) -> bool:
    """Whether a folder holds a study."""
    return (folder / STUDY_FILE).is_file()


def require_study(folder: Path) -> None:
    """Raise InputError with one sentence unless `folder` holds a study."""
    if not is_study(folder):
        raise InputError(
            f"{folder} is not a study: it has no {STUDY_FILE}; "
            "give the folder that `python -m lab.search` printed"
        )


def read_study(folder: Path, *, evaluations: bool = True) -> StudyRecord:
    """Everything a study left on disk, trials and runs in order of their numbers.

    A file that says it is of another folder counts as damaged. `evaluations=False` leaves the
    rows out (the planner needs none).
    Raises InputError when `folder` is no study, or was made by a newer format.
    """
    require_study(folder)
    study = canonical_record(read_json(folder / STUDY_FILE))
    trials: list[dict[str, Any]] = []
    runs: list[RunRecord] = []
    missing: list[str] = []
    torn = 0
    evaluated = Evaluations()
    for place in sorted(_folders(folder / "trials"), key=lambda path: (len(path.name), path.name)):
        trial = _readable(place / TRIAL_FILE, folder, missing, {"number": int})
        if trial is None:
            continue
        if trial_folder(folder, trial["number"]) != place:
            missing.append(str((place / TRIAL_FILE).relative_to(folder)))
            continue
        trials.append(canonical_record(trial))
        seeds = [run for run in _folders(place) if run.name.startswith("seed-")]
        if not seeds:
            missing.append(f"{place.relative_to(folder)}/seed-*")
        for run_place in sorted(seeds, key=lambda path: (len(path.name), path.name)):
            run = _readable(run_place / RUN_FILE, folder, missing, _OF_A_RUN)
            if run is None:
                continue
            home = run_folder(folder, run["trial"], run["seed"])
            if home != run_place:
                missing.append(str((run_place / RUN_FILE).relative_to(folder)))
                continue
            rows = read_rows(run_place / EVALUATIONS_FILE) if evaluations else Rows([], 0)
            torn += rows.num_torn
            runs.append(RunRecord(run_place, run, evaluated.append(rows.rows)))
    return StudyRecord(folder, study, trials, runs, torn, missing, evaluated)


def _folders(place: Path) -> Iterator[Path]:
    if place.is_dir():
        with os.scandir(place) as entries:
            yield from (place / entry.name for entry in entries if entry.is_dir())


def _readable(
    path: Path, study: Path, missing: list[str], needs: Mapping[str, type]
) -> dict[str, Any] | None:
    """A JSON file of the record with these keys, or None and a line in `missing`."""
    try:
        found = read_json(path)
    except NewerFormat:
        raise
    except InputError:
        found = {}
    if all(type(found.get(key)) is kind for key, kind in needs.items()):
        return found
    missing.append(str(path.relative_to(study)))
    return None
