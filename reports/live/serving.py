"""The page of a running search: a second process rewrites it and serves it on loopback."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from rich.console import Console

from lab.loopback import address, listen
from lab.record.storage import Storage

Show = Callable[[Storage], None]
"""Called once with the storage of the study."""
GRACE_SECONDS = 30.0
"""How long the process may take to end: it runs at a low priority."""


@contextmanager
def page_shown(port: int | None, console: Console) -> Iterator[Show]:
    """Listen at the port immediately; serve the page from when the study is known until the end.

    The process ends with this one, however this one ends: it waits for the end of its standard
    input, which no other process holds open. A page that cannot be written does not affect the
    search and is reported at its end. Raises InputError for a port that is not available.
    """
    if port is None:
        yield lambda storage: None
        return
    started: list[subprocess.Popen[bytes]] = []
    with listen(port) as listener, tempfile.TemporaryFile() as errors:

        def show(storage: Storage) -> None:
            started.append(_start(storage, listener, errors))
            console.print(f"the page while this runs: {address(listener)}", highlight=False)
            listener.close()

        try:
            yield show
        finally:
            for process in started:
                _end(process, errors, console)


def _start(
    storage: Storage, listener: socket.socket, errors: IO[bytes]
) -> subprocess.Popen[bytes]:
    number = listener.fileno()
    return subprocess.Popen(
        [sys.executable, "-m", "reports.live.beside", storage.name, str(number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        pass_fds=[number],
        start_new_session=True,  # Ctrl-C is the search's, which then ends this one
    )


def _end(process: subprocess.Popen[bytes], errors: IO[bytes], console: Console) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        code = process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)  # it is writing a page that will not be read
        process.wait()
        return
    if code != 0:
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else f"exit code {code}"
        console.print(f"a page could not be written: {reason}", highlight=False, markup=False)
