"""Milliseconds the planner takes to propose a trial, as a search grows; no Ray, no training.

    python -m benchmarks.planner [NUM_TRIALS] [--everything] [--last N] [--plain] [--quick]

A simulated search of the space `sngan` with eight runs at a time: two in three fail early with a
small score. Prints the median time of the last twenty calls of `ask` and of `tell` at
10 ... 10,000 trials, and the whole time; the CPU time is not lengthened by other work on the
machine. `--everything` lets TPE see every trial instead of the window of lab/plan/history.
`--last N` has TPE propose the last N trials alone, the others are a Sobol design: the same `ask`
at the end in a tenth of the time. `--plain` has Optuna walk over the trials (see lab/plan/tpe).
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import numpy as np

from benchmarks.quick import parsed
from lab.config import value_of
from lab.plan import Job, Outcome, Planner, PlanSettings, load_space, tpe
from lab.plan import history as history_file

MARKS = (10, 100, 1_000, 3_000, 10_000)
NUM_AT_ONCE = 8
NUM_ASKS = 20


def simulated_outcome(job: Job, random: np.random.Generator) -> Outcome:
    """Best near Miyato et al.'s rates with spectral norm; large critic rates diverge."""
    optimizer = job.config.optimizer
    rates = (value_of(player.lr, 0) for player in (optimizer.generator, optimizer.critic))
    distance = sum(abs(np.log10(rate / 3e-4)) for rate in rates)
    spectral = job.config.network.critic_norm == "spectral"
    if random.random() < 0.66:
        return Outcome("finished", "diverged", 0.1 * float(random.random()))
    score = float(np.clip(0.8 - 0.3 * distance + 0.1 * spectral, 0.0, 1.0))
    return Outcome("finished", "stable" if score > 0.5 else "stalled", score)


def main(num_trials: int, everything: bool, last: int | None, plain: bool) -> None:
    """Run the simulation and print one line a mark."""
    if plain:
        tpe.TAKES_ARRAYS = False  # Optuna proposes the same without the table of trials
    if everything:
        history_file.NUM_OTHERS = num_trials
    num_sobol = 2 if last is None else max(2, num_trials - last)
    settings = PlanSettings(trials=num_trials, num_sobol=num_sobol)
    planner = Planner(load_space("sngan"), settings)
    random = np.random.default_rng(0)
    running: list[Job] = []
    asks: list[float] = []
    asks_cpu: list[float] = []
    tells: list[float] = []
    started = time.perf_counter()
    while not planner.finished:
        begun, begun_cpu = time.perf_counter(), time.process_time()
        job = planner.ask() if len(running) < NUM_AT_ONCE else None
        if job is not None:
            asks.append(1e3 * (time.perf_counter() - begun))
            asks_cpu.append(1e3 * (time.process_time() - begun_cpu))
            running.append(job)
            if len(asks) in MARKS:
                print(
                    f"{len(asks):6} trials: `ask` {median(asks[-NUM_ASKS:]):7.2f} ms "
                    f"(CPU {median(asks_cpu[-NUM_ASKS:]):6.2f} ms), "
                    f"`tell` {median(tells[-NUM_ASKS:] or [0.0]):5.2f} ms, "
                    f"all so far {time.perf_counter() - started:6.1f} s",
                    flush=True,
                )
            continue
        job = running.pop(int(random.integers(len(running))))
        outcome = simulated_outcome(job, random)
        begun = time.perf_counter()
        planner.tell(job, outcome)
        tells.append(1e3 * (time.perf_counter() - begun))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("num_trials", type=int, nargs="?", default=10_000)
    parser.add_argument("--everything", action="store_true", help="no window on the history")
    parser.add_argument("--last", type=int, help="trials that TPE proposes; all by default")
    parser.add_argument("--plain", action="store_true", help="without the table of trials")
    arguments = parsed(parser, num_trials=20)
    main(arguments.num_trials, arguments.everything, arguments.last, arguments.plain)
