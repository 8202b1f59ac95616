"""What following a person's training costs: a run's overhead, a row's delay, sleeping commands.

    python -m benchmarks.own_trainer [--runs 5] [--commands 16] [--seconds 60] [--quick]

A run of the toy of examples/own_trainer is timed alone and as a run of the lab, in turn. A command
writes the time into each row of its log: the delay is until the evaluation is stored. Then
commands that only sleep are followed, each by a thread, and processor time is counted: that of
this process, of the keepers and of the commands.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.quick import parsed
from lab.config import MetricConfig, RunConfig, TrainerConfig, make_trainer_config
from lab.plan import load_space
from lab.run.loop import Evaluation
from lab.trainer.loop import run_trainer
from lab.trainer.process import TrainingFailed

EXAMPLES = Path(__file__).parents[1] / "examples" / "own_trainer"
TIMES = """import sys, time
with open(sys.argv[1] + "/log.csv", "w", buffering=1) as log:
    print("images,fid,written", file=log)
    for i in range(int(sys.argv[2])):
        print(f"{1000 * i},{300 / 2**i},{time.time()}", file=log)
        time.sleep(1.3)
"""
NUM_ROWS = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--commands", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parsed(parser, runs=1, commands=2, seconds=1.0)
    with tempfile.TemporaryDirectory() as folder:
        report_overhead(Path(folder), asked.runs)
        report_delay(Path(folder))
        report_sleep(Path(folder), asked.commands, asked.seconds)


def report_overhead(folder: Path, num_runs: int) -> None:
    """Wall-clock of the toy alone, and what a run of the lab adds."""
    config = load_space(EXAMPLES / "toy_stylegan_space.py").known_config("held")
    assert config.trainer is not None
    added, alone = [], []
    for i in range(num_runs):
        bare = folder / f"alone-{i}"
        values = config.trainer.values(
            folder=str(bare), seed=0, gpus=0, device="cpu", budget_images=100_000
        )
        started = time.perf_counter()
        subprocess.run(
            config.trainer.words(values), cwd=EXAMPLES, check=True, stdout=subprocess.DEVNULL
        )
        alone.append(time.perf_counter() - started)
        started = time.perf_counter()
        list(run_trainer(config, folder / f"run-{i}"))
        added.append(time.perf_counter() - started - alone[-1])
    print(
        f"a run of {statistics.median(alone):.2f} s takes {statistics.median(added):.2f} s more "
        f"as a run of the lab (median of {num_runs})"
    )


def report_delay(folder: Path) -> None:
    """Seconds from a row's writing to its evaluation."""
    script = folder / "times.py"
    script.write_text(TIMES)
    config = of_command(folder, f"{sys.executable} {script} {{folder}} {NUM_ROWS}")
    delays = [
        time.time() - evaluation.row["written"]
        for evaluation in run_trainer(config, folder / "delay")
        if evaluation.verdict is None
    ]
    print(f"a row is stored {max(delays):.2f} s after it was written (worst of {len(delays)})")


def report_sleep(folder: Path, num_commands: int, seconds: float) -> None:
    """Processor time of followed commands that sleep."""
    begin = 1.0 + 0.2 * num_commands
    longer = seconds + 2 * begin
    config = of_command(
        folder, f"sh -c 'echo images,fid > {{folder}}/log.csv; sleep {longer} # {{folder}}'"
    )
    runs = [run_trainer(config, folder / f"sleep-{i}") for i in range(num_commands)]

    def follow(run: Iterator[Evaluation]) -> None:
        with suppress(TrainingFailed):  # it ends without an evaluation
            list(run)

    threads = [threading.Thread(target=follow, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    time.sleep(begin)
    before = processor_seconds(folder)
    time.sleep(seconds)
    share = (processor_seconds(folder) - before) / seconds
    print(f"{num_commands} sleeping commands cost {100 * share:.1f} % of a core")
    for thread in threads:
        thread.join()


def processor_seconds(folder: Path) -> float:
    """Of this process, and of all whose command line names the folder."""
    total = sum(psutil.Process().cpu_times()[:2])
    for process in psutil.process_iter(["cmdline", "cpu_times"]):
        words = " ".join(process.info["cmdline"] or ())
        if str(folder) in words and process.info["cpu_times"] is not None:
            total += sum(process.info["cpu_times"][:2])
    return float(total)


def of_command(home: Path, command: str) -> RunConfig:
    """A run of a command that writes log.csv."""
    metric = MetricConfig(name="fid", initial=400.0)
    trainer = TrainerConfig(command=command, log="log.csv", metric=metric, home=str(home))
    return make_trainer_config(trainer, {"training.budget_images": 1000 * (NUM_ROWS - 1)})


if __name__ == "__main__":
    main()
