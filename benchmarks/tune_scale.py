"""Part B of benchmarks/scale: real Tune and real actors, whose steps only sleep and report."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ray import tune
from rich.console import Console

from benchmarks.figures import Figures, resident_bytes
from benchmarks.stand_ins import rows, seconds_to_report, write_note
from lab.engine.cluster import ENVIRONMENT
from lab.engine.progress import Board, Display
from lab.engine.searcher import PlannerSearcher
from lab.engine.slots import Slot
from lab.plan import Mirror, Planner, PlanSettings, load_space
from lab.record import EVALUATIONS_FILE, Row, append_row
from lab.record.columns import metric_names

SLACK_CPUS = 0.001
"""What a stand-in asks for: it sleeps."""


class Sleeper(tune.Trainable):
    """A slot without torch: as lab.engine.trainable, but nothing is trained."""

    def setup(self, config: dict[str, Any], num_begun: int = 0) -> None:
        self._num_begun = num_begun
        self._begin(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._begin(new_config)
        return True

    def _begin(self, config: dict[str, Any]) -> None:
        self._job = json.loads(config["job"])
        self._rows: Iterator[Any] = rows(self._job, self._num_begun)
        self._reported: float | None = None
        write_note(self._job, "running", None)

    def step(self) -> dict[str, Any]:
        delay = None if self._reported is None else time.monotonic() - self._reported
        row, result = next(self._rows)
        time.sleep(seconds_to_report(self._job, row))
        append_row(Path(self._job["folder"]) / EVALUATIONS_FILE, row)
        if result["done"]:
            write_note(self._job, "finished", result["score"])
        result["row"] = json.dumps({**row, "delay": delay})
        self._reported = time.monotonic()
        return result


class Watched(Display):
    """The usual lines or panel; notes what the driver cost once every slot has reported."""

    def __init__(self, board: Board, console: Console, seconds: float) -> None:
        super().__init__(board, console)
        self.figures: Figures | None = None
        self.over = False
        self._seconds = seconds
        self._began = time.monotonic()
        self._cpu = 0.0

    def on_evaluation(self, trial: Any, row: Row) -> None:
        super().on_evaluation(trial, row)
        size = self.board.num_slots
        now = time.monotonic()
        if self.figures is None:
            if sum(bool(run.row) for run in self.board.running()) == size:
                self.figures = Figures(size, "Tune", filling=now - self._began)
                self._began, self._cpu = now, time.process_time()
        elif not self.over:
            if row["delay"] is not None:
                self.figures.delays.append(row["delay"])
            self.figures.seconds = now - self._began
            self.figures.cpu = time.process_time() - self._cpu
            self.figures.memory = resident_bytes()
            self.over = self.figures.seconds > self._seconds


def under_tune(num_actors: int, seconds: float, max_pending: int) -> Figures | None:
    """A search of stand-ins with so many actors, as lab.engine.drive makes it."""
    import ray

    os.environ.update(ENVIRONMENT, TUNE_MAX_PENDING_TRIALS_PG=str(max_pending))
    board = Board("scale", 1_000_000, 200_000, metric_names("fashion"), num_actors)
    planner = Planner(load_space("sngan"), PlanSettings(trials=1_000_000, num_sobol=num_actors))
    size: dict[str, Any] = {
        "num_cpus": 2,
        "object_store_memory": 100_000_000,
        "include_dashboard": False,
    }
    ray.init("local", log_to_driver=False, logging_level=logging.ERROR, **size)
    with (
        tempfile.TemporaryDirectory(prefix="lab-scale-") as folder,
        Path(os.devnull).open("w") as nowhere,
        Watched(board, Console(file=nowhere), seconds) as display,
        closing(Mirror(Path(folder) / "optuna.db", "scale")) as mirror,
    ):
        searcher = PlannerSearcher(planner, Path(folder), Slot(1, 0), num_actors, mirror)
        searcher.callbacks = [display]
        sleeper = tune.with_parameters(Sleeper, num_begun=num_actors)
        tuner = tune.Tuner(
            tune.with_resources(sleeper, tune.PlacementGroupFactory([{"CPU": SLACK_CPUS}])),
            tune_config=tune.TuneConfig(search_alg=searcher, num_samples=-1, reuse_actors=True),
            run_config=tune.RunConfig(
                name="search",
                storage_path=str(Path(folder) / "tune"),
                verbose=0,
                stop=_Over(display),
                callbacks=[display],
                failure_config=tune.FailureConfig(max_failures=0),
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )
        tuner.fit()
    ray.shutdown()
    return display.figures


class _Over(tune.Stopper):
    def __init__(self, display: Watched) -> None:
        self._display = display

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        return self._display.over

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles what it may want to restore."""
        return {}
