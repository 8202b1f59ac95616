"""What TPE learns from: Optuna's in-memory study of every trial proposed and closed.

A proposal is a function of (seed, trial number, set of running and closed trials): the sampler is
made again for each proposal from a counted seed, and sees trials in order of their numbers. So a
history rebuilt from the record proposes what the undisturbed one would have.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Container, Sequence
from typing import Any

import optuna
from optuna.samplers import RandomSampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from lab.plan import tpe
from lab.plan.objective import Direction
from lab.plan.spaces import Drawn, Space
from lab.plan.suggest import from_trial
from lab.plan.tpe import ArraySampler, Standing, Table
from lab.randomness import counted_seed

NUM_BEST = 25
"""Best trials that TPE always sees: its good group is never larger (optuna.samplers: gamma)."""
NUM_OTHERS = 475
"""Other trials it sees, spread evenly: the latest alone would hide the early failures."""
NUM_RUNNING = 100
"""Newest running trials it sees: they keep parallel proposals apart."""
MOST_DRAWS = 60
"""Draws until a setting that was tried already is taken again."""
DRAWS_OF_TPE = 10
"""Of those; the others are random, because TPE may insist on a setting."""
Setting = tuple[tuple[str, Any], ...]
"""Parameters by name, in order."""
FAILURE = "failure"
"""Name of the constraint that a failed run breaks."""


class WindowStorage(InMemoryStorage):
    """An in-memory storage that shows the sampler a chosen part of its trials.

    TPE looks at every trial several times an ask, so its cost grows with the square of a search.
    """

    window: Sequence[int] | None = None
    """Numbers of the trials to show, in order; None shows all."""
    branches: Sequence[int] = ()
    """Of those, the ones to show where the sampler asks for all: it derives from them which
    parameters it draws together, and one trial of each set of parameters gives the same."""

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """As Optuna's, limited to the window."""
        if self.window is None or states == (TrialState.WAITING,):
            return super().get_all_trials(study_id, deepcopy, states)
        assert not deepcopy
        numbers = self.branches if states is None else self.window
        of_window = [self._studies[study_id].trials[number] for number in numbers]
        return [trial for trial in of_window if states is None or trial.state in states]

    def forget_last(self, study_id: int) -> None:
        """Take the newest trial back, as if it had never been asked for."""
        with self._lock:
            trial = self._studies[study_id].trials.pop()
            del self._trial_id_to_study_id_and_number[trial._trial_id]


class History:
    """Every trial of a search, in order of number from 0; the working state of TPE."""

    def __init__(self, seed: int, directions: Sequence[Direction] = ("maximize",)) -> None:
        """`directions`: of each objective, as Optuna names them."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._seed = seed
        self._storage = WindowStorage()
        self._signs = [1 if direction == "maximize" else -1 for direction in directions]
        self._study = optuna.create_study(storage=self._storage, directions=directions)
        self._study_id = self._storage.get_study_id_from_name(self._study.study_name)
        self._table = Table(self._signs[0])
        self._settings: set[Setting] = set()
        """What was tried or is being tried."""
        self._running: set[int] = set()
        self._closed: list[int] = []
        self._best: list[list[tuple[float, int]]] = [[] for _ in directions]
        """Of each objective: feasible trials, the best last."""

    def __len__(self) -> int:
        return len(self._running) + len(self._closed)

    def add(self, drawn: Drawn, origin: str) -> int:
        """Enter a running trial whose parameters are given; returns its number."""
        number = len(self)
        trial = create_trial(
            state=TrialState.RUNNING,
            params=drawn.parameters,
            distributions=drawn.distributions,
            user_attrs={"origin": origin},
        )
        self._study.add_trial(trial)
        self._table.add(drawn.parameters, drawn.distributions)
        self._running.add(number)
        self._settings.add(_setting(drawn))
        return number

    def has(self, drawn: Drawn) -> bool:
        """Whether this very setting is a trial already: its run would be the same one again."""
        return _setting(drawn) in self._settings

    def propose(self, space: Space) -> Drawn:
        """Enter the next trial with parameters from TPE, different from all before.

        In a space whose settings are all tried one is repeated.
        """
        number = len(self)
        window = self.window()
        self._storage.window = window
        self._storage.branches = (
            self._table.first_of_branches(window) if tpe.TAKES_ARRAYS else window
        )
        seen = self._table.seen(window) if tpe.TAKES_ARRAYS and len(self._signs) == 1 else None
        for attempt in range(MOST_DRAWS):
            purpose = "tpe" if attempt == 0 else f"tpe again {attempt}"
            seed = counted_seed(self._seed, purpose, number) % 2**32
            self._study.sampler = (
                ArraySampler(seed, seen) if attempt < DRAWS_OF_TPE else RandomSampler(seed=seed)
            )
            trial = self._study.ask()
            assert trial.number == number
            drawn = space.draw(from_trial(trial))
            if not self.has(drawn) or attempt == MOST_DRAWS - 1:
                break
            self._storage.forget_last(self._study_id)
        self._storage.window = None
        self._settings.add(_setting(drawn))
        # While a trial is drawn the sampler notes on it what it drew for branches not taken. They
        # are no part of the trial, and a rebuilt history could not restore them.
        for key in self._frozen(number).system_attrs:
            self._storage.set_trial_system_attr(self._id(number), key, None)
        self.note(number, "origin", "tpe")
        self._table.add(drawn.parameters, drawn.distributions)
        self._running.add(number)
        return drawn

    def note(self, number: int, key: str, value: Any) -> None:
        """Attach a note for readers of the Optuna study; no proposal depends on it."""
        self._storage.set_trial_user_attr(self._id(number), key, value)

    def complete(self, number: int, values: Sequence[float], *, feasible: bool = True) -> None:
        """Close a trial with its finite objectives, failed runs included.

        An infeasible trial is worse than every feasible one, whatever its values.
        """
        if not feasible:
            Trial(self._study, self._id(number)).set_constraint(FAILURE, 1.0)
        self._study.tell(number, list(values))
        if feasible:
            for best, sign, value in zip(self._best, self._signs, values, strict=True):
                insort(best, (sign * value, number))
        self._close(number, Standing.COMPLETE if feasible else Standing.INFEASIBLE, values[0])

    def prune(self, number: int) -> None:
        """Close a trial that was stopped for looking poor; TPE ranks it below any score."""
        self._study.tell(number, state=TrialState.PRUNED)
        self._close(number, Standing.PRUNED)

    def fail(self, number: int) -> None:
        """Close a trial that crashed; TPE learns nothing from it."""
        self._study.tell(number, state=TrialState.FAIL)
        self._close(number, Standing.FAILED)

    def trials(self) -> list[FrozenTrial]:
        """Every trial as Optuna keeps it, in order of number; not to be changed."""
        return self._study.get_trials(deepcopy=False)

    def trial(self, number: int) -> FrozenTrial:
        """One trial as Optuna keeps it; not to be changed."""
        return self._frozen(number)

    def window(self) -> list[int]:
        """The trials that TPE sees: all, or the best, a spread of the others, and the running."""
        num_closed = len(self._closed)
        if num_closed <= NUM_BEST + NUM_OTHERS and len(self._running) <= NUM_RUNNING:
            return list(range(len(self)))
        each = -(-NUM_BEST // len(self._best))
        best = {number for trials in self._best for _, number in trials[-each:]}
        others = {
            self._closed[i * num_closed // NUM_OTHERS] for i in range(NUM_OTHERS) if num_closed
        }
        running = sorted(self._running)[-NUM_RUNNING:]
        return sorted(best | others | set(running))

    def _close(self, number: int, standing: Standing, value: float = 0.0) -> None:
        self._running.remove(number)
        insort(self._closed, number)
        self._table.close(number, standing, value)

    def _frozen(self, number: int) -> FrozenTrial:
        return self._storage.get_trial(self._id(number))

    def _id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, number)


def _setting(drawn: Drawn) -> Setting:
    return tuple(sorted(drawn.parameters.items()))
