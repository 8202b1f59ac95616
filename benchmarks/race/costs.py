"""What a way of choosing costs: its regret in one world, by its runs, and bounds on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmarks.race.allocation import (
    Counts,
    Seen,
    best_odds,
    halving,
    laplace,
    one_at_a_time,
)
from benchmarks.race.bayes import bayes_halving, bayes_of_counts, knowledge_gradient, prior_of
from benchmarks.race.study import NUM_CONFIGURATIONS
from benchmarks.race.worlds import WORLDS, Configurations, Draw, Runs
from lab.plan.race import Rung

CONFIRM = 7
MOST_RUNS = 8 * NUM_CONFIGURATIONS // 3
IN_RACE = MOST_RUNS - CONFIRM
TARGET = 0.02
AT_A_TIME = 2
"""Trials that get a seed at each choice, of the proposed way."""
BEST = ((40, 1), (8, 4), (4, 8), (2, 17))
"""The best of some 700 random schedules of at most IN_RACE runs."""
LARGER = (
    BEST,
    ((40, 1), (10, 4), (6, 12), (3, 24)),
    ((40, 1), (12, 3), (6, 32)),
    ((40, 2), (16, 6), (8, 16), (4, 64)),
    ((40, 2), (20, 8), (10, 24), (5, 100)),
)
BUDGETS = (60, 80, 92, IN_RACE, 120, 140, 160, 180, 200, 240, 280, 313)
"""Runs of a race."""
UNIFORM = (2, 4, 8, 16, 32, 64, 128)


NUM_BOUNDED = 400
"""Studies that bounds are shown: beliefs are slow."""


class Point(NamedTuple):
    """A way in one world."""

    num_runs: float
    """With its confirm runs."""
    regret: float
    error: float

    def __str__(self) -> str:
        return f"{self.regret:.4f} +-{self.error:.4f}"


def point(truth: Configurations, winner: Counts, num_runs: float) -> Point:
    """What choosing these costs."""
    here = np.arange(winner.size)
    regret = truth.stable.max(axis=1)[: winner.size] - truth.stable[here, winner]
    error = float(regret.std() / np.sqrt(winner.size))
    return Point(num_runs, float(regret.mean()), error)


def rungs(schedule: tuple[tuple[int, int], ...]) -> list[Rung]:
    """Of (width, seeds) pairs."""
    return [Rung(*pair) for pair in schedule]


def _in_parts(choose: Callable[[Runs], Counts], runs: Runs, num_studies: int) -> Counts:
    """Choices of so many studies, two hundred at a time: beliefs are large."""
    starts = range(0, num_studies, 200)
    return np.concatenate(
        [choose(Runs(runs.stable[i : i + 200], runs.score[i : i + 200])) for i in starts], axis=-1
    )


def bounds(draw: Draw, truth: Configurations, runs: Runs) -> tuple[dict[str, Point], list[Point]]:
    """Ways that know the world, or take it for `even`; and the best of them by budget."""
    num_studies = min(len(truth.stable), NUM_BOUNDED)
    prior, even = prior_of(draw), prior_of(WORLDS["even"])

    def adaptive(part: Runs) -> Counts:
        return np.array(list(knowledge_gradient(prior, part, BUDGETS).values()))

    def astray(part: Runs) -> Counts:
        return knowledge_gradient(even, part, [IN_RACE])[IN_RACE]

    def ranked(part: Runs) -> Counts:
        return bayes_halving(prior, rungs(BEST), part)

    curve = [
        point(truth, winner, budget + CONFIRM)
        for budget, winner in zip(BUDGETS, _in_parts(adaptive, runs, num_studies), strict=True)
    ]
    winners = {
        "best schedule, Bayes's ranking": _in_parts(ranked, runs, num_studies),
        "knowledge gradient, prior `even`": _in_parts(astray, runs, num_studies),
    }
    points = {name: point(truth, winner, MOST_RUNS) for name, winner in winners.items()}
    points["knowledge gradient, true prior"] = curve[BUDGETS.index(IN_RACE)]
    return points, curve


def by_budget(draw: Draw, truth: Configurations, runs: Runs) -> dict[str, list[Point]]:
    """Regret as runs grow."""
    prior = bayes_of_counts(prior_of(draw))
    uniform, bayes = [], []
    for num_seeds in UNIFORM:
        stable, score = runs.stable[..., :num_seeds], runs.score[..., :num_seeds]
        num_seen = np.full(truth.stable.shape, num_seeds)
        alive = Seen(num_seen, stable.sum(axis=2), (stable * score).sum(axis=2))
        starts = range(0, min(len(stable), NUM_BOUNDED), 50)
        parts = [prior(alive.studies(slice(i, i + 50))).argmax(axis=1) for i in starts]
        winner = np.concatenate(parts)
        num_runs = NUM_CONFIGURATIONS * num_seeds + CONFIRM
        bayes.append(point(truth, winner, num_runs))
        whole = halving([Rung(NUM_CONFIGURATIONS, num_seeds)], runs)
        uniform.append(point(truth, whole.winner, num_runs))
    races = [halving(rungs(schedule), runs) for schedule in LARGER]
    seen = one_at_a_time(runs, BUDGETS, best_odds, AT_A_TIME)
    return {
        "as many seeds each": uniform,
        "as many seeds each, Bayes's choice": bayes,
        "races with more seeds": [
            point(truth, raced.winner, float(raced.num_runs.mean()) + CONFIRM) for raced in races
        ],
        "best odds, two trials at a time": [
            point(truth, laplace(seen[budget]).argmax(axis=1), budget + CONFIRM)
            for budget in BUDGETS
        ],
    }


def runs_to_reach(curve: list[Point], target: float) -> float:
    """Runs at which a falling curve meets the target, by log(runs); inf where it never does."""
    logs = np.log([at.num_runs for at in curve])
    regret = np.minimum.accumulate([at.regret for at in curve])
    if regret[-1] > target:
        return float("inf")
    if regret[0] <= target:
        return curve[0].num_runs
    return float(np.exp(np.interp(-target, -regret, logs)))
