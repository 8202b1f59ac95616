"""`python -m reports STUDY [--out FILE]`: the report of a study, from its record alone."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import tyro

from lab.cli import run_command
from lab.config import InputError
from lab.durable import StorageFailed, reason_of
from lab.storage import open_storage
from reports.page import store_report


@dataclass(frozen=True)
class Arguments:
    """Write the report of a study as one HTML page."""

    study: tyro.conf.Positional[str]
    """Folder of the study, or its URL."""
    out: Path | None = None
    """Where to write the page; by default report.html beside the study's other files."""


def main(args: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    return run_command(Arguments, _write, prog="python -m reports", args=args)


def _write(arguments: Arguments) -> int:
    try:
        place = store_report(open_storage(arguments.study), arguments.out)
    except (OSError, StorageFailed) as error:
        came = arguments.out or arguments.study
        raise InputError(
            f"the report cannot be written to {came}: {reason_of(error)}; give a place with --out"
        ) from None
    print(f"report: {place}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
