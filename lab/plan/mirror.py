"""optuna.db: a copy of the planner's trials for optuna-dashboard and other Optuna tools.

The lab never reads it: the record decides, and the file is made again from it when it does
not agree. A thread writes it, because a database row costs ten times what a report costs the
search and the disk may be slow. A failure is warned about once and ends the copying, not the
search.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import optuna
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from lab.errors import InputError
from lab.plan.objective import Direction

SECONDS_BETWEEN = 1.0
"""A dashboard shows a trial at most this much later; trials of one batch are written once."""
STORED_SECONDS = 60.0
"""Between two copies of the file to where the study is stored."""
SHARE_OF_A_CORE = 0.25
"""The copying takes no more of the driver's core, however fast trials end."""


Curve = dict[int, float]
"""Images seen -> quality."""


class Mirror:
    """Copies trials, in order of number, into the sqlite file of an Optuna study."""

    def __init__(
        self,
        path: Path,
        study_name: str,
        trials: Sequence[FrozenTrial] = (),
        directions: Sequence[Direction] = ("maximize",),
        store: Callable[[], None] = lambda: None,
    ) -> None:
        """Bring the file to `trials` (the planner's, when resuming), in the background.

        `store` is called every STORED_SECONDS when the file has changed: behind a URL it is stored
        then, and a dashboard elsewhere shows the running search. After an InputError it is called
        again later.
        """
        self.problem: str | None = None
        """Why the copying ended early, or None."""
        self._path = path
        self._study_name = study_name
        self._directions = directions
        self._waiting = {trial.number: trial for trial in trials}
        self._curves: defaultdict[int, Curve] = defaultdict(dict)
        """Values reported since they were last written, by trial."""
        self._store = store
        self._stored = time.monotonic()
        self._is_stored = True
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="optuna-mirror", daemon=True)
        self._thread.start()

    def put(self, trial: FrozenTrial) -> None:
        """Copy a trial that the planner just proposed or closed; returns at once, never raises."""
        with self._lock:
            self._waiting[trial.number] = trial

    def report(self, number: int, images_seen: int, quality: float) -> None:
        """Copy a point of a running trial's learning curve; returns at once, never raises."""
        with self._lock:
            self._curves[number][images_seen] = quality

    def close(self, timeout_seconds: float = 10.0) -> None:
        """Write what is waiting, for at most so long."""
        self._closing.set()
        self._thread.join(timeout_seconds)

    def _work(self) -> None:
        try:
            copied: _Copy | None = None
            closing = False
            while not closing:
                closing = self._closing.is_set()
                started = time.thread_time()
                with self._lock:
                    waiting, self._waiting = self._waiting, {}
                    curves, self._curves = self._curves, defaultdict(dict)
                copied = copied or self._opened(waiting)
                for number in sorted(waiting.keys() | curves.keys()):
                    copied.write(number, waiting.get(number), curves.get(number, {}))
                    self._is_stored = False
                self._store_now_and_then()
                spent = time.thread_time() - started
                self._closing.wait(max(SECONDS_BETWEEN, spent * (1 / SHARE_OF_A_CORE - 1)))
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}".splitlines()[0]
            warnings.warn(
                f"{self._path} is no longer kept up to date ({self.problem}); "
                "the search continues, and resuming it later repairs the file",
                RuntimeWarning,
                stacklevel=1,
            )

    def _store_now_and_then(self) -> None:
        if self._is_stored or time.monotonic() - self._stored < STORED_SECONDS:
            return
        self._stored = time.monotonic()
        with suppress(InputError):
            self._store()
            self._is_stored = True

    def _opened(self, trials: dict[int, FrozenTrial]) -> _Copy:
        """The file where it agrees with the trials, else a new one."""
        with suppress(Exception):  # a damaged file, or one of another version of Optuna
            copied = _Copy(self._path, self._study_name, self._directions)
            if copied.agrees(trials):
                return copied
        for ending in ("", "-journal", "-wal", "-shm"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        return _Copy(self._path, self._study_name, self._directions)


class _Copy:
    """An open sqlite study, and its trials as they were last written."""

    def __init__(self, path: Path, study_name: str, directions: Sequence[Direction]) -> None:
        self._storage = RDBStorage(f"sqlite:///{path}")
        self._study = optuna.create_study(
            storage=self._storage,
            study_name=study_name,
            directions=directions,
            load_if_exists=True,
        )
        self._study_id = self._storage.get_study_id_from_name(study_name)
        self._stored = self._study.get_trials(deepcopy=False)

    def agrees(self, trials: Mapping[int, FrozenTrial]) -> bool:
        """Whether the file holds a beginning of the trials, some of them perhaps running."""
        return all(
            one.number in trials
            and one.params == (other := trials[one.number]).params
            and (
                one.state == TrialState.RUNNING
                or (one.state, one.values) == (other.state, other.values)
            )
            for one in self._stored
        )

    def write(self, number: int, trial: FrozenTrial | None, curve: Curve) -> None:
        """Add a trial that is new, or continue one that was running; others are whole already.

        `trial` is None when nothing but its curve has grown.
        """
        if number < len(self._stored) and not self._stored[number].state.is_finished():
            for images_seen, quality in curve.items():
                self._storage.set_trial_intermediate_value(self._id(number), images_seen, quality)
        if trial is None:
            return
        assert trial.number <= len(self._stored), trial.number
        values = trial.values if trial.state == TrialState.COMPLETE else None
        if trial.number == len(self._stored):
            without_notes = create_trial(  # the sampler's, which only it reads
                state=trial.state,
                values=values,
                params=trial.params,
                distributions=trial.distributions,
                user_attrs=trial.user_attrs,
                intermediate_values=curve,
                constraints=trial.constraints,
            )
            self._study.add_trial(without_notes)
            self._stored.append(trial)
        elif trial.state.is_finished() and not self._stored[trial.number].state.is_finished():
            trial_id = self._id(number)
            notes = trial.user_attrs.items() - self._stored[trial.number].user_attrs.items()
            for key, value in notes:
                self._storage.set_trial_user_attr(trial_id, key, value)
            for key, value in trial.constraints.items():
                Trial(self._study, trial_id).set_constraint(key, value)
            self._storage.set_trial_state_values(trial_id, trial.state, values)
            self._stored[trial.number] = trial

    def _id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, number)
