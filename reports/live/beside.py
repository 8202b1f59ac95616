"""`python -m reports.live.beside STUDY SOCKET`: the process that shows a search's page.

`python -m lab.search --serve` starts it and hands it a listening socket. It runs at a low
priority, and ends when its standard input closes, which the search holds open.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import traceback

from lab.cli import MISTAKEN
from lab.errors import InputError
from lab.record import REPORT_FILE
from lab.record.storage import Storage, open_storage
from reports.live.serve import served
from reports.live.watch import watch
from reports.page import store_report

NICENESS = 15
FAILED = 1


def main(study: str, socket_number: int) -> int:
    """Show the page of a study (a folder or URL) until the search ends; returns the exit code."""
    os.nice(NICENESS)
    # A background job of a shell ignores SIGINT, which this process needs in order to end.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with_search, name="search", daemon=True).start()
    storage = open_storage(study)
    listener = socket.socket(fileno=socket_number)
    pages = _Pages(storage)
    try:
        with served(listener, lambda: storage.read(REPORT_FILE)):
            watch(storage, pages.write)
            threading.Event().wait()
    except InputError as error:
        print(error, file=sys.stderr)
        return MISTAKEN
    except KeyboardInterrupt:
        pass
    return FAILED if pages.num_failed else 0


class _Pages:
    """Writes the page; a failure is printed on stderr, and the next page is written as usual."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.num_failed = 0

    def write(self) -> str:
        try:
            return store_report(self._storage)
        except Exception:
            self.num_failed += 1
            traceback.print_exc()
            return self._storage.name


def _end_with_search() -> None:
    while os.read(0, 1):  # not sys.stdin, whose lock the end of this process would wait for
        pass
    main_thread = threading.main_thread().ident
    assert main_thread is not None
    signal.pthread_kill(main_thread, signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
