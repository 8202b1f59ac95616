"""Which parameters the score depends on: PED-ANOVA importances beside what chance alone gives.

The only place of the reports where Optuna is used; its study is rebuilt in memory from the record.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from lab.record import StudyRecord
from reports.figures.panel import Panel, blank, plain, plotly_text
from reports.tables import Parameter, explored, finished, parameters_of, run_table, trial_table
from reports.words import counted, listed, short_name

LEAST_TRIALS = 12
"""Below this many scored trials importances are noise and are not drawn."""
NUM_SHUFFLES = 19
"""Shuffles of the scores: chance exceeds the largest of 19 in one case of 20."""


@dataclass(frozen=True)
class Scored:
    """A trial's sampled parameters and the mean score of its explore runs."""

    parameters: dict[str, Any]
    score: float


def scored_trials(study: StudyRecord) -> list[Scored]:
    """Trials with a score whose parameters all lie inside the space (Optuna accepts no other)."""
    runs = finished(explored(run_table(study)))
    means = runs[runs["score"].notna()].groupby("trial")["score"].mean()
    scores = {int(trial): float(score) for trial, score in zip(means.index, means, strict=True)}
    spaces = {parameter.path: parameter for parameter in parameters_of(study)}
    found = []
    trials = trial_table(study)
    for trial, (_, row) in zip(trials.index.tolist(), trials.iterrows(), strict=True):
        values = {path: row[path] for path in spaces if row[path] is not None}
        if trial in scores and all(_inside(spaces[path], values[path]) for path in values):
            found.append(Scored(values, scores[trial]))
    return found


def importances_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a parameter: importance for the score (they sum to 1) and `chance`.

    `chance` is the largest importance over NUM_SHUFFLES shuffles of the scores: a parameter below
    it has shown nothing. Importances by PED-ANOVA (Watanabe, Bansal and Hutter 2023). Empty below
    LEAST_TRIALS scored trials, or when all scores are equal.
    """
    columns = ["parameter", "importance", "chance", "num_trials"]
    trials = scored_trials(study)
    scores = np.array([trial.score for trial in trials])
    if len(trials) < LEAST_TRIALS or np.ptp(scores) == 0:
        return pd.DataFrame(columns=columns)
    rebuilt = _rebuilt(trials, {p.path: _distribution(p) for p in parameters_of(study)})
    generator = np.random.default_rng(0)
    found = _importances(rebuilt, scores)
    shuffled = [_importances(rebuilt, generator.permutation(scores)) for _ in range(NUM_SHUFFLES)]
    rows = [
        (path, value, max(by.get(path, 0.0) for by in shuffled), len(trials))
        for path, value in found.items()
    ]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values("importance", ascending=False, ignore_index=True)


def draw_importances(rows: pd.DataFrame, num_left_out: int = 0) -> Panel:
    """Bars from the most important down, each with a tick where chance alone reaches."""
    places = list(range(len(rows)))
    clear = (rows["importance"] > rows["chance"]).tolist()
    figure = blank(60 + 34 * len(rows), bargap=0.45)
    figure.add_trace(
        go.Bar(
            orientation="h",
            x=plain(rows["importance"]),
            y=places,
            marker={
                "color": ["#0072B2" if over else "rgba(128,128,128,0.45)" for over in clear],
                "line": {"width": 0},
            },
            text=[f" {100 * value:.0f}%" for value in rows["importance"]],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=plain(rows["chance"]),
            y=places,
            mode="markers",
            marker={"symbol": "line-ns", "size": 20, "line": {"width": 2.5, "color": "#D55E00"}},
            hovertemplate="chance alone: %{x:.0%}<extra></extra>",
        )
    )
    most = max(float(rows["importance"].max()), float(rows["chance"].max()))
    figure.update_xaxes(
        range=[0, min(1.12, most * 1.18)], tickformat=".0%", title_text="share of the importance"
    )
    figure.update_yaxes(
        range=[len(rows) - 0.4, -0.6],
        tickvals=places,
        ticktext=[plotly_text(short_name(path)) for path in rows["parameter"]],
        showgrid=False,
    )
    return Panel(
        "importances",
        figure,
        "Importance of each parameter for the score, with the level that chance alone reaches.",
        note=_note(rows, num_left_out),
    )


def importances_panel(study: StudyRecord) -> Panel | str:
    """The panel, or a sentence that says why there is none."""
    rows = importances_rows(study)
    if not rows.empty:
        return draw_importances(rows, len(study.trials) - int(rows["num_trials"].iloc[0]))
    scored = scored_trials(study)
    if len(scored) >= LEAST_TRIALS:
        return "Every trial has the same score, so nothing can be told apart."
    return (
        f"Too few runs: {counted(len(scored), 'trial')} with a score inside the space; "
        f"importances are drawn from {LEAST_TRIALS} on."
    )


def _note(rows: pd.DataFrame, num_left_out: int) -> str:
    over = rows[rows["importance"] > rows["chance"]]["parameter"]
    names = listed([short_name(path) for path in over])
    shown = f"Beyond chance: {names}." if len(over) else "No parameter stands out from chance yet."
    num_trials = counted(int(rows["num_trials"].iloc[0]), "trial")
    left_out = (
        f" {counted(num_left_out, 'trial')} without a score, or outside the space, left out."
        if num_left_out
        else ""
    )
    return (
        f"{shown} Upright ticks: the most that {NUM_SHUFFLES} shuffles of the scores reach; a "
        f"grey bar has shown nothing. PED-ANOVA over {num_trials}: what set the best tenth apart, "
        f"within the ranges searched; it does not say which direction is better.{left_out}"
    )


def _rebuilt(trials: list[Scored], spaces: dict[str, BaseDistribution]) -> optuna.Study:
    """An in-memory study of finished trials; their scores are handed to the evaluator apart."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="minimize")
    optuna.logging.set_verbosity(before)
    study.add_trials(
        optuna.trial.create_trial(
            params=trial.parameters,
            distributions={path: spaces[path] for path in trial.parameters},
            value=-trial.score,
        )
        for trial in trials
    )
    return study


def _importances(study: optuna.Study, scores: NDArray[np.float64]) -> dict[str, float]:
    """PED-ANOVA with these scores, one a trial; it takes low targets as good, hence the minus."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = optuna.importance.get_param_importances(
            study,
            evaluator=optuna.importance.PedAnovaImportanceEvaluator(),
            target=lambda trial: -float(scores[trial.number]),
        )
    return {path: value for path, value in found.items() if math.isfinite(value)}


def _distribution(parameter: Parameter) -> BaseDistribution:
    low, high = parameter.low or 0, parameter.high or 0
    if parameter.kind == "float":
        return FloatDistribution(float(low), float(high), log=parameter.log)
    if parameter.kind == "int":
        return IntDistribution(int(low), int(high), log=parameter.log)
    return CategoricalDistribution(parameter.choices)


def _inside(parameter: Parameter, value: Any) -> bool:
    if not parameter.is_numeric:
        return value in parameter.choices
    if not isinstance(value, (int, float)):
        return False
    return (parameter.low or 0) <= value <= (parameter.high or 0)
