"""Which parameters stability and quality depend on: importances, and those of chance alone.

The only module of the reports that uses Optuna; its study is rebuilt in memory from the record.
"""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import numpy as np
import optuna
import pandas as pd
from numpy.typing import NDArray
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from lab.record import ParameterCard, StudyRecord
from reports.study.scale import LEAST_TRIALS, NUM_SHUFFLES
from reports.study.tables import explored, finished, parameters_of, run_table, trial_table

GOALS = {"stability": "stability", "quality": "quality of stable runs"}
BEST_SHARE = 0.1
"""Best share of trials by quality, which importance distinguishes from all (Optuna's default)."""
MOST_TRIALS = 500
"""Most trials that importances are computed from, evenly spaced among more: about a second."""


class TrialSample(NamedTuple):
    """Trials that importances for one goal are computed from."""

    trials: pd.DataFrame
    """Parameters by trial number; None where a branch was not taken."""
    outcomes: NDArray[np.float64]
    num_known: int
    """Trials with an outcome, before MOST_TRIALS of them were taken."""
    chosen: bool
    """Whether the optimizer chose some of them."""


def sample_of(study: StudyRecord, goal: str) -> TrialSample:
    """Trials whose parameters all lie inside the space (Optuna accepts no other), with outcomes.

    Stability: 1 for a trial with more than half of its explore runs stable, otherwise 0. Quality:
    the mean final quality of its stable explore runs; trials without any are left out. Trials that
    no optimizer chose where there are LEAST_TRIALS of them, otherwise all.
    """
    runs = finished(explored(run_table(study)))
    trials = trial_table(study)
    ranged = ranged_parameters(study)
    trials = trials[_inside(trials, ranged)]
    stable = runs["outcome"] == "stable"
    if goal == "stability":
        by_trial = (stable.groupby(runs["trial"]).mean() > 0.5).astype(float)
    else:
        by_trial = runs[stable].groupby("trial")["final_quality"].mean().dropna()
    both = trials.join(by_trial.rename("outcome"), how="inner")
    unbiased = both[both["unbiased"].astype(bool)]
    used = unbiased if len(unbiased) >= LEAST_TRIALS else both
    even = np.unique(np.linspace(0, len(used) - 1, MOST_TRIALS).astype(int))
    taken = used.iloc[even] if len(used) > MOST_TRIALS else used
    outcomes = taken["outcome"].to_numpy(dtype=float)
    parameters = taken[[parameter.path for parameter in ranged]]
    return TrialSample(parameters, outcomes, len(used), not bool(used["unbiased"].all()))


def ranged_parameters(study: StudyRecord) -> list[ParameterCard]:
    """The parameters whose range or choices are in the record: others have no importance."""

    def is_ranged(parameter: ParameterCard) -> bool:
        if not parameter.is_numeric:
            return bool(parameter.choices)
        low, high = parameter.low, parameter.high
        return (
            low is not None
            and high is not None
            and low <= high
            and not (parameter.log and low <= 0)
        )

    return [parameter for parameter in parameters_of(study) if is_ranged(parameter)]


def importances_rows(study: StudyRecord) -> pd.DataFrame:
    """One row per goal and parameter: importance (a goal's sum to 1), `chance`, and the sample.

    `chance` is the largest importance over NUM_SHUFFLES shuffles of the outcomes, as a share of
    the same sum: a parameter below it is not distinguishable from noise. Importances by PED-ANOVA
    (Watanabe, Bansal and Hutter 2023). A goal has no rows below LEAST_TRIALS trials, or when all
    their outcomes are equal.
    """
    spaces = {p.path: _distribution(p) for p in ranged_parameters(study)}
    rows = []
    for goal in GOALS:
        sample = sample_of(study, goal)
        outcomes = sample.outcomes
        if len(outcomes) < LEAST_TRIALS or np.ptp(outcomes) == 0:
            continue
        rebuilt = _rebuilt(sample.trials, spaces)
        best = _best_share(outcomes) if goal == "stability" else BEST_SHARE
        rng = np.random.default_rng(0)
        importances = _importances(rebuilt, outcomes, best)
        shuffled = [
            _importances(rebuilt, rng.permutation(outcomes), best) for _ in range(NUM_SHUFFLES)
        ]
        # Not shares of each shuffle's own sum: noise has a sum as well, so those would be large.
        whole = sum(importances.values())
        if not whole > 0:
            continue
        sample_columns = (len(outcomes), sample.num_known, sample.chosen)
        for path, value in importances.items():
            chance = max(by.get(path, 0.0) for by in shuffled)
            rows.append((goal, path, value / whole, chance / whole, *sample_columns))
    columns = ["goal", "parameter", "importance", "chance", "num_trials", "num_known", "chosen"]
    frame = pd.DataFrame(rows, columns=columns)
    order = ["goal", "importance", "parameter"]
    return frame.sort_values(order, ascending=[False, False, True], ignore_index=True)


def _rebuilt(trials: pd.DataFrame, spaces: dict[str, BaseDistribution]) -> optuna.Study:
    """An in-memory study of finished trials, without their outcomes (see `_importances`)."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="minimize")
    optuna.logging.set_verbosity(before)
    sampled = [
        {str(path): value for path, value in row.items() if value is not None}
        for row in trials.to_dict("records")
    ]
    study.add_trials(
        optuna.trial.create_trial(
            params=values, distributions={path: spaces[path] for path in values}, value=0.0
        )
        for values in sampled
    )
    return study


def _importances(
    study: optuna.Study, outcomes: NDArray[np.float64], best: float
) -> dict[str, float]:
    """PED-ANOVA with these outcomes; it treats low targets as good, hence the minus."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importances = optuna.importance.get_param_importances(
            study,
            evaluator=optuna.importance.PedAnovaImportanceEvaluator(target_quantile=best),
            target=lambda trial: -float(outcomes[trial.number]),
            normalize=False,
        )
    return {path: value for path, value in importances.items() if math.isfinite(value)}


def _best_share(outcomes: NDArray[np.float64]) -> float:
    """The quantile that selects just the trials with outcome 1: half a trial below their share."""
    return float((outcomes.sum() - 0.5) / outcomes.size)


def _distribution(parameter: ParameterCard) -> BaseDistribution:
    low, high = parameter.low or 0, parameter.high or 0
    if parameter.kind == "float":
        return FloatDistribution(float(low), float(high), log=parameter.log)
    if parameter.kind == "int":
        return IntDistribution(int(low), int(high), log=parameter.log)
    return CategoricalDistribution(parameter.choices)


def _inside(trials: pd.DataFrame, parameters: list[ParameterCard]) -> Any:
    """Which trials lie inside the space with every parameter that they sampled."""
    inside = np.ones(len(trials), dtype=bool)
    for parameter in parameters:
        values = trials[parameter.path]
        if parameter.is_numeric:
            numbers = pd.to_numeric(values, errors="coerce")
            within = numbers.between(parameter.low or 0, parameter.high or 0)
        else:
            within = values.isin(parameter.choices)
        inside &= (values.isna() | within).to_numpy(dtype=bool)
    return inside
