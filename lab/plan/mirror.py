"""optuna.db: a copy of the planner's trials for optuna-dashboard and other Optuna tools.

The record is the truth; this file is made anew from it whenever it is missing, behind or damaged.
It is written by a thread of its own, so that a slow disk or a locked file never holds the search
up, and a failure is warned about once and ends the copying, not the search.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

import optuna
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from lab.plan.objective import Direction

SHARE_OF_A_CORE = 0.25
"""The copying takes no more: a database row costs ten times what a report costs the search."""


class Mirror:
    """Copies trials, in order of number, into the sqlite file of an Optuna study."""

    def __init__(
        self,
        path: Path,
        study_name: str,
        trials: Sequence[FrozenTrial] = (),
        directions: Sequence[Direction] = ("maximize",),
    ) -> None:
        """Bring the file to `trials` (the planner's, when resuming), in the background."""
        self.problem: str | None = None
        """Why the copying ended early, or None."""
        self._path = path
        self._study_name = study_name
        self._directions = directions
        self._queue: SimpleQueue[FrozenTrial | None] = SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(
            target=self._work, args=(list(trials),), name="optuna-mirror", daemon=True
        )
        self._thread.start()

    def put(self, trial: FrozenTrial) -> None:
        """Copy a trial that was just asked for or told; returns at once and never raises."""
        if self.problem is None:
            self._queue.put(trial)

    def close(self, timeout_seconds: float = 10.0) -> None:
        """Write what is waiting, for at most so long."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join(timeout_seconds)

    def _work(self, trials: list[FrozenTrial]) -> None:
        try:
            copy = _open(self._path, self._study_name, self._directions, trials)
            while waiting := self._waiting():
                for trial in waiting:
                    begun = time.thread_time()
                    copy.put(trial)
                    seconds = time.thread_time() - begun
                    self._closing.wait(seconds * (1 / SHARE_OF_A_CORE - 1))
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}".splitlines()[0]
            warnings.warn(
                f"{self._path} is no longer kept up to date ({self.problem}); "
                "the search goes on, and resuming it later mends the file",
                RuntimeWarning,
                stacklevel=1,
            )

    def _waiting(self) -> list[FrozenTrial]:
        """What was put since the last time, each trial as it stands now; empty at the end."""
        trial = self._queue.get()
        latest: dict[int, FrozenTrial] = {}
        while trial is not None:
            latest[trial.number] = trial
            try:
                trial = self._queue.get_nowait()
            except Empty:
                return list(latest.values())
        self._queue.put(None)
        return list(latest.values())


class _Copy:
    """An open sqlite study and the trials that it holds."""

    def __init__(self, path: Path, study_name: str, directions: Sequence[Direction]) -> None:
        self._storage = RDBStorage(f"sqlite:///{path}")
        self._study = optuna.create_study(
            storage=self._storage,
            study_name=study_name,
            directions=directions,
            load_if_exists=True,
        )
        self._study_id = self._storage.get_study_id_from_name(study_name)
        self.trials = self._study.get_trials(deepcopy=False)
        """In order of number, as they were last written."""

    def put(self, trial: FrozenTrial) -> None:
        """Add a trial that is new, or finish one that was running; others are there already."""
        assert trial.number <= len(self.trials), trial.number
        if trial.number == len(self.trials):
            plain = _plain(trial)
            self._study.add_trial(plain)
            self.trials.append(plain)
        elif trial.state.is_finished() and not self.trials[trial.number].state.is_finished():
            self._finish(trial)
            self.trials[trial.number] = _plain(trial)

    def close(self) -> None:
        """Let go of the file."""
        self._storage.engine.dispose()

    def _finish(self, trial: FrozenTrial) -> None:
        trial_id = self._storage.get_trial_id_from_study_id_trial_number(
            self._study_id, trial.number
        )
        held = self.trials[trial.number].user_attrs
        for key, value in trial.user_attrs.items():
            if key not in held or held[key] != value:
                self._storage.set_trial_user_attr(trial_id, key, value)
        for key, value in trial.constraints.items():
            Trial(self._study, trial_id).set_constraint(key, value)
        values = trial.values if trial.state == TrialState.COMPLETE else None
        self._storage.set_trial_state_values(trial_id, trial.state, values)


def _open(
    path: Path, study_name: str, directions: Sequence[Direction], trials: list[FrozenTrial]
) -> _Copy:
    """The file brought to `trials`: continued where it agrees with them, else made anew."""
    copy = _opened(path, study_name, directions)
    if copy is None or not _agrees(copy.trials, trials):
        if copy is not None:
            copy.close()
        for ending in ("", "-journal", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        copy = _Copy(path, study_name, directions)
    for trial in trials:
        copy.put(trial)
    return copy


def _opened(path: Path, study_name: str, directions: Sequence[Direction]) -> _Copy | None:
    """The file as it is, or None when it is damaged or of another make."""
    try:
        return _Copy(path, study_name, directions)
    except Exception:
        return None


def _agrees(copied: list[FrozenTrial], trials: list[FrozenTrial]) -> bool:
    """Whether the copy holds a beginning of the trials, some of them perhaps still running."""
    return len(copied) <= len(trials) and all(
        one.params == other.params
        and (
            one.state == TrialState.RUNNING
            or (one.state, one.values) == (other.state, other.values)
        )
        for one, other in zip(copied, trials, strict=False)
    )


def _plain(trial: FrozenTrial) -> FrozenTrial:
    """The trial without its number and the sampler's notes."""
    return create_trial(
        state=trial.state,
        values=trial.values if trial.state == TrialState.COMPLETE else None,
        params=trial.params,
        distributions=trial.distributions,
        user_attrs=trial.user_attrs,
        constraints=trial.constraints,
    )
