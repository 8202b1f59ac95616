"""Ways to spend runs on configurations and pick one, and what each claims of its choice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.race.worlds import Array, Configurations, Runs
from lab.plan.race import Race, Result, Rules, rungs_of
from lab.statistics import Intervals, wilson_interval

FIXED_SEEDS = 8
"""Seeds of every configuration where none is chosen early: what a race is measured against."""


class Chosen(NamedTuple):
    """One entry a study."""

    picked: NDArray[np.int64]
    """The configuration picked."""
    num_runs: NDArray[np.int64]
    share: Array
    """The share of stable runs that is reported of it."""
    claim: Intervals
    """Its 95 % interval."""


class Design(NamedTuple):
    """Settings of a search: `--seeds`, `--race`, `--confirm`."""

    seeds: tuple[int, ...]
    survivors: int
    confirm: int

    def rules(self, num_configurations: int) -> Rules:
        """As the planner makes them."""
        rungs = rungs_of(num_configurations, self.seeds, self.survivors)
        return Rules(
            rungs, tuple(range(self.seeds[-1])), tuple(range(1_000, 1_000 + self.confirm))
        )

    def __str__(self) -> str:
        seeds = ",".join(map(str, self.seeds))
        return f"race {seeds} to {self.survivors}, confirm {self.confirm}"


def fixed_seeds(runs: Runs, num_seeds: int) -> Chosen:
    """As many seeds for every configuration; the most stable, then the best by score.

    It is judged by the runs that it was chosen by.
    """
    num_studies, num_configurations, _ = runs.stable.shape
    stable = runs.stable[:, :, :num_seeds].sum(axis=2)
    merit = stable + 1e-3 * runs.score[:, :, :num_seeds].mean(axis=2)
    index = merit.argmax(axis=1)
    num_runs = np.full(num_studies, num_configurations * num_seeds)
    return _claimed(index, num_runs, stable[np.arange(num_studies), index], num_seeds)


def raced(
    design: Design, truth: Configurations, runs: Runs, rng: np.random.Generator
) -> tuple[Chosen, Chosen]:
    """The lab's way: its race, then fresh seeds; and the same choice by the race's own figure."""
    num_studies, num_configurations = truth.stable.shape
    rules = design.rules(num_configurations)
    results = [race(rules, runs.stable[i], runs.score[i]) for i in range(num_studies)]
    winner = np.array([index for index, _ in results])
    by_race = np.array([num_runs for _, num_runs in results])
    here = np.arange(num_studies)
    confirmed = rng.binomial(design.confirm, truth.stable[here, winner])
    in_race = runs.stable[here, winner, : design.seeds[-1]].sum(axis=1)
    num_runs = by_race + rules.num_finalists * design.confirm
    return (
        _claimed(winner, num_runs, confirmed, design.confirm),
        _claimed(winner, by_race, in_race, design.seeds[-1]),
    )


def race(rules: Rules, stable: NDArray[np.bool_], score: Array) -> tuple[int, int]:
    """(winner, runs made) of one study by the lab's race; runs are [configurations, seeds]."""
    racing = Race(Rules(rules.rungs, rules.seeds, confirm_seeds=()))
    taken: set[tuple[int, int]] = set()
    while certain := [run for run in racing.wanted(taken) if run.certain]:
        for run in certain:
            run_key = run.trial, run.seed
            taken.add(run_key)
            racing.tell(*run_key, Result(bool(stable[run_key]), (float(score[run_key]),)))
    finalists = racing.finalists()
    assert finalists, "a race with every result has a winner"
    return finalists[0], len(taken)


def _claimed(
    picked: NDArray[np.int64], num_runs: NDArray[np.int64], num_stable: NDArray[np.int64], num: int
) -> Chosen:
    return Chosen(picked, num_runs, num_stable / num, wilson_interval(num_stable, num))
