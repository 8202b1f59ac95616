"""The pure planner: which run next (`ask`), and what became of it (`tell`). It uses no Ray.

It can be rebuilt from the record alone, and then asks for what it would have asked for.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from optuna.trial import FrozenTrial

from lab.config import restored_config
from lab.errors import InputError
from lab.plan.history import MOST_DRAWS, History
from lab.plan.job import Job, Outcome, finished_outcome
from lab.plan.objective import Objective
from lab.plan.race import Race, Wanted
from lab.plan.settings import PlanSettings, race_rules, sobol_count
from lab.plan.spaces import Drawn, Space
from lab.plan.suggest import SobolDesign, from_random
from lab.record import ConclusionsCard, RunRecord, Stage, StudyRecord, TrialCard
from lab.statistics import pareto_front


class Planner:
    """Jobs in order: interrupted and crashed runs again, explore, then race and confirm."""

    def __init__(self, space: Space, settings: PlanSettings, num_recorded: int = 0) -> None:
        """`num_recorded`: trials that an earlier start has made.

        A space of fewer settings than the trials asked for has as many trials as settings: a
        repeated one would be the same run again. Raises InputError for a space that makes refused
        configurations, and for a race that its trials do not allow.
        """
        self.space = space
        self.settings = settings
        self.num_settings = space.num_settings(settings.trials)
        """Different settings of the space, counted up to the trials asked for."""
        if not settings.known_only:
            num_known = len(space.known_points)
            settings = _limited(settings, max(self.num_settings, num_known, num_recorded))
        self.objective = Objective(settings.objective)
        num_known = min(len(space.known_points), settings.trials)
        self._num_explored = num_known if settings.known_only else settings.trials
        if self._num_explored == 0:
            raise InputError(f"the space {space.name} has no known point; leave out --known-only")
        self.num_sobol = 0 if settings.known_only else sobol_count(settings, num_known)
        """Trials of the Sobol design, which the safe-zone map is estimated from."""
        self._sobol = SobolDesign(list(space.parameters()), self.num_sobol, settings.seed)
        self._history = History(settings.seed, self.objective.directions)
        self._race = Race(race_rules(settings, self._num_explored))
        self._first: list[Job] = []
        """Each trial's explore job, by number."""
        self._again: deque[Job] = deque()
        self._running: set[tuple[int, int]] = set()
        self._taken: set[tuple[int, int]] = set()
        """Trial and seed of every run asked for, ended or not."""
        self.errored: dict[tuple[int, int], str] = {}
        """Runs given up after their attempts, by trial and seed: why they crashed."""
        self._retry_errored = False

    @classmethod
    def rebuild(
        cls,
        space: Space,
        settings: PlanSettings,
        record: StudyRecord,
        *,
        retry_errored: bool = False,
    ) -> Planner:
        """The planner as the record left it; runs without an end are asked for again first.

        A trial whose trial.json is missing or damaged is proposed again under its number.
        `retry_errored`: so is a run that was given up, with all its attempts.
        Raises InputError when a recorded trial is no part of the space any more.
        """
        trials = {trial.number: trial for trial in record.trials}
        planner = cls(space, settings, max(trials, default=-1) + 1)
        planner._retry_errored = retry_errored
        runs = {(run.trial, run.seed): run for run in record.runs}
        never_started: list[Job] = []
        for number in range(max(trials, default=-1) + 1):
            if number not in trials:
                never_started.append(planner._new_job())
                continue
            job = planner._recorded_job(trials[number])
            run = runs.pop((number, job.seed), None)
            if run is None:
                never_started.append(job)
            else:
                planner._tell_again(job, run)
        planner._again.extend(never_started)
        planner._tell_seeds(runs.values())
        return planner

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that the search goes through."""
        rules = self._race.rules
        raced: tuple[Stage, ...] = ("race",) if len(rules.seeds) > rules.rungs[0].num_seeds else ()
        confirmed: tuple[Stage, ...] = ("confirm",) if rules.confirm_seeds else ()
        return ("explore", *raced, *confirmed)

    @property
    def in_words(self) -> str:
        """How many runs the trials get, for a person."""
        return self._race.rules.in_words

    @property
    def num_trials(self) -> int:
        """Trials of the whole search."""
        return max(self._num_explored, len(self._history))

    @property
    def num_runs(self) -> int:
        """Runs of the whole search, as far as they are decided."""
        return max(self._race.rules.num_runs, len(self._taken))

    @property
    def num_ended(self) -> int:
        """Runs that have ended for good."""
        return self._race.num_ended

    @property
    def finished(self) -> bool:
        """Whether nothing is left to ask for and nothing is running."""
        busy = self._running or self._again or self._more
        return not busy and self._next_of_race() is None

    def ask(self) -> Job | None:
        """The next job, or None when all are handed out (a run's end may bring more)."""
        if self._again:
            job = self._again.popleft()
        elif self._more:
            job = self._new_job()
        elif (run := self._next_of_race()) is not None:
            job = self._job_of(run)
        else:
            return None
        self._running.add((job.trial, job.seed))
        self._taken.add((job.trial, job.seed))
        return job

    def tell(self, job: Job, outcome: Outcome) -> None:
        """Record how a job ended: a crash is tried again, everything else closes the run."""
        assert (job.trial, job.seed) in self._running, (job.trial, job.seed)
        self._running.remove((job.trial, job.seed))
        self._take_in(job, outcome)

    def conclusions(self) -> ConclusionsCard:
        """What the outcomes so far decide; the Pareto set by the seeds that every trial has."""
        finalists = self._race.finalists() or []
        return ConclusionsCard(
            finalists=tuple(finalists),
            recommended=finalists[0] if finalists else None,
            confirm_seeds=tuple(self._race.rules.confirm_seeds),
            pareto=tuple(self._pareto()),
        )

    def confirmed(self, trial: int) -> tuple[int, int]:
        """How many of a trial's fresh seeds were stable, of how many that have a verdict."""
        return self._race.confirmed(trial)

    def explore_job(self, trial: int) -> Job:
        """The job that a trial began with; trial.json is made of it."""
        return self._first[trial]

    def trials(self) -> list[FrozenTrial]:
        """Every trial asked for so far as Optuna keeps it, in order of number (for the mirror)."""
        return self._history.trials()

    def trial(self, number: int) -> FrozenTrial:
        """One trial as Optuna keeps it (for the mirror)."""
        return self._history.trial(number)

    @property
    def _more(self) -> bool:
        return len(self._history) < self._num_explored

    def _next_of_race(self) -> Wanted | None:
        return next(self._race.wanted(self._taken), None)

    def _new_job(self) -> Job:
        number = len(self._history)
        origin, drawn = self._proposal(number)
        # One seed for every configuration: differences between trials are not those of seeds,
        # and the race adds seeds that are common to all.
        seed = self.settings.seed
        config = drawn.config.model_copy(update={"seed": seed})
        self._first.append(Job(number, seed, "explore", origin, drawn.parameters, config))
        return self._first[-1]

    def _proposal(self, number: int) -> tuple[str, Drawn]:
        """Origin and draw of the next trial, entered: known points, Sobol design, then TPE."""
        points = list(self.space.known_points.items())
        index = number - len(points)
        if number < len(points):
            origin, drawn = f"known:{points[number][0]}", self.space.draw_point(points[number][1])
        elif index < self.num_sobol:
            origin, drawn = "sobol", self._distinct(self.space.draw(self._sobol.source(index)))
        else:
            return "tpe", self._history.propose(self.space)
        self._history.add(drawn, origin)
        return origin, drawn

    def _distinct(self, drawn: Drawn) -> Drawn:
        """A point of the design, or, where a trial has that setting already, a random one instead.

        So a space of few settings is sampled without repetition until all are tried.
        """
        number = len(self._history)
        for attempt in range(MOST_DRAWS):
            if not self._history.has(drawn):
                return drawn
            drawn = self.space.draw(from_random(self.settings.seed, f"instead {attempt}", number))
        return drawn

    def _job_of(self, run: Wanted) -> Job:
        first = self._first[run.trial]
        config = first.config.model_copy(update={"seed": run.seed})
        return replace(first, seed=run.seed, stage=run.stage, config=config)

    def _take_in(self, job: Job, outcome: Outcome) -> None:
        if outcome.status == "errored" and job.attempt < self.settings.max_attempts:
            self._again.append(replace(job, attempt=job.attempt + 1))
            return
        if outcome.status == "errored":
            self.errored[job.trial, job.seed] = outcome.error or ""
        finished = outcome.status == "finished"
        result = self.objective.result(outcome) if finished else None
        self._race.tell(job.trial, job.seed, result)
        if job.seed == self._first[job.trial].seed:
            self._close_trial(job.trial, outcome)

    def _close_trial(self, number: int, outcome: Outcome) -> None:
        """Optuna learns of a trial's explore run; later seeds come after its last proposal."""
        self._history.note(number, "verdict", outcome.verdict or outcome.status)
        if outcome.status == "errored":
            self._history.fail(number)
        elif outcome.status == "pruned":
            self._history.prune(number)
        else:
            values = self.objective.values(outcome)
            assert all(math.isfinite(value) for value in values), number
            feasible = outcome.stable or not self.objective.constrained
            self._history.complete(number, values, feasible=feasible)

    def _pareto(self) -> list[int]:
        if len(self.objective.measures) == 1:
            return []
        num_seeds = self._race.rules.rungs[0].num_seeds
        standings = (self._race.standing(job.trial, num_seeds) for job in self._first)
        stable = [standing for standing in standings if standing and standing.stable_share > 0]
        if not stable:
            return []
        best = pareto_front(np.array([standing.means for standing in stable]), maximise=True)
        return [one.trial for one, is_best in zip(stable, best, strict=True) if is_best]

    def _recorded_job(self, trial: TrialCard) -> Job:
        """Enter a stored trial; its configuration is the stored one, whatever the space is now."""
        try:
            drawn = self.space.draw_point(trial.parameters)
        except InputError as error:
            raise InputError(
                f"trial {trial.number} of the record does not fit the space {self.space.name}: "
                f"{error}; restore the space as it was, or start a new study"
            ) from None
        config = restored_config(trial.model_dump(include={"config", "files"}))
        number = self._history.add(drawn, trial.origin)
        job = Job(number, config.seed, "explore", trial.origin, drawn.parameters, config)
        self._first.append(job)
        return job

    def _tell_seeds(self, runs: Iterable[RunRecord]) -> None:
        """Runs beside the trials' first: further seeds of the race, fresh ones of confirmation."""
        rules = self._race.rules
        for run in runs:
            if run.trial >= len(self._first):
                continue
            stage: Stage = (
                "confirm"
                if run.seed in rules.confirm_seeds
                else "explore"
                if run.seed in rules.seeds[: rules.rungs[0].num_seeds]
                else "race"
            )
            job = self._job_of(Wanted(run.trial, run.seed, stage, certain=True))
            if run.status != "running" or run.seed in (*rules.seeds, *rules.confirm_seeds):
                self._tell_again(job, run)

    def _tell_again(self, job: Job, run: RunRecord) -> None:
        job = replace(job, attempt=run.card.attempts)
        self._taken.add((job.trial, job.seed))
        match run.status:
            case "running":
                self._again.append(job)
            case "finished":
                outcome = finished_outcome(run.card)
                if outcome is None:
                    raise InputError(
                        f"{run.folder} is finished without a finite score; "
                        "remove the folder and resume again to repeat the run"
                    )
                self._take_in(job, outcome)
            case "pruned":
                self._take_in(job, Outcome("pruned"))
            case "errored" if self._retry_errored:
                self._again.append(replace(job, attempt=1))
            case _:
                self._take_in(job, Outcome("errored", error=run.card.error or None))


def _limited(settings: PlanSettings, num_trials: int) -> PlanSettings:
    """The settings with at most so many trials and finalists."""
    if num_trials >= settings.trials:
        return settings
    race = None if settings.race is None else min(settings.race, num_trials)
    return settings.model_copy(update={"trials": num_trials, "race": race})
