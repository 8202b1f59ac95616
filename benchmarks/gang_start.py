"""How soon a run of two workers trains: on a slot's gang, and with a Ray Train run for each.

    python -m benchmarks.gang_start [--rounds 2] [--runs 4] [--stock-runs 2] [--quick]

Seconds from the moment a run is wanted (the searcher hands it to Tune) to rank 0 being inside it,
and to its first evaluation being back in the driver; medians over A B A B rounds. The run does
nothing but one all-reduce. A is the lab's slot, whose gang takes run after run; B is what Ray's
documentation shows: a Tune function that calls `TorchTrainer.fit()`, with Ray's own settings.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from ray import tune
from ray.tune.search import Searcher

from benchmarks.quick import parsed
from lab.engine.cluster import connected
from lab.engine.gang.gang import GangPlan
from lab.engine.slots import Slot, Workers
from lab.engine.trainable import RunTrainable
from lab.record import IMAGES_SEEN, QUALITY
from lab.stability.verdict import Verdict

SLOT = Slot(1, 0, Workers(2, 2))


class Started(NamedTuple):
    """Seconds since a run was wanted."""

    entered: float
    evaluated: float


class Evaluated(NamedTuple):
    row: dict[str, Any]
    verdict: Verdict
    score: float


def start(job: dict[str, Any], *, device: str, ranks: Any = None) -> Iterator[Evaluated]:
    """The run: notes when it was entered, is measured once, and ends."""
    entered = time.time()
    dist.all_reduce(torch.ones(1))
    row = {IMAGES_SEEN: 0, QUALITY: 0.0, "entered": entered}
    yield Evaluated(row, Verdict("stable", None, "at once", True), 0.5)


def stock_worker(config: dict[str, Any]) -> None:
    """The same as a train function of Ray Train."""
    import ray.train

    entered = time.time()
    dist.all_reduce(torch.ones(1))
    ray.train.report({"row": json.dumps({"entered": entered})})


def stock_trial(config: dict[str, Any]) -> None:
    """A Tune trial that launches a Ray Train run and passes its reports on."""
    from ray.train import RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer
    from ray.tune.integration.ray_train import TuneReportCallback

    TorchTrainer(
        stock_worker,
        scaling_config=ScalingConfig(num_workers=2, resources_per_worker={"CPU": SLOT.cpus}),
        run_config=RunConfig(
            name="stock",
            storage_path=config["scratch"],
            callbacks=[TuneReportCallback()],  # type: ignore[list-item]
        ),
    ).fit()


class Wanted(Searcher):
    """Hands out run after run, and notes when each was wanted and when it was first measured."""

    def __init__(self, num_runs: int, folder: Path) -> None:
        super().__init__()
        self.num_runs = num_runs
        self.folder = folder
        self.wanted: dict[str, float] = {}
        self.started: list[Started] = []
        self.busy = False

    def suggest(self, trial_id: str) -> Any:
        if len(self.wanted) == self.num_runs and not self.busy:
            return Searcher.FINISHED
        if self.busy:
            return None
        self.busy = True
        job = {"folder": str(self.folder / trial_id), "attempt": 1, "max_attempts": 1}
        self.wanted[trial_id] = time.time()
        return {"job": json.dumps(job), "scratch": str(self.folder)}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        if trial_id in self.wanted and "row" in result:
            wanted = self.wanted.pop(trial_id)
            self.wanted[trial_id + " measured"] = wanted
            entered = json.loads(result["row"])["entered"]
            self.started.append(Started(entered - wanted, time.time() - wanted))

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        assert not error, trial_id
        if result is not None:
            self.on_trial_result(trial_id, result)
        self.busy = False

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def save(self, checkpoint_path: str) -> None: ...

    def restore(self, checkpoint_path: str) -> None: ...


def starts(trainable: Any, num_runs: int, *, reuse: bool) -> list[Started]:
    """Every run's start, one run after the other on one slot."""
    with tempfile.TemporaryDirectory() as folder:
        searcher = Wanted(num_runs, Path(folder))
        group = tune.PlacementGroupFactory([SLOT.placed(()).resources])
        tune.Tuner(
            tune.with_resources(trainable, group),
            tune_config=tune.TuneConfig(search_alg=searcher, num_samples=-1, reuse_actors=reuse),
            run_config=tune.RunConfig(
                name="starts",
                storage_path=folder,
                verbose=0,
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        ).fit()
    assert len(searcher.started) == num_runs
    return searcher.started


def line(name: str, starts: list[Started]) -> str:
    entered = median(start.entered for start in starts)
    evaluated = median(start.evaluated for start in starts)
    return f"{name:34} {len(starts):4} {entered:12.2f} {evaluated:18.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--runs", type=int, default=4, help="of the lab's slot, a round")
    parser.add_argument("--stock-runs", type=int, default=2, help="a round")
    arguments = parsed(parser, rounds=1, runs=2, stock_runs=1)
    lab = tune.with_parameters(RunTrainable, plan=GangPlan(SLOT, f"{__spec__.name}:start"))
    first, later, stock = [], [], []
    with connected(None, verbose=False, gangs=True):
        for _ in range(arguments.rounds):
            measured = starts(lab, arguments.runs, reuse=True)
            first += measured[:1]
            later += measured[1:]
            stock += starts(stock_trial, arguments.stock_runs, reuse=False)
    print(f"{'seconds from wanted to':34} runs {'rank 0 in it':>12} {'first evaluation':>18}")
    print(line("the lab's slot, first run", first))
    print(line("the lab's slot, later runs", later))
    print(line("a Ray Train run for each", stock))


if __name__ == "__main__":
    main()
