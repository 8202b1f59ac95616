"""The report at 100, 500, 1,000 and 10,000 trials: building it, opening it, selecting in it.

    python -m benchmarks.report_page [--trials 100 500 1000 10000] [--seeds 3] [--keep FOLDER]
                                    [--quick]
    python -m benchmarks.report_page --trials 1000 --profile

The records are made up (tests/made_up/records.py). A page is built by the command that people use,
`python -m reports`, held to one core, and opened from disk in headless Chromium
(benchmarks/report_browser.py; without a Chromium those columns stay empty). `--keep` keeps records
and pages, and takes records that are there; `--profile` prints what the build spends its time on.

Seconds are of the clock, so a busy machine makes them longer; CPU seconds are beside them.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quick import parsed
from benchmarks.report_browser import open_page
from lab.record import STUDY_FILE
from tests.made_up.records import write_large_study

TARGETS = {
    500: {"build s": 8.0, "MB": 10.0, "ready s": 1.5},
    10_000: {"build s": 60.0, "peak GB": 2.0, "MB": 15.0, "ready s": 3.0, "select ms": 150.0},
}
"""What each number may be at most, by trials."""
COLUMNS = {
    "trials": (6, ",.0f"), "rows": (9, ",.0f"), "build s": (9, ".1f"), "CPU s": (7, ".1f"),
    "CPU s/1,000 rows": (18, ".3f"), "peak GB": (9, ".2f"), "MB": (6, ".1f"),
    "paint s": (9, ".2f"), "ready s": (9, ".2f"), "select ms": (11, ".0f"), "(max)": (7, ".0f"),
    "filter ms": (11, ".0f"), "(most)": (8, ".0f"), "tab GB": (8, ".2f"),
}  # fmt: skip
"""Columns of the printed table, how wide and how written; times to redraw are medians."""


QUICK_FIGURES = 2
"""In a smoke run selections are timed with so few figures."""


@dataclass(frozen=True)
class Built:
    """What building a page took."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    page_bytes: int


def build(study: Path, page: Path) -> Built:
    """Run `python -m reports` on one core. Raises CalledProcessError when it fails."""
    command = [sys.executable, "-m", "reports", str(study), "--out", str(page)]
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=_one_core)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Built(
        time.monotonic() - begun,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss * 1024,  # Linux counts in KiB
        page.stat().st_size,
    )


def _one_core() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def profile(study: Path, page: Path, most: int = 40) -> None:
    """Build in this process and print the functions that take longest."""
    from reports import write_report

    _one_core()
    profiler = cProfile.Profile()
    profiler.runcall(write_report, study, page)
    stats = pstats.Stats(profiler)
    for order in ("cumulative", "tottime"):
        stats.sort_stats(order).print_stats(most)


def num_rows(study: Path) -> int:
    """Evaluations of all runs."""
    files = (study / "trials").glob("*/seed-*/evaluations.jsonl")
    return sum(path.read_bytes().count(b"\n") for path in files)


def measure(trials: int, seeds: int, folder: Path, *, quick: bool = False) -> dict[str, float]:
    """Make a record, build its page, open it; numbers by column."""
    study, page = folder / f"trials-{trials}-seeds-{seeds}", folder / f"trials-{trials}.html"
    if not (study / STUDY_FILE).exists():
        write_large_study(study, trials, seeds)
    rows = num_rows(study)
    built = build(study, page)
    numbers = {
        "trials": trials,
        "rows": rows,
        "build s": built.seconds,
        "CPU s": built.cpu_seconds,
        "CPU s/1,000 rows": 1000 * built.cpu_seconds / rows,
        "peak GB": built.peak_bytes / 1e9,
        "MB": built.page_bytes / 1e6,
    }
    opened = open_page(page, most_figures=QUICK_FIGURES if quick else None)
    if opened is None:
        return numbers
    print(f"  slowest: select {opened.selected.where}, filter {opened.filtered.where}")
    return numbers | {
        "paint s": opened.painted,
        "ready s": opened.ready,
        "select ms": opened.selected.median,
        "(max)": opened.selected.most,
        "filter ms": opened.filtered.median,
        "(most)": opened.filtered.most,
        "tab GB": opened.memory / 1e9,
    }


def line(numbers: Mapping[str, float]) -> str:
    """A row of the table; what is not known stays empty."""
    return "".join(
        (f"{numbers[name]:{form}}" if name in numbers else "").rjust(width)
        for name, (width, form) in COLUMNS.items()
    )


def missed(numbers: Mapping[str, float]) -> list[str]:
    """What is above its target."""
    targets = TARGETS.get(round(numbers["trials"]), {})
    return [name for name, most in targets.items() if numbers.get(name, 0.0) > most]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, nargs="+", default=[100, 500, 1000, 10_000])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--profile", action="store_true")
    arguments = parsed(parser, trials=[20], seeds=2)
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="lab-report-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        print("".join(name.rjust(width) for name, (width, _) in COLUMNS.items()))
        for trials in arguments.trials:
            numbers = measure(trials, arguments.seeds, folder, quick=arguments.quick)
            print(line(numbers), flush=True)
            if trials in TARGETS:
                print(line(TARGETS[trials]), "at most; missed:", missed(numbers) or "nothing")
            if arguments.profile:
                study = folder / f"trials-{trials}-seeds-{arguments.seeds}"
                profile(study, folder / f"trials-{trials}.html")
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
