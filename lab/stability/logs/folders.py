"""Folders that programs leave: StyleGAN, MLflow, Ray, Lightning, BigGAN, mimicry and others."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from lab.errors import InputError
from lab.record import Row
from lab.stability.log_columns import NothingYet
from lab.stability.logs.events import is_event_file, read_events
from lab.stability.logs.files import read_file
from lab.stability.logs.offline import read_offline
from lab.stability.logs.parts import (
    LogFile,
    LogRun,
    by_step,
    counted,
    in_order,
    number_or_text,
    unread,
)
from lab.stability.logs.settings import settings_of
from lab.stability.logs.text import Reading, read_text

SUFFIXES = (".csv", ".tsv", ".jsonl", ".json", ".log", ".txt")
MIMICRY = re.compile(r"(?:.*[^a-z])?(?:fid|kid)(?:[^a-z].*)?\.json", re.IGNORECASE)
BIGGAN = "_log.jsonl"
BIGGAN_CRITIC = ("D_loss_real", "D_loss_fake")
MAX_FOLDERS = 10_000


def read_folder(folder: Path, reading: Reading) -> LogFile:
    """The runs of a folder, or of the folders in it; InputError where there is no known log."""
    read = read_run_folder(folder, reading)
    if read is not None:
        return read
    runs: list[LogRun] = []
    notes: list[str] = []
    of_runs: set[Path] = set()
    for path in _inner_folders(folder):
        if path.parent in of_runs:
            continue
        try:
            log = read_run_folder(path, reading)
        except InputError as error:
            notes.append(str(error))
            continue
        if log is not None:
            of_runs.add(path)
            name = str(path.relative_to(folder))
            runs += [_within(name, run, alone=len(log.runs) == 1) for run in log.runs]
            notes += log.notes
    if runs:
        return LogFile(tuple(runs), tuple(notes))
    if notes:
        raise InputError(notes[0])
    files = [path for path in _files(folder) if path.suffix.lower() in SUFFIXES]
    if len(files) == 1:
        return read_file(files[0], reading)
    raise InputError(
        f"{folder} is not a run of the lab and holds no known log (StyleGAN's metric-*.jsonl, "
        "MLflow's metrics, result.json, progress.csv, metrics.csv, fid.json, event files, "
        ".wandb files); give the file that has the log"
    )


def _inner_folders(folder: Path) -> list[Path]:
    """The folders in a folder and in those, as MLflow has runs in experiments."""
    inner = sorted(path for path in folder.iterdir() if path.is_dir())
    deeper = [path for outer in inner for path in sorted(outer.iterdir()) if path.is_dir()]
    # W&B links the latest run beside the runs.
    links_first = sorted([*inner, *deeper], key=lambda path: not path.is_symlink())
    return sorted({path.resolve(): path for path in links_first}.values())[:MAX_FOLDERS]


def _within(folder: str, run: LogRun, *, alone: bool) -> LogRun:
    return replace(run, name=folder if alone else f"{folder}/{run.name}")


def read_run_folder(folder: Path, reading: Reading) -> LogFile | None:
    """The log of a folder by the first format that is in it, with the settings beside it.

    None where the folder itself holds no known log. Raises InputError for one that cannot be read.
    """
    readers: Sequence[Callable[[Path, Reading], LogFile | None]] = (
        _stylegan,
        _mlflow,
        _named_file,
        _biggan,
        _mimicry,
        _events,
        _exports,
        _offline,
    )
    for reader in readers:
        log = reader(folder, reading)
        if log is not None:
            return with_settings(log, folder)
    return None


def with_settings(log: LogFile, folder: Path) -> LogFile:
    """The log of a run with the settings in its folder; several runs have none in common."""
    if len(log.runs) != 1:
        return log
    settings, notes = settings_of(folder)
    run = replace(log.runs[0], settings={**settings, **log.runs[0].settings})
    return LogFile((run,), (*log.notes, *notes))


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"the folder {folder} cannot be read: {reason}; give a readable one"
        ) from None


def _joined(files: Sequence[Path], clock: str, name: str, reading: Reading) -> LogFile:
    """The rows of several files of one run in order of a clock that all of them have.

    A long one is refused: which of its rows are needed depends on the others.
    """
    rows: list[Row] = []
    notes: list[str] = []
    lost = 0
    for file in files:
        read = read_file(file, Reading(reading.grows))
        notes += read.notes
        for run in read.runs:
            timed = [row for row in run.rows if isinstance(row.get(clock), (int, float))]
            lost += len(run.rows) - len(timed)
            rows += timed
    if lost:
        notes.append(f"{counted(lost, 'row')} without '{clock}' left out")
    return LogFile((LogRun(name, in_order(rows, clock)),), tuple(notes))


def _stylegan(folder: Path, reading: Reading) -> LogFile | None:
    """metric-*.jsonl (or .txt) for quality, stats.jsonl for losses, joined by kimg."""
    names = [path.name for path in _files(folder)]
    metrics = [folder / name for name in names if re.fullmatch(r"metric-.+\.(jsonl|txt)", name)]
    if not metrics:
        return None
    read = _joined(metrics, "kimg", folder.name, reading)
    if "stats.jsonl" not in names:
        return read
    try:
        stats = read_file(folder / "stats.jsonl", Reading(reading.grows))
    except InputError as error:
        return LogFile(read.runs, (*read.notes, f"losses were not read: {error}"))
    ticks: list[Row] = [
        {("kimg" if key == "Progress/kimg" else key): value for key, value in row.items()}
        for run in stats.runs
        for row in run.rows
        if isinstance(row.get("Progress/kimg"), (int, float))
    ]
    rows = in_order([*ticks, *read.runs[0].rows], "kimg")
    return LogFile((LogRun(folder.name, rows),), (*read.notes, *stats.notes))


def _mlflow(folder: Path, reading: Reading) -> LogFile | None:
    """metrics/<name> with a line `timestamp value step` for each value."""
    metrics = folder / "metrics"
    if not metrics.is_dir():
        return None
    cells: list[tuple[float, str, float]] = []
    torn = 0
    for path in sorted(path for path in metrics.rglob("*") if path.is_file()):
        try:
            lines = read_text(path, Reading(reading.grows)).lines
        except NothingYet:
            continue
        for line in lines:
            values = [number_or_text(part) for part in line.split()]
            if len(values) >= 3 and all(isinstance(value, float) for value in values[:3]):
                cells.append((values[2], str(path.relative_to(metrics)), values[1]))
            else:
                torn += bool(values)
    if not cells:
        return None
    run = LogRun(folder.name, by_step(cells))
    return LogFile((run,), tuple(unread(torn, "line", metrics)))


def _named_file(folder: Path, reading: Reading) -> LogFile | None:
    """Ray's result.json or progress.csv, Lightning's metrics.csv."""
    names = [path.name for path in _files(folder)]
    for pattern in (r"result\.json", r"progress\.csv", r"metrics\.csv"):
        log = [name for name in names if re.fullmatch(pattern, name)]
        if len(log) == 1:
            read = read_file(folder / log[0], reading)
            if len(read.runs) == 1:
                return LogFile((LogRun(folder.name, read.runs[0].rows),), read.notes)
            return read
    return None


def _biggan(folder: Path, reading: Reading) -> LogFile | None:
    """<experiment>_log.jsonl, with the losses in the folder <experiment> or beside it, by itr."""
    logs = [path for path in _files(folder) if path.name.endswith(BIGGAN)]
    runs: list[LogRun] = []
    notes: list[str] = []
    for path in logs:
        read = read_file(path, reading)
        notes += read.notes
        experiment = path.name.removesuffix(BIGGAN)
        name = folder.name if len(logs) == 1 else experiment
        rows = read.runs[0].rows
        if len(read.runs) > 1 or not all("itr" in row for row in rows):
            runs += [_within(name, run, alone=len(read.runs) == 1) for run in read.runs]
            continue
        inner = folder / experiment
        try:
            rows = [
                *_biggan_losses(inner if inner.is_dir() or len(logs) > 1 else folder, reading),
                *rows,
            ]
        except InputError as error:
            notes.append(f"losses were not read: {error}")
        runs.append(LogRun(name, in_order(rows, "itr")))
    return LogFile(tuple(runs), tuple(notes)) if runs else None


def _biggan_losses(folder: Path, reading: Reading) -> list[Row]:
    """A row for each iteration of <name>.log with lines `itr: value`; the last of each counts.

    The critic's loss is the sum of its parts.
    """
    rows: dict[float, Row] = {}
    for name in ("G_loss", *BIGGAN_CRITIC):
        path = folder / f"{name}.log"
        for line in read_text(path, Reading(reading.grows)).lines if path.is_file() else ():
            step, value = map(number_or_text, line.partition(":")[::2])
            if isinstance(step, float) and isinstance(value, float):
                rows.setdefault(step, {"itr": step})[name] = value
    for row in rows.values():
        parts = [row.pop(name) for name in BIGGAN_CRITIC if name in row]
        if len(parts) == len(BIGGAN_CRITIC):
            row["D_loss"] = sum(parts)
    return list(rows.values())


def _mimicry(folder: Path, reading: Reading) -> LogFile | None:
    """fid*.json and kid*.json with scores by step."""
    files = [path for path in _files(folder) if MIMICRY.fullmatch(path.name)]
    return _joined(files, "step", folder.name, reading) if files else None


def _events(folder: Path, reading: Reading) -> LogFile | None:
    files = [path for path in _files(folder) if "tfevents" in path.name or is_event_file(path)]
    return read_events(folder, folder.name) if files else None


def _exports(folder: Path, reading: Reading) -> LogFile | None:
    """TensorBoard's exports, a CSV file for each tag."""
    files = [path for path in _files(folder) if re.search(r"tag-.+\.csv$", path.name)]
    return _joined(files, "Step", folder.name, reading) if files else None


def _offline(folder: Path, reading: Reading) -> LogFile | None:
    """W&B's file of a run."""
    files = [path for path in _files(folder) if path.suffix == ".wandb"]
    return read_offline(files[0], folder.name, reading) if len(files) == 1 else None
