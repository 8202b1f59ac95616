"""Whole searches over the surface of race_worlds: Optuna alone, and the lab's planner."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import optuna
from numpy.typing import NDArray
from scipy import optimize

from benchmarks.race.strategies import Design
from benchmarks.race.worlds import Array, Runs, draw_runs, surface
from lab.plan import Job, Outcome, Planner, PlanSettings
from lab.plan.spaces import Space
from lab.statistics import Intervals, wilson_interval

PARAMETERS = ("optimizer.generator.lr", "optimizer.critic.lr", "optimizer.generator.beta1")
RATES = (1e-5, 1e-2)
NUM_SLOTS = 4
"""Runs at a time under the planner; some are made early and turn out not to be needed."""


class SearchResult(NamedTuple):
    """One entry a search: truth of its choice, and what it claims of it."""

    stable: Array
    quality: Array
    num_runs: NDArray[np.int64]
    share: Array
    """Share of stable runs reported of it."""
    claim: Intervals
    summit: float
    """The highest P(stable) of the surface."""


class _Pick(NamedTuple):
    point: list[float]
    num_runs: int
    num_stable: int
    num_told: int
    """Runs that the claim rests on, and how many of them were stable."""


def plain_tpe(num_trials: int, num_searches: int) -> SearchResult:
    """Optuna's TPE as it comes, one run a trial; its best trial by score."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return _result([_tpe_pick(num_trials, seed) for seed in range(num_searches)])


def whole_planner(design: Design, num_trials: int, num_searches: int) -> SearchResult:
    """The lab's search with several slots; its recommended trial by its confirm runs."""
    return _result([_planner_pick(design, num_trials, seed) for seed in range(num_searches)])


def _tpe_pick(num_trials: int, seed: int) -> _Pick:
    rng = np.random.default_rng(seed)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed)
    )
    names = ("generator_rate", "critic_rate", "momentum")
    stable: list[bool] = []
    for _ in range(num_trials):
        trial = study.ask()
        run = _one_run([trial.suggest_float(name, 0, 1) for name in names], rng)
        stable.append(bool(run.stable))
        study.tell(trial, float(run.score))
    best = study.best_trial
    point = [float(best.params[name]) for name in names]
    return _Pick(point, num_trials, int(stable[best.number]), 1)


def _planner_pick(design: Design, num_trials: int, seed: int) -> _Pick:
    rng = np.random.default_rng(seed)
    planner = Planner(
        _space(),
        PlanSettings(
            trials=num_trials,
            seed=seed,
            seeds=design.seeds,
            race=design.survivors,
            confirm=design.confirm,
        ),
    )
    points: dict[int, list[float]] = {}
    confirmed: dict[int, list[bool]] = {}
    running: list[Job] = []
    num_runs = 0
    while not planner.finished:
        while len(running) < NUM_SLOTS and (job := planner.ask()) is not None:
            running.append(job)
            num_runs += 1
        job = running.pop(int(rng.integers(len(running))))
        points[job.trial] = _place(job)
        run = _one_run(points[job.trial], rng)
        stable, score = bool(run.stable), float(run.score)
        if job.stage == "confirm":
            confirmed.setdefault(job.trial, []).append(stable)
        planner.tell(job, Outcome("finished", "stable" if stable else "diverged", score))
    winner = planner.conclusions().recommended
    assert winner is not None
    is_stable = confirmed[winner]
    return _Pick(points[winner], num_runs, sum(is_stable), len(is_stable))


def _one_run(point: list[float], rng: np.random.Generator) -> Runs:
    truth = surface(np.array(point))
    run = draw_runs(truth, 1, rng)
    return Runs(run.stable[..., 0], run.score[..., 0])


def _place(job: Job) -> list[float]:
    """A job's parameters on the surface."""
    low, high = map(math.log, RATES)
    rates = [(math.log(job.parameters[path]) - low) / (high - low) for path in PARAMETERS[:2]]
    return [*rates, float(job.parameters[PARAMETERS[2]])]


def _space() -> Space:
    def suggest(trial: optuna.Trial) -> dict[str, float]:
        rates = {path: trial.suggest_float(path, *RATES, log=True) for path in PARAMETERS[:2]}
        return {**rates, PARAMETERS[2]: trial.suggest_float(PARAMETERS[2], 0.0, 0.999)}

    return Space("surface", "The surface of race_worlds.", Path(__file__), "", {}, suggest, {})


def _result(picks: list[_Pick]) -> SearchResult:
    truth = surface(np.array([pick.point for pick in picks]))
    num_stable = np.array([pick.num_stable for pick in picks])
    num_told = np.array([pick.num_told for pick in picks])
    share, claim = num_stable / num_told, wilson_interval(num_stable, num_told)
    num_runs = np.array([pick.num_runs for pick in picks])
    return SearchResult(truth.stable, truth.quality, num_runs, share, claim, _summit())


def _summit() -> float:
    def fall(point: Array) -> float:
        return -float(surface(point).stable)

    best = optimize.minimize(fall, np.full(3, 0.4), bounds=[(0, 1)] * 3)
    return -float(best.fun)
