"""Lines and branches that the tests ran: the total, and the ten least covered files.

    python -m tests.covered build/coverage/lab.json build/coverage/reports.json

Reads what SlipCover wrote (`make test`). Only the tests' own processes are measured: what runs in
a command that a test starts, or in a browser, counts as not run, which makes the commands look
worse than they are; so does `reports.validation`, whose tests are those of `lab.validate`.
`lab.engine` and `lab.validate` are left out of the table, as their tests are not measured, and the
search spaces, which are loaded as files; the total has all.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import slipcover

NUM_LEAST = 10
LEAST_LINES = 5
"""A file of fewer is a package's docstring."""
LEFT_OUT = ("lab/engine/", "lab/validate/", "search_spaces/")


def merged(paths: Sequence[Path]) -> dict[str, Any]:
    """The coverage of several runs as one: what any of them ran."""

    def merge(into: dict[str, Any], further: dict[str, Any]) -> dict[str, Any]:
        slipcover.merge_coverage(into, further)
        return into

    return reduce(merge, [json.loads(path.read_text()) for path in paths])


def least_covered(coverage: dict[str, Any]) -> list[tuple[float, str, int, int]]:
    """(percent, file, lines missing, branches missing), the least covered first."""
    rows = [
        (
            float(facts["summary"]["percent_covered"]),
            name,
            int(facts["summary"]["missing_lines"]),
            int(facts["summary"].get("missing_branches", 0)),
        )
        for name, facts in coverage["files"].items()
        if not name.startswith(LEFT_OUT)
        and facts["summary"]["covered_lines"] + facts["summary"]["missing_lines"] >= LEAST_LINES
    ]
    return sorted(rows)


def main(paths: Sequence[str]) -> None:
    """Print the total and the table."""
    coverage = merged([Path(path) for path in paths])
    total = coverage["summary"]
    print(f"coverage: {total['percent_covered']:.1f} % of lines and branches, the least covered:")
    for percent, name, lines, branches in least_covered(coverage)[:NUM_LEAST]:
        print(f"  {percent:5.1f} %  {name}: {lines} lines and {branches} branches not run")


if __name__ == "__main__":
    main(sys.argv[1:])
