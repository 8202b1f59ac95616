"""A search in a process of its own, whose record is closed whatever ends that process.

The driver of a search hosts Ray's client, which ends the process at once when it loses Ray: on a
SIGTERM to all processes of a batch job, or when a machine without memory kills one of them. So the
command forks first: the child drives, the parent waits, and after an end that was none in order it
closes the record. Signals to the parent go to the child.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from lab.cli import INTERRUPTED

UNORDERLY = 1
"""Exit code of a process that Ray ended, and of a bug."""
BY_A_SIGNAL = range(129, 193)
"""128 + the signal that ended a process."""
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FROM_THE_KERNEL = 0x80
"""`si_code` of a signal of the terminal, which the child gets as well (Linux: SI_KERNEL)."""
PR_SET_PDEATHSIG = 1

_teller: int | None = None
"""The pipe to the parent, in a child."""


def tell_study(name: str) -> None:
    """Let the parent, if there is one, know which study has to be closed: its path or URL."""
    if _teller is not None:
        os.write(_teller, f"{name}\n".encode())


def supervised(drive: Callable[[], int], close: Callable[[str, int], int]) -> int:
    """The exit code of `drive`, called in a child.

    When the child ended out of order after `tell_study`, `close` is called here with the study
    and the child's exit code (128 + its signal), and gives the exit code instead.
    """
    if not sys.platform.startswith("linux"):
        return drive()
    global _teller
    reader, _teller = os.pipe()
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, {*FORWARDED, signal.SIGCHLD})
    child = os.fork()
    if child == 0:
        os.close(reader)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {*FORWARDED, signal.SIGCHLD})
        if os.getppid() != parent:
            os._exit(1)
        return drive()
    os.close(_teller)
    _teller = None
    code = _waited(child)
    names = _all_of(reader).split("\n")[:-1]
    in_order = code not in (UNORDERLY, *BY_A_SIGNAL) or code == INTERRUPTED
    try:
        return code if in_order or not names else close(names[-1], code)
    finally:  # what must be whole is not disturbed until here
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {*FORWARDED, signal.SIGCHLD})


def _waited(child: int) -> int:
    """The child's exit code; signals are passed on until it has ended."""
    while True:
        came = signal.sigwaitinfo({*FORWARDED, signal.SIGCHLD})
        if came.si_signo != signal.SIGCHLD and came.si_code != FROM_THE_KERNEL:
            with suppress(ProcessLookupError):
                os.kill(child, came.si_signo)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _all_of(pipe: int) -> str:
    """What was written into a pipe; a process that the child left behind may keep it open."""
    os.set_blocking(pipe, False)
    with suppress(BlockingIOError):
        return os.read(pipe, 1 << 16).decode()
    return ""
