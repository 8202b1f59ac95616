"""The stored study: file names, columns, writers and readers. The only thing the report reads.

Each run's folder is written by one process: whole files by rename, rows by append. A reader
tolerates a torn last line and a missing folder, and counts them. JSON has no NaN: non-finite
numbers are stored as the strings "nan", "inf" and "-inf" and come back as floats.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from lab.config import InputError
from lab.durable import LOCK_FILE as LOCK_FILE
from lab.durable import StorageFailed as StorageFailed
from lab.durable import append_line, patiently, write_patiently
from lab.durable import sole_writer as sole_writer
from lab.durable import write_whole as write_whole
from lab.evaluations import Evaluations
from lab.evaluations import Row as Row

FORMAT = 1

Stage = Literal["explore", "race", "confirm"]
Status = Literal["running", "finished", "errored", "pruned"]
"""running: unfinished; finished: has a verdict; errored: crashed, not the GAN's fault."""
VerdictName = Literal["stable", "diverged", "collapsed", "oscillating", "stalled", "degraded"]
FAILURES: tuple[str, ...] = get_args(VerdictName)[1:]

STUDY_FILE = "study.json"
OPTUNA_FILE = "optuna.db"
TRIAL_FILE = "trial.json"
RUN_FILE = "run.json"
CONFIG_FILE = "config.json"
"""Configuration of a run that lab.train made outside a study; in a study trial.json has it."""
EVALUATIONS_FILE = "evaluations.jsonl"
SAMPLES_FOLDER = "samples"
GENERATOR_FILE = "generator.safetensors"
ERROR_FILE = "error.txt"
REPORT_FILE = "report.html"

# Columns of evaluations.jsonl beside the metrics (named by lab.config.metric_names).
IMAGES_SEEN = "images_seen"
STEP = "step"
QUALITY = "quality"
SECONDS_TRAINING = "seconds_training"
SECONDS_EVALUATING = "seconds_evaluating"
SIGNAL_PREFIX = "signal_"
CLASS_SHARE_PREFIX = "class_share_"


def trial_folder(study: Path, trial: int) -> Path:
    """studies/<study>/trials/0007"""
    return study / "trials" / f"{trial:04d}"


def run_folder(study: Path, trial: int, seed: int) -> Path:
    """studies/<study>/trials/0007/seed-3"""
    return trial_folder(study, trial) / f"seed-{seed}"


def sample_file(run: Path, images_seen: int) -> Path:
    """<run>/samples/00000640.webp, by images seen."""
    return run / SAMPLES_FOLDER / f"{images_seen:08d}.webp"


def neighbours_file(run: Path, images_seen: int) -> Path:
    """<run>/samples/neighbours-00000640.webp: generated images over training images."""
    return run / SAMPLES_FOLDER / f"neighbours-{images_seen:08d}.webp"


def class_share(index: int) -> str:
    """The column of evaluations.jsonl with the share of generated images of a class."""
    return f"{CLASS_SHARE_PREFIX}{index}"


class NewerFormat(InputError):
    """A file of the record that a later version of the lab wrote."""


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """A whole JSON file that carries the record's format number. Raises StorageFailed."""
    content = {"format": FORMAT, **_storable(data)} | {"format": FORMAT}
    text = json.dumps(content, indent=2, allow_nan=False)
    write_patiently(path, text.encode() + b"\n")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file of the record.

    Raises InputError when it is missing, torn, or made by a newer format.
    """
    try:
        text = path.read_text()
        data = json.loads(text)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{path} cannot be read: {reason}") from None
    except ValueError as error:
        raise InputError(f"{path} is damaged ({error}); restore it or remove its folder") from None
    if not isinstance(data, dict):
        raise InputError(
            f"{path} is damaged: it holds no JSON object; restore it or remove its folder"
        )
    came = data.get("format")
    if type(came) is not int:
        raise InputError(
            f"{path} is damaged: its format is {came!r}, not a number; "
            "restore it or remove its folder"
        )
    if came > FORMAT:
        raise NewerFormat(
            f"{path} has format {came!r}; this lab reads formats up to {FORMAT}: "
            "upgrade the lab to the version that wrote it"
        )
    result: dict[str, Any] = _revived(data) if _may_hold_non_finite(text) else data
    return result


def is_readable(path: Path) -> bool:
    """Whether a JSON file of the record is there and whole."""
    try:
        read_json(path)
    except InputError:
        return False
    return True


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Append one evaluation to a .jsonl file and flush it to the disk, all or nothing.

    After a torn last line a new line is begun, so that the tear costs one row and not two.
    Raises StorageFailed, the file as it was.
    """
    append_line(path, json.dumps(_storable(row), allow_nan=False).encode() + b"\n")


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace a .jsonl file; used when a resumed run drops rows newer than its checkpoint."""
    lines = [json.dumps(_storable(row), allow_nan=False) + "\n" for row in rows]
    write_patiently(path, "".join(lines).encode())


@dataclass(frozen=True)
class Rows:
    """Rows of a .jsonl file, and how many of its lines were torn or damaged."""

    rows: list[Row]
    num_torn: int


def read_rows(path: Path) -> Rows:
    """The rows of a .jsonl file; a missing file has none, a damaged line is counted."""
    if not path.exists():
        return Rows([], 0)
    rows, torn = [], 0
    text = patiently(lambda: path.read_text(errors="replace"), path, doing="read")
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            torn += 1
            continue
        if isinstance(row, dict) and type(row.get(IMAGES_SEEN)) in (int, float):
            rows.append(_revived_row(row))
        else:
            torn += 1
    return Rows(rows, torn)


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
    study = read_json(folder / STUDY_FILE)
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
        trials.append(trial)
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


def _storable(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable(item) for item in value]
    return value


def _may_hold_non_finite(text: str) -> bool:
    """Whether written JSON may hold one of `_NON_FINITE`; all but always it does not."""
    return 'nan"' in text or 'inf"' in text


_NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_PLAIN = {float, int}


def _revived_row(row: Row) -> Row:
    """`_revived` of a row, which is numbers all but always."""
    if _PLAIN.issuperset(map(type, row.values())):
        return row
    return {key: _revived(value) for key, value in row.items()}


def _revived(value: Any) -> Any:
    if isinstance(value, str):
        return _NON_FINITE.get(value, value)
    if isinstance(value, dict):
        return {key: _revived(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_revived(item) for item in value]
    return value
