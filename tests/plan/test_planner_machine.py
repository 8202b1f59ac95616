"""The planner under any order of ask, tell, kill and rebuild (a state machine by hypothesis).

The machine keeps the record as a search does, and its own book of what runs and what has ended.
"""

from __future__ import annotations

import copy
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from lab.plan import Job, Outcome, Planner, PlanSettings, load_space
from lab.record import RUN_FILE, read_study, run_folder
from tests.plan.simulation import Search, write_space

NUM_SLOTS = 3
MOST_ASKS = 400
"""Far more than any of the searches needs."""
SEARCHES = (
    PlanSettings(trials=6, num_sobol=2, seeds=(1, 2, 3), race=2, confirm=2, max_attempts=2),
    PlanSettings(trials=5, num_sobol=2, seeds=(2,), race=0, max_attempts=1),
    PlanSettings(trials=5, num_sobol=1, confirm=1, objective="quality,cost", seed=7),
    PlanSettings(known_only=True, trials=2, seeds=(1, 3), max_attempts=2, seed=2**31 - 2),
)
Key = tuple[int, int]
scores = st.floats(0.0, 1.0, allow_nan=False)
slots = st.integers(0, NUM_SLOTS - 1)
outcomes = st.one_of(
    st.builds(lambda s: Outcome("finished", "stable", s, quality=s, seconds=40.0), scores),
    st.builds(
        lambda s, life: Outcome("finished", "diverged", 0.2 * s, life=life, seconds=10.0),
        scores,
        st.floats(0.0, 0.9),
    ),
    st.just(Outcome("errored", error="the node went away")),
    st.just(Outcome("pruned")),
)


def as_told(job: Job) -> tuple[Any, ...]:
    """What of a job must be the same after a rebuild, in an order that can be sorted."""
    return job.trial, job.seed, job.stage, job.origin, job.attempt, str(job.config)


def asked_without_end(planner: Planner) -> list[tuple[Any, ...]]:
    """Everything that a planner hands out while no run ends; uses it up."""
    return sorted(as_told(job) for job in iter(planner.ask, None))


class PlannerMachine(RuleBasedStateMachine):
    """A search whose runs end, crash and are killed as hypothesis draws it."""

    def __init__(self) -> None:
        super().__init__()
        self._place = tempfile.TemporaryDirectory(prefix="planner-")
        self.study = Path(self._place.name) / "study"
        self.space = load_space(write_space(Path(self._place.name)))
        self.ended: dict[Key, Outcome] = {}
        self.crashes: dict[Key, int] = {}

    @initialize(plan=st.sampled_from(SEARCHES))
    def begin(self, plan: PlanSettings) -> None:
        self.plan = plan
        planner = Planner(self.space, plan)
        self.search = Search(planner, self.study, num_slots=NUM_SLOTS)
        self.num_runs = planner.num_runs

    @rule()
    def ask(self) -> None:
        """Every free slot gets a job."""
        before = list(self.search.running)
        self.search.fill()
        for index, job in enumerate(self.search.running[len(before) :]):
            key = (job.trial, job.seed)
            others = self.search.running[: len(before) + index]
            assert key not in {(other.trial, other.seed) for other in others}, "two at once"
            assert key not in self.ended, "a run that had ended was asked for again"
            assert job.attempt == self.crashes.get(key, 0) + 1 <= self.plan.max_attempts

    @precondition(lambda self: self.search.running)
    @rule(ends=st.lists(st.tuples(slots, outcomes), min_size=1, max_size=6))
    def tell(self, ends: list[tuple[int, Outcome]]) -> None:
        """Runs end, not always the oldest, and their slots are filled; only explore is pruned."""
        for index, outcome in ends:
            job = self.search.running[index % len(self.search.running)]
            if outcome.status == "pruned" and job.stage != "explore":
                outcome = replace(outcome, status="errored")
            self._end(job, outcome)
            self.ask()
            if not self.search.running:
                return

    @precondition(lambda self: self.search.running)
    @rule(before_it_started=st.booleans())
    def kill(self, before_it_started: bool) -> None:
        """The search dies with its runs, perhaps before the newest of them wrote its run.json.

        Of that one nothing is recorded, and a run made early may not be needed any more.
        """
        interrupted = {(job.trial, job.seed) for job in self.search.running}
        lost = self.search.running[-1]
        if before_it_started and lost.attempt == 1:
            (run_folder(self.study, lost.trial, lost.seed) / RUN_FILE).unlink()
            if lost.stage != "explore":
                interrupted.remove((lost.trial, lost.seed))
        planner = self._rebuilt()
        self.search = Search(planner, self.study, num_slots=NUM_SLOTS)
        asked = {job[:2] for job in asked_without_end(self._rebuilt())}
        assert interrupted <= asked, "an interrupted run is not asked for again"

    @rule()
    def rebuild_beside(self) -> None:
        """A planner of the record asks for what runs, and else for what the live one would."""
        live = asked_without_end(copy.deepcopy(self.search.planner))
        running = [as_told(job) for job in self.search.running]
        assert asked_without_end(self._rebuilt()) == sorted(live + running)

    @invariant()
    def no_more_runs_than_planned(self) -> None:
        planner = self.search.planner
        rules = planner._race.rules
        seeds = {*rules.seeds, *rules.confirm_seeds}
        keys = {(job.trial, job.seed) for job in self.search.asked} | set(self.ended)
        assert {trial for trial, _ in keys} <= set(range(planner.num_trials))
        assert {seed for _, seed in keys} <= seeds
        assert planner.num_ended == len(self.ended)
        if not rules.raced:
            assert len(keys) <= self.num_runs

    def teardown(self) -> None:
        """Whatever came before, the search ends, and its record concludes what it did."""
        try:
            if hasattr(self, "search"):
                self._run_to_the_end()
        finally:
            self._place.cleanup()

    def _run_to_the_end(self) -> None:
        for _ in range(MOST_ASKS):
            self.ask()
            if not self.search.running:
                break
            self._end(self.search.running[0], Outcome("finished", "stable", 0.5, quality=0.5))
        planner = self.search.planner
        assert planner.finished
        rules = planner._race.rules
        first = {(trial, seed) for trial in range(planner.num_trials) for seed in rules.seeds[:1]}
        assert first <= set(self.ended), "a trial was never run"
        conclusions = planner.conclusions()
        for trial in conclusions.finalists:
            assert {(trial, seed) for seed in rules.seeds} <= set(self.ended)
            assert {(trial, seed) for seed in rules.confirm_seeds} <= set(self.ended)
        rebuilt = self._rebuilt()
        assert rebuilt.finished
        assert rebuilt.conclusions() == conclusions
        assert rebuilt.num_ended == planner.num_ended

    def _rebuilt(self) -> Planner:
        record = read_study(self.study, evaluations=False)
        return Planner.rebuild(self.space, self.plan, record)

    def _end(self, job: Job, outcome: Outcome) -> None:
        key = (job.trial, job.seed)
        if outcome.status == "errored":
            self.crashes[key] = self.crashes.get(key, 0) + 1
        if outcome.status != "errored" or self.crashes[key] == self.plan.max_attempts:
            self.ended[key] = outcome
        self.search.end(job, outcome)


TestPlannerMachine = PlannerMachine.TestCase
TestPlannerMachine.settings = settings(
    max_examples=10,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
