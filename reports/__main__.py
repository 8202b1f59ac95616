"""`python -m reports STUDY`: the report of a study, from its record alone.

`--watch` writes it again while the search runs, `--serve` shows it on this machine's loopback,
`--png` and `--csv` export its figures.
"""

from __future__ import annotations

import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import tyro

from lab.cli import run_command
from lab.config import InputError
from lab.durable import StorageFailed, reason_of
from lab.loopback import address, listen
from lab.record import REPORT_FILE
from lab.storage import Storage, open_storage
from reports.page import store_report
from reports.serve import served
from reports.watch import DEFAULT_SECONDS, watch

BARE = {"--watch": f"{DEFAULT_SECONDS:g}", "--serve": "0"}


@dataclass(frozen=True)
class Arguments:
    """Write the report of a study as one HTML page."""

    study: tyro.conf.Positional[str]
    """Folder of the study, or its URL."""
    out: Path | None = None
    """Where to write the page; by default report.html beside the study's other files."""
    watch: float | None = None
    """Write the page again whenever the record has changed, looking every so many seconds (30),
    until the search has ended."""
    serve: int | None = None
    """Show the page at this port of 127.0.0.1 until Ctrl-C; without a number at a free one."""


def main(args: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    return run_command(Arguments, _run, prog="python -m reports", args=args, bare=BARE)


def _run(arguments: Arguments) -> int:
    storage = open_storage(arguments.study)
    with ExitStack() as stack:
        listener = None if arguments.serve is None else listen(arguments.serve)
        if listener is not None:
            stack.enter_context(served(listener, lambda: _page(storage, arguments.out)))
        if arguments.watch is None:
            print(f"report: {_write(storage, arguments.out)}")
        if listener is not None:
            print(f"shown at {address(listener)}; Ctrl-C ends", flush=True)
        if arguments.watch is not None:
            watch(storage, lambda: _write(storage, arguments.out), arguments.watch, say=_say)
        if listener is not None:
            threading.Event().wait()
    return 0


def _write(storage: Storage, out: Path | None) -> str:
    try:
        return store_report(storage, out)
    except (OSError, StorageFailed) as error:
        raise InputError(
            f"the report cannot be written to {out or storage.name}: {reason_of(error)}; give a "
            "place with --out"
        ) from None


def _page(storage: Storage, out: Path | None) -> bytes | None:
    """The page as it is now, wherever it was written to."""
    if out is None:
        return storage.read(REPORT_FILE)
    return out.read_bytes() if out.exists() else None


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
