"""The log of a command, read again whenever it grew, by the readers of `lab.judge`."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

from lab.errors import InputError
from lab.record import Row
from lab.stability.log_columns import LogOptions, NothingYet
from lab.stability.logs.reading import read_logs

STYLEGAN = re.compile(r"metric-.+\.(jsonl|txt)")
"""The metrics of StyleGAN's programs, whose losses stand in a file beside them."""
LOSSES = "stats.jsonl"
SHARE_OF_TIME = 0.02
"""Part of the time that reading may take: a log of hours takes long to be read again."""
MOST_NAMED = 6


class LogFollower:
    """Finds the log in a folder by a pattern, and returns its rows when there are new ones.

    A file that an earlier start left counts once it grows, with all of its rows.
    """

    def __init__(self, folder: Path, pattern: str, options: LogOptions) -> None:
        self._folder = folder
        self._pattern = pattern
        self._options = options
        self._earlier = {path: size_of(path) for path in folder.glob(pattern)}
        self._read: tuple[object, ...] = ()
        """Sizes and times of the files when they were last read."""
        self._not_before = 0.0
        self.path: Path | None = None
        """The log, once there is one."""
        self.problem: InputError | None = None
        """Why the log could not be read as it was last seen."""

    def look(self, *, at_end: bool = False) -> Sequence[Row] | None:
        """All rows of the log where it grew since the last look, else None.

        `at_end`: no more is written, and a last line without its end counts.
        """
        if self.path is None and (log := self._find()) is not None:
            self.path = log
        if self.path is None:
            return None
        now = tuple(_state(path) for path in self._files(self.path))
        started = time.monotonic()
        if not at_end and (now == self._read or started < self._not_before):
            return None
        self._read = now
        try:
            rows = self._rows(self.path, grows=not at_end)
        except NothingYet:
            return None
        except InputError as error:
            self.problem = error
            return None
        self.problem = None
        ended = time.monotonic()
        self._not_before = ended + (ended - started) / SHARE_OF_TIME
        return rows

    def what_is_there(self) -> str:
        """The files of the folder, for an error."""
        names = sorted(
            str(path.relative_to(self._folder))
            for path in self._folder.rglob("*")
            if path.is_file()
        )
        more = len(names) - MOST_NAMED
        shortened = ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        return shortened or "nothing"

    def _find(self) -> Path | None:
        """The newest match that this start wrote."""
        logs = [
            path
            for path in self._folder.glob(self._pattern)
            if self._earlier.get(path) != size_of(path)
        ]
        return max(logs, key=lambda path: _state(path)[1], default=None)

    def _files(self, log: Path) -> list[Path]:
        if log.is_dir():
            return sorted(path for path in log.rglob("*") if path.is_file())
        return [log, log.parent / LOSSES] if _is_stylegan(log) else [log]

    def _rows(self, log: Path, *, grows: bool) -> list[Row]:
        source = log.parent if _is_stylegan(log) else log
        read = read_logs(source, grows=grows, options=self._options)
        if len(read.runs) > 1:
            names = ", ".join(run.name for run in read.runs[:3])
            raise InputError(
                f"the log {log} holds {len(read.runs)} runs ({names}); let the command write one "
                "log for each"
            )
        return read.runs[0].rows


def _is_stylegan(log: Path) -> bool:
    return STYLEGAN.fullmatch(log.name) is not None


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    return _state(path)[0]


def _state(path: Path) -> tuple[int, int]:
    """Bytes and time of the last write; zeros where there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns
