"""The runs in logs, folders of logs and folders of folders, each with what is known of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

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

Follow = Callable[[Sequence[Any], str], Iterable[Any]]
"""Goes through items and shows how far it is, with a word for what is done."""


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


@dataclass(frozen=True)
class Found:
    """All runs below the paths that were given."""

    runs: list[FoundRun]
    left_out: list[LeftOut]


def found_runs(paths: Sequence[Path], options: LogOptions, follow: Follow) -> Found:
    """The runs of files and folders, in order of their names.

    A folder of a known format is one run (or those of its file); in any other, one log file is the
    folder's run, several are runs, and so are the folders in it. Raises InputError where a path is
    missing or a study of the lab, and where there is no run at all.
    """
    for path in paths:
        _require_there(path)
    reader = _Reader(options)
    for candidate in follow(
        [candidate for path in paths for candidate in _candidates(path)], "reading"
    ):
        reader.read(candidate)
    runs = _named_apart(reader.runs())
    if not runs:
        first = f" ({reader.left_out[0].reason})" if reader.left_out else ""
        raise InputError(
            f"there is no log in {', '.join(map(str, paths))}{first}; give log files, or a folder "
            "that holds them (docs/logs.md lists the formats)"
        )
    return Found(sorted(runs, key=lambda run: _natural(run.name)), reader.left_out)


def _require_there(root: Path) -> None:
    if not root.exists():
        raise InputError(f"{root} does not exist; give a log, or a folder of logs")
    if (root / STUDY_FILE).is_file():
        raise InputError(
            f"{root} is a study of the lab already; `python -m reports {root}` writes its report"
        )


class _Candidate(NamedTuple):
    """A folder, or a file that may hold a log."""

    path: Path
    name: str
    """Of the run that it may be."""
    folder: Path | None
    """That a file was found in; None for a folder, and for a file that was given itself."""


def _candidates(root: Path) -> Iterator[_Candidate]:
    """A file itself; else the folder and all folders in it, each before its files and folders."""
    if root.is_file():
        yield _Candidate(root, root.stem, None)
        return
    seen = {root.resolve()}
    waiting = [root]
    while waiting and len(seen) < MOST_FOLDERS:
        folder = waiting.pop(0)
        name = "" if folder == root else folder.relative_to(root).as_posix()
        yield _Candidate(folder, name, None)
        try:
            inner = sorted(folder.iterdir())
        except OSError:  # reading the folder states why
            continue
        for path in inner:
            if path.is_file() and _may_be_a_log(path):
                yield _Candidate(path, f"{name}/{path.stem}" if name else path.stem, folder)
        # W&B links the latest run beside the runs.
        for path in sorted(inner, key=lambda path: path.is_symlink()):
            if path.is_dir() and not path.name.startswith(".") and path.resolve() not in seen:
                seen.add(path.resolve())
                waiting.append(path)


def _may_be_a_log(path: Path) -> bool:
    is_other = is_settings_file(path) or path.name == RUN_FILE or path.name.startswith(".")
    return path.suffix.lower() in SINGLE_FILES and not is_other


class _Reader:
    """Reads places one by one; an outer folder comes before what is in it."""

    def __init__(self, options: LogOptions) -> None:
        self.left_out: list[LeftOut] = []
        self._options = options
        self._runs: list[FoundRun] = []
        self._names: dict[Path, str] = {}
        """Of folders, by path."""
        self._logs: dict[Path, list[tuple[_Candidate, LogFile]]] = {}
        """Of folders that are no run by themselves."""
        self._done: set[Path] = set()
        """Folders of runs, in which no other run is looked for."""

    def read(self, candidate: _Candidate) -> None:
        """Take the runs of a candidate, or note why it has none."""
        try:
            if candidate.folder is not None:
                self._read_within(candidate, candidate.folder)
            elif candidate.path.is_file():
                log = read_logs(candidate.path, options=self._options)
                self._logs.setdefault(candidate.path.resolve().parent, []).append((candidate, log))
            else:
                self._read_folder(candidate)
        except InputError as error:
            suffix = candidate.path.suffix if candidate.path.is_file() else ""
            name = f"{candidate.name}{suffix}" if candidate.name else str(candidate.path)
            self.left_out.append(LeftOut(name, str(error)))

    def runs(self) -> list[FoundRun]:
        """All runs; a log that is the only one of its folder has the settings beside it."""
        runs = list(self._runs)
        for folder, logs in self._logs.items():
            name = self._names.get(folder, "")
            if len(logs) == 1:
                candidate, log = logs[0]
                runs += _runs(with_settings(log, folder), candidate.path, name or candidate.name)
            else:
                runs += [
                    run
                    for candidate, log in logs
                    for run in _runs(log, candidate.path, candidate.name)
                ]
        return runs

    def _read_folder(self, candidate: _Candidate) -> None:
        folder, outer = candidate.path, candidate.path.parent
        is_of_a_run = bool(self._names.get(outer)) and len(self._logs.get(outer, ())) == 1
        if outer in self._done or is_of_a_run:
            self._done.add(folder)
            return
        name = candidate.name
        self._names[folder] = name
        try:
            log = _lab_run(folder) or read_run_folder(folder, Reading(options=self._options))
        except InputError:
            self._done.add(folder)
            raise
        if log is not None:
            self._done.add(folder)
            self._runs += _runs(log, folder, name or folder.resolve().name)

    def _read_within(self, candidate: _Candidate, folder: Path) -> None:
        if folder not in self._done:
            log = read_logs(candidate.path, options=self._options)
            self._logs.setdefault(folder, []).append((candidate, log))


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
            name if alone else f"{name}/{run.name}",
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


def _named_apart(runs: Sequence[FoundRun]) -> list[FoundRun]:
    """The same runs, of which those that share a name are called by their paths."""
    counts = Counter(run.name for run in runs)
    return [
        replace(run, name=run.source.with_suffix("").as_posix()) if counts[run.name] > 1 else run
        for run in runs
    ]


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts `run-2` before `run-10`."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
