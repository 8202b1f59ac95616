"""Runs copied into an experiment tracker while a search proceeds, as a callback of Ray Tune.

The record stays what counts. A tracker that fails is warned about once and gets no more; the
search continues. Its calls are made by a thread, so that none delays Tune's loop.
"""

from __future__ import annotations

import io
import queue
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lab.engine.run_callback import RunCallback, settings_of
from lab.engine.runs import finite_numbers
from lab.plan import Job, Outcome
from lab.record import IMAGES_SEEN, Row, run_folder, sample_file
from lab.record.storage import Storage

SECONDS_TO_END = 60.0
"""How long the end of a search waits for what is still to be copied."""


@dataclass(frozen=True)
class TrackedRun:
    """What a tracker is given of a run when it begins or continues."""

    study: str
    """Name of the study."""
    trial: int
    seed: int
    config: Mapping[str, Any]
    """Every setting by its path, with `trial`, `seed`, `stage` and `origin`."""

    @property
    def group(self) -> str:
        """The runs of one trial."""
        return f"trial-{self.trial:04d}"

    @property
    def name(self) -> str:
        """Unique within the study, the same whenever the run continues."""
        return f"{self.group}-seed-{self.seed}"


class Curve(Protocol):
    """A run in a tracker."""

    def log(self, images_seen: int, metrics: Mapping[str, float]) -> None:
        """Add one evaluation."""

    def picture(self, images_seen: int, pixels: Any) -> None:
        """Add a grid of samples, uint8 [height, width, 3]."""

    def end(self, outcome: str) -> None:
        """The run ended with this verdict, or as `errored` or `pruned`."""

    def close(self) -> None:
        """Nothing more comes for now; the run may be continued later."""


Open = Callable[[TrackedRun], Curve]


class Tracking(RunCallback):
    """Ray Tune's events as calls of one tracker."""

    def __init__(
        self,
        name: str,
        open_run: Open,
        study: str,
        storage: Storage,
    ) -> None:
        self.name = name
        self.problem: str | None = None
        """Why the copying ended early, or None."""
        self._open = open_run
        self._study = study
        self._storage = storage
        self._curves: dict[str, Curve] = {}
        self._events: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"track-{name}", daemon=True)
        self._thread.start()

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        run = _run_of(self._study, trial.config)
        self._events.put(lambda: self._begin(trial.trial_id, run))

    def on_evaluation(self, trial: Any, row: Row) -> None:
        run = _run_of(self._study, trial.config)
        self._events.put(lambda: self._log(trial.trial_id, run, finite_numbers(row)))

    def on_run_end(
        self, trial_id: str, job: Job, outcome: Outcome, row: Row, *, again: bool
    ) -> None:
        word = None if again else outcome.verdict or outcome.status
        self._events.put(lambda: self._close(trial_id, word))

    def finish(self) -> None:
        """Copy what is waiting, for at most SECONDS_TO_END."""
        self._events.put(None)
        self._thread.join(SECONDS_TO_END)

    def _work(self) -> None:
        try:
            while (event := self._events.get()) is not None:
                event()
            for trial_id in list(self._curves):
                self._close(trial_id)
        except Exception as error:
            lines = str(error).strip().splitlines()
            self.problem = f"{type(error).__name__}: {lines[0] if lines else ''}"
            warnings.warn(
                f"nothing more is copied to {self.name} ({self.problem}); the search continues "
                "and its record is whole",
                RuntimeWarning,
                stacklevel=1,
            )

    def _begin(self, trial_id: str, run: TrackedRun) -> None:
        self._close(trial_id)
        self._curves[trial_id] = self._open(run)

    def _log(self, trial_id: str, run: TrackedRun, result: Mapping[str, float]) -> None:
        if trial_id not in self._curves:  # an actor that took its next run without a start
            self._begin(trial_id, run)
        curve = self._curves[trial_id]
        images_seen = int(result[IMAGES_SEEN])
        curve.log(images_seen, result)
        pixels = self._samples(run, images_seen)
        if pixels is not None:
            curve.picture(images_seen, pixels)

    def _samples(self, run: TrackedRun, images_seen: int) -> Any:
        """The stored grid of samples of an evaluation as pixels; None where there is none."""
        import numpy as np
        from PIL import Image

        folder = run_folder(self._storage.folder, run.trial, run.seed)
        path = sample_file(folder, images_seen).relative_to(self._storage.folder)
        content = self._storage.read(path.as_posix())
        if content is None:
            return None
        return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))

    def _close(self, trial_id: str, outcome: str | None = None) -> None:
        curve = self._curves.pop(trial_id, None)
        if curve is None:
            return
        if outcome is not None:
            curve.end(outcome)
        curve.close()


def _run_of(study: str, config: Mapping[str, Any]) -> TrackedRun:
    """The run of a trial of Tune."""
    return TrackedRun(study, int(config["trial"]), int(config["seed"]), settings_of(config))
