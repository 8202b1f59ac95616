"""`python -m reports STUDY`: the report of a study, from its record alone.

`--watch` writes it again while the search runs, `--serve` shows it on this machine's loopback,
`--png` and `--csv` export its figures. Two studies are compared on a page of their own.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import tyro

from lab.cli import run_command
from lab.errors import InputError
from lab.loopback import address, listen
from lab.record import REPORT_FILE, read_study
from lab.record.durable import StorageFailed, reason_of
from lab.record.storage import Storage, for_reading, in_its_words, open_storage
from reports.export import save_pictures, save_tables
from reports.kit.words import listed
from reports.live.serve import served
from reports.live.watch import DEFAULT_SECONDS, watch
from reports.page import blocks_of, priced, store_report
from reports.study.gallery import Album
from reports.study.tables import run_rows

BARE = {"--watch": f"{DEFAULT_SECONDS:g}", "--serve": "0"}


@dataclass(frozen=True)
class ReportArguments:
    """Write the report of a study, or of two side by side, as one HTML page."""

    study: tyro.conf.Positional[str]
    """Folder of the study, or its URL."""
    another: tyro.conf.Positional[tuple[str, ...]] = ()
    """A second study: the two are compared on a page of their own."""
    out: Path | None = None
    """Where to write the page; by default beside the (first) study's other files."""
    watch: float | None = None
    """Write the page again after each change of the record, until the search has ended. The value
    is the number of seconds between two checks; 30 without a value."""
    serve: int | None = None
    """Show the page at this port of 127.0.0.1 until Ctrl-C; without a number at a free one."""
    png: Path | None = None
    """Write each figure to this folder as a PNG file, and no page."""
    csv: Path | None = None
    """Write the rows behind each figure to this folder as CSV, and no page."""
    price: float | None = None
    """Price of a GPU-hour (a core-hour of a search on processors), in place of the record's."""


def main(args: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    return run_command(ReportArguments, _run, prog="python -m reports", args=args, bare=BARE)


def _run(arguments: ReportArguments) -> int:
    if arguments.price is not None and not 0 < arguments.price < math.inf:
        raise InputError(f"--price is {arguments.price:g}; it must be above 0")
    if arguments.another:
        return _compare(arguments)
    storage = open_storage(arguments.study)
    if arguments.png is not None or arguments.csv is not None:
        return _export(storage, arguments)
    with ExitStack() as stack:
        listener = None if arguments.serve is None else listen(arguments.serve)
        if listener is not None:
            stack.enter_context(served(listener, lambda: _page(storage, arguments.out)))
        if arguments.watch is None:
            print(f"report: {_write(storage, arguments)}")
        if listener is not None:
            print(f"shown at {address(listener)}; Ctrl-C ends", flush=True)
        if arguments.watch is not None:
            watch(storage, lambda: _write(storage, arguments), arguments.watch, report=_print)
        if listener is not None:
            threading.Event().wait()
    return 0


def _compare(arguments: ReportArguments) -> int:
    """A page of two studies."""
    from reports.compare.page import store_comparison

    if len(arguments.another) > 1:
        raise InputError(
            f"{1 + len(arguments.another)} studies were given; one is reported, two are compared: "
            "leave the others out"
        )
    given = _given(arguments, "watch", "serve", "png", "csv", "price")
    if given:
        raise InputError(f"two studies are compared on one page; leave out {given}")
    first, second = open_storage(arguments.study), open_storage(*arguments.another)
    with _writing_to(arguments.out or first.name):
        print(f"comparison: {store_comparison(first, second, arguments.out)}")
    return 0


def _given(arguments: ReportArguments, *options: str) -> str:
    """The options that were given, as text; empty for none."""
    return listed([f"--{name}" for name in options if getattr(arguments, name) is not None])


def _export(storage: Storage, arguments: ReportArguments) -> int:
    """Figures as files."""
    given = _given(arguments, "watch", "serve", "out")
    if given:
        raise InputError(
            f"--png and --csv write files and no page; leave out {given}, or --png and --csv"
        )
    with in_its_words(storage):
        storage.pull(for_reading)
        study = priced(read_study(storage.folder), arguments.price)
        blocks = blocks_of(study, Album())
    if arguments.png is not None:
        paths = save_pictures(blocks, arguments.png)
        print(f"{len(paths)} figures in {arguments.png}")
    if arguments.csv is not None:
        paths = save_tables(blocks, arguments.csv, {"runs": run_rows(study)})
        print(f"{len(paths)} tables in {arguments.csv}")
    return 0


def _write(storage: Storage, arguments: ReportArguments) -> str:
    with _writing_to(arguments.out or storage.name):
        return store_report(storage, arguments.out, price=arguments.price)


@contextmanager
def _writing_to(path: Path | str) -> Iterator[None]:
    """Raise InputError when the page cannot be written, so that the user can correct the path."""
    try:
        yield
    except (OSError, StorageFailed) as error:
        raise InputError(
            f"the page cannot be written to {path}: {reason_of(error)}; give a path with --out"
        ) from None


def _page(storage: Storage, out: Path | None) -> bytes | None:
    """The page as it is now, wherever it was written to."""
    if out is None:
        return storage.read(REPORT_FILE)
    return out.read_bytes() if out.exists() else None


def _print(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
