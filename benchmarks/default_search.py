"""What `make search` reaches: seconds to the first evaluation and to the report, runs, quality.

    python -m benchmarks.default_search [--quick] [ARGUMENTS OF lab.search, but not --storage]

Runs `python -m lab.search` as a person would (plain lines) and reads the record it leaves.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from lab.record import read_study

QUICK = (
    "--preset=laptop",
    "--trials=2",
    "--seeds=1",
    "--confirm=1",
    "--concurrent=1",
    "--budget-kimg=0.6",
    "--set=evaluation.every_images=200",
    "--set=evaluation.num_samples=100",
    "--set=network.width=0.0625",
    "--set=training.batch_size=16",
    "--set=training.precision=float32",
)
"""A smoke run of seconds; its figures mean nothing."""


def main() -> None:
    words = [word for word in sys.argv[1:] if word != "--quick"]
    if len(words) < len(sys.argv) - 1:
        words = [*QUICK, *words]
    with tempfile.TemporaryDirectory() as storage:
        command = [sys.executable, "-m", "lab.search", "--storage", storage, *words]
        start = time.perf_counter()
        first = None
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if first is None and " kimg, quality " in line:
                    first = time.perf_counter() - start
        seconds = time.perf_counter() - start
        (folder,) = (path for path in Path(storage).iterdir() if path.is_dir())
        summarise(folder, first, seconds)


def summarise(folder: Path, first: float | None, seconds: float) -> None:
    """Print the figures of one finished study."""
    record = read_study(folder)
    frechet = record.card.metrics.columns.frechet
    best = max(record.runs, key=lambda run: run.card.score or 0.0)
    untrained, final = best.evaluations[0][frechet], best.evaluations[-1][frechet]
    print(f"first evaluation after {first:.1f} s, report after {seconds:.1f} s")
    print(f"{len(record.runs)} runs of {len(record.trials)} trials")
    print(
        "verdicts: "
        + ", ".join(
            f"{n} {word}" for word, n in Counter(run.verdict for run in record.runs).most_common()
        )
    )
    print(
        f"best: trial {best.trial}, {frechet} {final:.1f} against {untrained:.1f} untrained: "
        f"{untrained / final:.1f} times lower"
    )
    print(f"report {(folder / 'report.html').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
