"""The table of what was injected and what it cost."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

TABLE_FILE = Path(__file__).with_name("TABLE.md")
HEADER = (
    "fault",
    "workers",
    "evaluations kept",
    "made again",
    "attempts",
    "seconds until it went on",
    "outcome",
)
EXPLANATION = """\
# What was injected, and what it cost

Measured by `FAULTS_TABLE=1 make test-faults`. Each line is one search of two runs that was
disturbed in its first run, beside the same search left alone: at the end both had the same rows,
verdicts, scores, generators and pictures to the last bit, no row lost or doubled and no process
left. Lines that say float64 compare other numbers of workers, to 1e-9 of each number.

- *workers*: of one run (`--workers`).
- *evaluations kept*: rows that were stored when the fault struck and stayed, byte for byte, with
  the seconds they were measured in: that work was not done again.
- *made again*: rows that were stored then and had to be made again, the same (a row whose
  checkpoint was not yet written; at most one).
- *attempts*: starts that the disturbed run counted since its last stored evaluation.
- *seconds until it went on*: to the run's next stored evaluation, from the moment when the killed
  were gone or the storage worked again, or from the start of the `--resume` command.
"""


@dataclass
class Line:
    """One fault."""

    fault: str
    workers: str
    kept: int = 0
    again: int = 0
    attempts: int = 0
    seconds: float | None = None
    outcome: str = "NOT SURVIVED"

    def cells(self) -> tuple[str, ...]:
        seconds = "-" if self.seconds is None else f"{self.seconds:.1f}"
        counts = (str(self.kept), str(self.again), str(self.attempts))
        return (self.fault, self.workers, *counts, seconds, self.outcome)


def in_words(lines: list[Line]) -> str:
    """The table as Markdown that also reads well in a terminal."""
    return _aligned([line.cells() for line in lines])


def write_table(lines: list[Line], num_cores: int) -> None:
    """Write the table; scenes that were not run keep the lines that they have."""
    rows = _stored_rows() | {line.cells()[:2]: line.cells() for line in lines}
    machine = f"On {num_cores} cores ({platform.system()} {platform.machine()})."
    TABLE_FILE.write_text(f"{EXPLANATION}\n{machine}\n\n{_aligned(list(rows.values()))}\n")


def _stored_rows() -> dict[tuple[str, ...], tuple[str, ...]]:
    """Fault and workers -> cells."""
    text = TABLE_FILE.read_text() if TABLE_FILE.exists() else ""
    table = [line for line in text.splitlines() if line.startswith("| ")]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table[1:]]
    return {row[:2]: row for row in rows}


def _aligned(rows: list[tuple[str, ...]]) -> str:
    cells = [HEADER, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(HEADER))]
    said = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in cells]
    ruler = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([said[0], ruler, *said[1:]])
