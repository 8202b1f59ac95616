"""The process between a slot and a person's training: it ends everything that the training began.

Started as a plain script, without the lab. It leaves its parent by a second fork, because Ray
kills the children of a worker that ends, and what those leave would continue. Its standard input
is a pipe from the slot: a byte asks for the end, and so does its closing, whatever ended the slot.
On Linux it adopts what the training's processes leave behind, sessions of their own included.

Usage: keeper.py PATIENCE_SECONDS NUMBER_OF_STATUS_PIPE KEPT_PIPE... -- WORD...
It writes `started PID` or `failed REASON` to the status pipe, and `ended CODE` (negative: the
number of the signal) once no process is left.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
LOOK_SECONDS = 0.05


def main() -> None:
    """Leave the parent, start the command, wait for its end or for a word to end it."""
    if os.fork():
        os._exit(0)
    os.setsid()
    at = sys.argv.index("--")
    patience, status, *kept = sys.argv[1:at]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    report = os.fdopen(int(status), "w", buffering=1)
    # A signal of a child's end wakes the wait at once.
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    try:
        command = subprocess.Popen(
            sys.argv[at + 1 :],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[int(number) for number in kept],
            preexec_fn=_default_signals,
        )
    except OSError as error:
        print(f"failed {error.strerror or error}", file=report)
        return
    for number in kept:
        os.close(int(number))
    print(f"started {command.pid}", file=report)
    code = _waited(command, wake, float(patience))
    _end_all(command.pid, float(patience))
    with suppress(OSError):  # the slot may be gone
        print(f"ended {code}", file=report)


def _default_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _waited(command: "subprocess.Popen[bytes]", wake: int, patience: float) -> int:
    """The command's exit code, after it ended by itself or was asked to."""
    while command.poll() is None:
        ready, _, _ = select.select([0, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
        if 0 in ready:  # a byte, or the slot is gone
            _signal_all(command.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                command.wait(patience)
                break
            _signal_all(command.pid, signal.SIGKILL)
            command.wait()
    return command.returncode


def _end_all(group: int, patience: float) -> None:
    """End what the command left: SIGTERM, patience, SIGKILL."""
    if not _left(group):
        return
    _signal_all(group, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while _left(group) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    while _left(group):
        _signal_all(group, signal.SIGKILL)
        time.sleep(LOOK_SECONDS)


def _left(group: int) -> bool:
    """Whether any process of the command is left; those that ended are taken note of."""
    while True:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if not ended:
            return True
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _signal_all(group: int, number: int) -> None:
    """Send a signal to the command's group, and to all processes below this one."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
    for pid in _below(os.getpid()):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _below(root: int) -> list[int]:
    """Processes that come of one, by /proc; none where there is no such folder."""
    parents = {}
    with suppress(OSError):
        for entry in os.scandir("/proc"):
            if entry.name.isdecimal():
                with suppress(OSError, ValueError, IndexError):
                    stat = Path(entry.path, "stat").read_text(errors="replace")
                    parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    below, added = set(), {root}
    while added:
        added = {pid for pid, parent in parents.items() if parent in added and pid not in below}
        below |= added
    return sorted(below)


if __name__ == "__main__":
    main()
