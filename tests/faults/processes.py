"""The processes of a search, which a test may harm: found by their session, never by name alone.

A search is started in a session of its own. Ray's processes stay in it, also those whose parent
died, so what is left behind is found as well. (Ray gives its workers process groups of their own.)
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from lab.record import LOCK_FILE

SESSION = 3
STATE = 0
"""Fields of /proc/<pid>/stat behind the process's name."""
POLL_SECONDS = 0.02


def processes(session: int) -> dict[int, str]:
    """Living processes of a session and their titles (or command lines)."""
    found = {}
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # it ended while we looked
            fields = _stat(place)
            if int(fields[SESSION]) == session and fields[STATE] not in "ZX":
                title = (place / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(place.name)] = title.decode(errors="replace").strip()
    return found


def titled(session: int, title: str) -> list[int]:
    """Processes of a session whose title begins so, say `ray::TrainController`."""
    return sorted(pid for pid, said in processes(session).items() if said.startswith(title))


def holders(session: int) -> list[int]:
    """Processes of a session that hold a run's folder: rank 0 of each run."""
    return sorted(pid for pid in processes(session) if holds_a_run(pid))


def holds_a_run(pid: int) -> bool:
    """Whether a process has the lock of a run's folder open."""
    with contextlib.suppress(OSError):  # it ended while we looked
        return any(_is_a_runs_lock(link) for link in Path(f"/proc/{pid}/fd").iterdir())
    return False


def _is_a_runs_lock(link: Path) -> bool:
    try:
        path = str(link.readlink())
    except OSError:  # it was closed while we looked
        return False
    return "/trials/" in path and path.endswith(LOCK_FILE)


def kill(*pids: int, with_signal: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal; after SIGKILL wait until they are gone, so that nothing more is written."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, with_signal)
    if with_signal == signal.SIGKILL:
        await_end(*pids)


def await_end(*pids: int) -> None:
    deadline = time.monotonic() + 60
    while any(_lives(pid) for pid in pids):
        assert time.monotonic() < deadline, f"{pids} did not end"
        time.sleep(POLL_SECONDS)


def kill_session(session: int) -> None:
    """Everything of a search at once, and what it starts meanwhile."""
    while pids := list(processes(session)):
        kill(*pids)


@contextlib.contextmanager
def held_still(pid: int) -> Iterator[None]:
    """A process is stopped in its tracks meanwhile, so that a fault meets it at a known place."""
    os.kill(pid, signal.SIGSTOP)
    try:
        deadline = time.monotonic() + 20
        while _stat(Path(f"/proc/{pid}"))[STATE] != "T":
            assert time.monotonic() < deadline, "SIGSTOP did not stop the process"
            time.sleep(POLL_SECONDS)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def await_empty(session: int, seconds: float = 120.0) -> dict[int, str]:
    """What is left of a search's processes when they had so long to end.

    Ray's agents of a node whose driver was killed go last: they try for a minute to tell the head.
    """
    deadline = time.monotonic() + seconds
    while (left := processes(session)) and time.monotonic() < deadline:
        time.sleep(5 * POLL_SECONDS)
    return left


def _lives(pid: int) -> bool:
    try:
        return _stat(Path(f"/proc/{pid}"))[STATE] not in "ZX"
    except OSError:
        return False


def _stat(place: Path) -> list[str]:
    return (place / "stat").read_text().rpartition(")")[2].split()
