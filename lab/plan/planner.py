"""The pure planner: which run next (`ask`), and what became of it (`tell`). It knows no Ray.

It can be rebuilt from the record alone, and then asks for what it would have asked for.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from typing import Any

from optuna.trial import FrozenTrial

from lab.config import InputError, make_config
from lab.plan.explore import Explore
from lab.plan.history import History
from lab.plan.job import Job, Outcome
from lab.plan.settings import PlanSettings
from lab.plan.spaces import Space
from lab.record import RunRecord, Stage, StudyRecord

STAGES: tuple[Stage, ...] = ("explore",)
"""The stages a search goes through; racing and confirming find their place here."""


class Planner:
    """Jobs in order: interrupted and crashed runs again, then known points, Sobol, TPE."""

    def __init__(self, space: Space, settings: PlanSettings) -> None:
        """Raises InputError for a space that makes refused configurations."""
        self.space = space
        self.settings = settings
        self.stages = STAGES
        self._explore = Explore(space, settings)
        self._history = History(settings.seed)
        self._again: deque[Job] = deque()
        self._running: set[int] = set()
        if self._explore.num_trials == 0:
            raise InputError(f"the space {space.name} has no known point; leave out --known-only")

    @classmethod
    def rebuild(cls, space: Space, settings: PlanSettings, record: StudyRecord) -> Planner:
        """The planner as the record left it; runs without an end are asked for again first.

        A trial whose trial.json is missing or damaged is proposed anew under its number.
        Raises InputError when a recorded trial is no part of the space any more.
        """
        planner = cls(space, settings)
        runs = {(run.trial, run.seed): run for run in record.runs}
        rows = {int(row["number"]): row for row in record.trials}
        never_started: list[Job] = []
        for number in range(max(rows, default=-1) + 1):
            if number not in rows:
                never_started.append(planner._new_job())
                continue
            job = planner._recorded_job(rows[number])
            run = runs.get((number, job.seed))
            if run is None:
                never_started.append(job)
            else:
                planner._tell_again(job, run)
        planner._again.extend(never_started)
        return planner

    @property
    def num_trials(self) -> int:
        """Trials of the whole search."""
        return max(self._explore.num_trials, len(self._history))

    @property
    def num_sobol(self) -> int:
        """Trials of the Sobol design, which the safe-zone map is estimated from."""
        return self._explore.num_sobol

    @property
    def finished(self) -> bool:
        """Whether nothing is left to ask for and nothing is running."""
        return not self._running and not self._again and not self._more

    def ask(self) -> Job | None:
        """The next job, or None when all are handed out (a crash may bring one back)."""
        if self._again:
            job = self._again.popleft()
        elif self._more:
            job = self._new_job()
        else:
            return None
        self._running.add(job.trial)
        return job

    def tell(self, job: Job, outcome: Outcome) -> None:
        """Take in how a job ended: a crash is tried again, everything else closes the trial."""
        assert job.trial in self._running, job.trial
        self._running.remove(job.trial)
        self._take_in(job, outcome)

    def trials(self) -> list[FrozenTrial]:
        """Every trial asked for so far as Optuna keeps it, in order of number (for the mirror)."""
        return self._history.trials()

    def trial(self, number: int) -> FrozenTrial:
        """One trial as Optuna keeps it (for the mirror)."""
        return self._history.trial(number)

    @property
    def _more(self) -> bool:
        return len(self._history) < self._explore.num_trials

    def _new_job(self) -> Job:
        number = len(self._history)
        origin, drawn = self._explore.propose(self._history)
        # One seed for every configuration: differences between trials are not those of seeds,
        # and a later race adds seeds that are common to all.
        seed = self.settings.seed
        config = drawn.config.model_copy(update={"seed": seed})
        return Job(number, seed, "explore", origin, drawn.parameters, config)

    def _take_in(self, job: Job, outcome: Outcome) -> None:
        if outcome.status == "errored" and job.attempt < self.settings.max_attempts:
            self._again.append(replace(job, attempt=job.attempt + 1))
            return
        self._history.note(job.trial, "verdict", outcome.verdict or outcome.status)
        if outcome.status == "errored":
            self._history.fail(job.trial)
        elif outcome.status == "pruned":
            self._history.prune(job.trial)
        else:
            assert outcome.score is not None, job.trial
            assert math.isfinite(outcome.score), job.trial
            self._history.complete(job.trial, outcome.score)

    def _recorded_job(self, row: dict[str, Any]) -> Job:
        """Enter a stored trial; its configuration is the stored one, whatever the space is now."""
        try:
            drawn = self.space.draw_point(row["parameters"])
        except InputError as error:
            raise InputError(
                f"trial {row['number']} of the record does not fit the space {self.space.name}: "
                f"{error}; restore the space as it was, or start a new study"
            ) from None
        config = make_config(row["config"])
        number = self._history.add(drawn, row["origin"])
        return Job(number, config.seed, "explore", row["origin"], drawn.parameters, config)

    def _tell_again(self, job: Job, run: RunRecord) -> None:
        job = replace(job, attempt=int(run.run.get("attempts", 1)))
        match run.status:
            case "running":
                self._again.append(job)
            case "finished":
                score = run.run.get("score")
                if not isinstance(score, (int, float)) or not math.isfinite(score):
                    raise InputError(
                        f"{run.folder} is finished without a finite score; "
                        "remove the folder and resume again to repeat the run"
                    )
                self._take_in(job, Outcome("finished", run.verdict, float(score)))
            case "pruned":
                self._take_in(job, Outcome("pruned"))
            case _:
                self._take_in(job, Outcome("errored", error=run.run.get("error")))
