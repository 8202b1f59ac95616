"""Searcher, display, record and Tune with 10, 100 and 1,000 runs at a time; no run trains.

    python -m benchmarks.scale [--part a] [--runs 10 100 1000] [--seconds 20] [--quick]
    python -m benchmarks.scale --part b [--actors 10 50] [--seconds 20]

Part A leaves Tune out: one driver loop calls the lab's searcher, call for call as
Tune's controller does, with the display, the Optuna mirror and the record as in a search. The
runs are stand-ins in a process of their own (benchmarks/stand_ins.py): each sleeps 2-5 s, appends
a real row to its folder, reports, and waits for the order to continue.

Part B is real Tune with real actors, as many as memory holds, whose trainable sleeps likewise
(benchmarks/tune_scale.py).

Printed for each: CPU of the driver's process as a share of one core and in ms a report, its
resident memory, and the delay from a report to the run's next step.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from queue import Empty
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from benchmarks.figures import HEADER, Figures, resident_bytes
from benchmarks.quick import parsed
from benchmarks.stand_ins import stand_in_runs

FULL = 0.98
"""Share of the slots with a run that counts as all of them: at 1,000 some end all the time."""
SETTLING_SECONDS = 5.0
"""After that; reports have waited meanwhile."""


def drive(num_runs: int, seconds: float, terminal: bool, folder: Path) -> Figures:
    """Part A at one size: fill every slot, then watch the driver for so long."""
    from lab.engine.progress import Board, Display
    from lab.engine.searcher import PlannerSearcher
    from lab.engine.slots import Slot
    from lab.plan import Mirror, Planner, PlanSettings, load_space
    from lab.record.columns import metric_names

    # The first runs come from the Sobol design; while the driver is watched TPE proposes.
    planner = Planner(load_space("sngan"), PlanSettings(trials=1_000_000, num_sobol=num_runs))
    board = Board("scale", 1_000_000, 200_000, metric_names("fashion"), num_runs)
    with ExitStack() as stack:
        nowhere = stack.enter_context(Path(os.devnull).open("w"))
        console = Console(file=nowhere, force_terminal=terminal, width=120, height=40)
        display = stack.enter_context(Display(board, console))
        mirror = stack.enter_context(closing(Mirror(folder / "optuna.db", "scale")))
        searcher = PlannerSearcher(planner, folder, Slot(1, 0), num_runs, mirror)
        searcher.callbacks = [display]
        return _driven(searcher, num_runs, seconds, "panel" if terminal else "lines")


def _driven(searcher: Any, num_runs: int, seconds: float, output: str) -> Figures:
    context = multiprocessing.get_context("spawn")
    theirs, orders = context.Pipe(duplex=False)
    reports = context.Queue()
    stand_ins = context.Process(
        target=stand_in_runs, args=(theirs, reports, num_runs), daemon=True
    )
    stand_ins.start()
    theirs.close()

    begun = time.monotonic()
    figures = None
    filled = 0.0
    count = 0
    trials: dict[str, Any] = {}
    """As Tune's, as far as callbacks read them."""
    while figures is None or time.monotonic() < begun + seconds:
        # One turn of ray.tune.execution.tune_controller.TuneController.step.
        asked = time.monotonic()
        suggested = searcher.suggest(f"run-{count}")
        if isinstance(suggested, dict):
            trials[f"run-{count}"] = SimpleNamespace(trial_id=f"run-{count}", config=suggested)
            for callback in searcher.callbacks:
                callback.on_trial_start(0, [], trials[f"run-{count}"])
            orders.send((f"run-{count}", suggested["job"]))
            count += 1
            if figures is not None:
                figures.asks.append(time.monotonic() - asked)
        if not filled and len(searcher.live) >= FULL * num_runs:
            filled = time.monotonic() - begun
        if figures is None and filled and time.monotonic() > begun + filled + SETTLING_SECONDS:
            figures = Figures(num_runs, output, filled)
            begun, cpu = time.monotonic(), time.process_time()
        try:
            report = reports.get(timeout=0.0 if suggested else 0.1)
        except Empty:
            continue
        for callback in searcher.callbacks:
            callback.on_trial_result(0, [], trials[report.name], report.result)
        if report.result["done"]:
            trials.pop(report.name)
            searcher.on_trial_complete(report.name, report.result)
        else:
            searcher.on_trial_result(report.name, report.result)
            orders.send((report.name, None))
        if figures is not None:
            figures.delays.append(time.monotonic() - report.sent)
    figures.seconds = time.monotonic() - begun
    figures.cpu = time.process_time() - cpu
    figures.memory = resident_bytes()
    orders.close()
    stand_ins.join(timeout=10)
    stand_ins.terminate()
    return figures


def _part_a(num_runs: int, seconds: float, terminal: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="lab-scale-") as folder:
        print(drive(num_runs, seconds, terminal, Path(folder)), flush=True)


def _part_b(num_actors: int, seconds: float, max_pending: int) -> None:
    from benchmarks.tune_scale import under_tune

    print(f"{under_tune(num_actors, seconds, max_pending)}   pending {max_pending}", flush=True)


def _alone(target: Any, *arguments: Any) -> None:
    """In a process of its own, so that its memory is its own."""
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    process.start()
    process.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=("a", "b", "both"), default="both")
    parser.add_argument("--runs", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--actors", type=int, nargs="+", default=[10, 50])
    parser.add_argument("--seconds", type=float, default=20.0)
    arguments = parsed(parser, runs=[4], actors=[2], seconds=1.0)
    if arguments.part in ("a", "both"):
        print("Part A: the lab's driver without Tune; stand-in runs that sleep and report")
        print(HEADER)
        for size in arguments.runs:
            for terminal in (False, True):
                _alone(_part_a, size, arguments.seconds, terminal)
    if arguments.part in ("b", "both"):
        print("Part B: Tune and real actors; runs that sleep and report")
        print(HEADER)
        for size in arguments.actors:
            _alone(_part_b, size, arguments.seconds, size)


if __name__ == "__main__":
    main()
