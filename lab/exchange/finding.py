"""The runs in logs, folders of logs and folders of folders, each with what is known of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from lab.errors import InputError
from lab.record import EVALUATIONS_FILE, RUN_FILE, STUDY_FILE, Row, Scalar
from lab.stability.log_columns import LogOptions
from lab.stability.logs import LogFile, LogRun, read_logs
from lab.stability.logs.folders import SUFFIXES, read_run_folder, with_settings
from lab.stability.logs.settings import is_settings_file
from lab.stability.logs.text import Reading

SINGLE_FILES = (*SUFFIXES, ".wandb", ".db", ".sqlite")
"""Endings of files that may hold a log."""
MOST_FOLDERS = 100_000

Follow = Callable[[Sequence[Path], str], Iterable[Path]]
"""Goes through paths and shows how far it is, with a word for what is done."""


class LeftOut(NamedTuple):
    """Something that is no run of the study, and why, in a sentence."""

    name: str
    reason: str


@dataclass(frozen=True)
class FoundRun:
    """The rows of one run as they were logged."""

    name: str
    """Unique; of a run in a folder, its path within the folder that was given."""
    rows: list[Row]
    settings: dict[str, Scalar]
    """By dotted names, as far as the format has them."""
    source: Path
    """The file or folder that it was read from."""
    notes: tuple[str, ...] = ()


@dataclass
class Found:
    """All runs below the paths that were given."""

    runs: list[FoundRun] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def found_runs(paths: Sequence[Path], options: LogOptions, follow: Follow) -> Found:
    """The runs of files and folders, in order of their names.

    A folder of a known format is one run (or those of its file); any other holds runs: the folders
    and the log files in it. Raises InputError where a path is missing or a study of the lab, and
    where there is no run at all.
    """
    found = Found()
    for root in paths:
        _require_there(root)
    files = [path for path in paths if path.is_file()]
    beside = Counter(path.resolve().parent for path in files)
    for path in follow(files, "reading"):
        _read_file(found, path, beside[path.resolve().parent] == 1, options)
    for root in paths:
        done: set[Path] = set()
        for place in follow([] if root.is_file() else list(_folders(root)), "reading"):
            if place.parent in done or _read_into(found, place, root, Reading(options=options)):
                done.add(place)
    if not found.runs:
        first = f" ({found.left_out[0].reason})" if found.left_out else ""
        raise InputError(
            f"there is no log in {', '.join(map(str, paths))}{first}; give log files, or a folder "
            "that holds them (docs/logs.md lists the formats)"
        )
    found.runs = _named_apart(found.runs)
    return found


def _require_there(root: Path) -> None:
    if not root.exists():
        raise InputError(f"{root} does not exist; give a log, or a folder of logs")
    if (root / STUDY_FILE).is_file():
        raise InputError(
            f"{root} is a study of the lab already; `python -m reports {root}` writes its report"
        )


def _folders(root: Path) -> Iterator[Path]:
    """The folder and all folders in it, outer ones first, each once."""
    yield root
    seen = {root.resolve()}
    waiting = [root]
    while waiting and len(seen) < MOST_FOLDERS:
        folder = waiting.pop(0)
        inner = sorted(path for path in folder.iterdir() if path.is_dir())
        # W&B links the latest run beside the runs.
        for path in sorted(inner, key=lambda path: path.is_symlink()):
            if path.name.startswith(".") or path.resolve() in seen:
                continue
            seen.add(path.resolve())
            waiting.append(path)
            yield path


def _read_into(found: Found, place: Path, root: Path, reading: Reading) -> bool:
    """Add the runs of a folder; whether no other run lies below it."""
    name = "" if place == root else place.relative_to(root).as_posix()
    try:
        log = _lab_run(place) or read_run_folder(place, reading)
    except InputError as error:
        found.left_out.append(LeftOut(name or str(place), str(error)))
        return True
    if log is not None:
        found.runs += _runs(log, place, name or place.resolve().name)
        return True
    logs = _logs_in(found, place, name, reading)
    if len(logs) == 1 and name:
        path, log = logs[0]
        found.runs += _runs(with_settings(log, place), path, name)
        return True
    for path, log in logs:
        found.runs += _runs(log, path, _within(name, path.stem))
    return False


def _logs_in(
    found: Found, folder: Path, name: str, reading: Reading
) -> list[tuple[Path, LogFile]]:
    """The log files of a folder of no known format: one is the folder's run, several are runs."""
    logs: list[tuple[Path, LogFile]] = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SINGLE_FILES or not path.is_file():
            continue
        if is_settings_file(path) or path.name == RUN_FILE or path.name.startswith("."):
            continue
        try:
            logs.append((path, read_logs(path, options=reading.options or LogOptions())))
        except InputError as error:
            found.left_out.append(LeftOut(_within(name, path.name), str(error)))
    return logs


def _read_file(found: Found, path: Path, alone: bool, options: LogOptions) -> None:
    """Add the runs of a file; settings beside it are its own if no other log there was given."""
    try:
        log = read_logs(path, options=options)
    except InputError as error:
        found.left_out.append(LeftOut(str(path), str(error)))
        return
    found.runs += _runs(with_settings(log, path.parent) if alone else log, path, "")


def _lab_run(folder: Path) -> LogFile | None:
    """A run that `lab.train` made outside a study, with its configuration."""
    if not (folder / RUN_FILE).is_file() or not (folder / EVALUATIONS_FILE).is_file():
        return None
    return with_settings(read_logs(folder / EVALUATIONS_FILE), folder)


def _runs(log: LogFile, source: Path, name: str) -> list[FoundRun]:
    """The runs of a log; one has the name of its place, several have theirs within it."""
    alone = len(log.runs) == 1
    return [
        FoundRun(
            (name or source.stem) if alone else _within(name, run.name),
            run.rows,
            _with_seed(run),
            source,
            log.notes,
        )
        for run in log.runs
    ]


def _with_seed(run: LogRun) -> dict[str, Scalar]:
    """The settings of a run; the seed may stand in every row instead."""
    settings = dict(run.settings)
    values = {row.get("seed") for row in run.rows}
    if len(values) == 1 and isinstance(seed := values.pop(), int | float):
        settings.setdefault("seed", int(seed) if float(seed).is_integer() else seed)
    return settings


def _within(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _named_apart(runs: Sequence[FoundRun]) -> list[FoundRun]:
    """The same runs, of which those that share a name are called by their paths."""
    counts = Counter(run.name for run in runs)
    return [
        replace(run, name=run.source.with_suffix("").as_posix()) if counts[run.name] > 1 else run
        for run in runs
    ]
