"""The page, written again whenever the record has changed, while the search runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from lab.errors import InputError
from lab.record import STUDY_FILE, StudyCard, read_card, require_study
from lab.record.storage import Storage, for_reading, in_its_words
from reports.kit.words import duration

DEFAULT_SECONDS = 30.0
REST = 3.0
"""Seconds of rest per second that the last page took to write: the page of a large study must not
take a core from its search."""
RUNNING = "running"

State = frozenset[tuple[str, int, int]]
"""Name, size and time of each file of the record that changes."""


def watch(
    storage: Storage,
    write: Callable[[], str],
    seconds: float = DEFAULT_SECONDS,
    *,
    report: Callable[[str], None] = print,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Call `write`, which returns the path of the page, now and after each change of the record.

    Checks every `seconds`. Ends after the page of a study that is no longer running.
    Raises InputError when `storage` holds no study, or `seconds` is not above 0.
    """
    if not 0 < seconds < float("inf"):
        raise InputError(f"--watch is {seconds:g}; it must be a number of seconds above 0")
    written_state: State | None = None
    while True:
        status, state = _seen(storage)
        took = 0.0
        if state != written_state:
            started = clock()
            page = write()
            took = clock() - started
            report(f"{datetime.now():%H:%M:%S}  {page} rewritten in {duration(took)}")
            written_state = state
        if status != RUNNING:
            report(f"the study is {status}: this page is the last")
            return
        sleep(max(seconds, REST * took))


def _seen(storage: Storage) -> tuple[str, State]:
    """The study's status, and the state of its record's files."""
    with in_its_words(storage):
        storage.pull(for_reading)
        require_study(storage.folder)
        status = read_card(storage.folder / STUDY_FILE, StudyCard).status
    return status, state_of(storage.folder)


def state_of(folder: Path) -> State:
    """Changes with every row, run, trial and with the study's own file; pictures come with rows.

    A file that disappears meanwhile is left out.
    """
    stamps = set()
    for pattern in (STUDY_FILE, "trials/*/*.json", "trials/*/seed-*/*.json*"):
        for path in folder.glob(pattern):
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue
            stamps.add((str(path.relative_to(folder)), facts.st_size, facts.st_mtime_ns))
    return frozenset(stamps)
