"""Memory of a gang of two workers, process by process, with 1, 3 and 6 gangs at a time.

    python -m benchmarks.gang_memory [--gangs 1 3 6] [--quick]

A search runs so many gangs of a small network; once each has stored an evaluation, the bytes that
only one process has (USS) are summed by the name that Ray gives the process. What is not a worker
is on the head of a cluster, next to the driver.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.quick import parsed
from lab.record import EVALUATIONS_FILE
from tests.faults.processes import kill_session, processes

WORKER = "ray::RayTrainWorker"
PATIENCE_SECONDS = 600.0
SEARCH = [
    "--preset=laptop",
    "--name=study",
    "--workers=2",
    "--cpus-per-worker=0.15",
    "--budget-kimg=4000",
    "--set=network.width=0.0625",
    "--set=network.latent_size=16",
    "--set=evaluation.num_samples=100",
    "--set=training.precision=float32",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--gangs", type=int, nargs="+", default=[1, 3, 6])
    asked = parsed(parser, gangs=[1])
    for count in asked.gangs:
        megabytes = measured(count)
        head = sum(value for title, value in megabytes.items() if title != WORKER)
        worker = megabytes[WORKER] / count / 2
        print(f"{count} at a time: {head / count:,.0f} MB a gang beside its workers,", end=" ")
        print(f"{worker:,.0f} MB a worker")
        for title, value in sorted(megabytes.items(), key=lambda item: -item[1]):
            print(f"    {title:<40} {value / count:8,.0f} MB a gang")


def measured(count: int) -> dict[str, float]:
    """MB by the title of Ray's processes that a gang has, of so many gangs together."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "lab.search", f"--storage={folder}", *SEARCH]
        command += [f"--concurrent={count}", f"--trials={count}"]
        search = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            _await_rows(Path(folder) / "study", count, search)
            return _by_title(search.pid)
        finally:
            # Nothing of it is of use any more, so it is not asked to stop in order.
            kill_session(search.pid)
            search.wait()


def _await_rows(study: Path, count: int, search: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(list(study.glob(f"trials/*/seed-*/{EVALUATIONS_FILE}"))) < count:
        assert search.poll() is None, "the search ended before its gangs were up"
        assert time.monotonic() < deadline, "the gangs did not start"
        time.sleep(0.5)


def _by_title(session: int) -> dict[str, float]:
    sums: defaultdict[str, float] = defaultdict(float)
    for pid, title in processes(session).items():
        if title.startswith("ray::") and not title.startswith(("ray::IDLE", "ray::Dashboard")):
            with suppress(psutil.Error):
                uss = psutil.Process(pid).memory_full_info().uss
                sums[title.partition(".")[0].partition("(")[0]] += uss / 1e6
    return dict(sums)


if __name__ == "__main__":
    main()
