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
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from lab.record import StudyRecord
from reports.figures.panel import Panel, blank, plain
from reports.tables import Parameter, finished, parameters_of, run_table, trial_table
from reports.words import counted, short_name

LEAST_TRIALS = 12
"""Below this many scored trials importances are noise and are not drawn."""
NUM_SHUFFLES = 40


@dataclass(frozen=True)
class Scored:
    """A trial's sampled parameters and the mean score of its runs."""

    parameters: dict[str, Any]
    score: float


def scored_trials(study: StudyRecord) -> list[Scored]:
    """Trials with a score whose every parameter lies inside the space (Optuna accepts no other)."""
    runs = finished(run_table(study))
    scores = runs[runs["score"].notna()].groupby("trial")["score"].mean()
    spaces = {p.path: _distribution(p) for p in parameters_of(study)}
    found = []
    for trial, row in trial_table(study).iterrows():
        values = {path: row[path] for path in spaces if row[path] is not None}
        if trial in scores.index and all(_inside(spaces[path], values[path]) for path in values):
            found.append(Scored(values, float(scores[trial])))
    return found


def importances_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a parameter: importance for the score (sums to 1) and `chance`.

    `chance` is the 95th percentile of the importance over shuffled scores: a parameter below it
    has shown nothing. Importances by PED-ANOVA (Watanabe et al. 2023). Empty below LEAST_TRIALS
    scored trials, or when all scores are equal.
    """
    trials = scored_trials(study)
    columns = ["parameter", "importance", "chance", "num_trials"]
    scores = np.array([trial.score for trial in trials])
    if len(trials) < LEAST_TRIALS or np.ptp(scores) == 0:
        return pd.DataFrame(columns=columns)
    spaces = {p.path: _distribution(p) for p in parameters_of(study)}
    found = _importances(trials, scores, spaces)
    generator = np.random.default_rng(0)
    shuffled = [
        _importances(trials, generator.permutation(scores), spaces) for _ in range(NUM_SHUFFLES)
    ]
    rows = [
        (path, value, float(np.quantile([by.get(path, 0.0) for by in shuffled], 0.95)), len(trials))
        for path, value in found.items()
    ]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values("importance", ascending=False, ignore_index=True)


def draw_importances(rows: pd.DataFrame, num_left_out: int = 0) -> Panel:
    """Bars from the most important down, each with a tick where chance alone reaches."""
    names = [short_name(path) for path in rows["parameter"]]
    clear = [a > b for a, b in zip(rows["importance"], rows["chance"], strict=True)]
    figure = blank(60 + 34 * len(rows))
    figure.add_trace(
        go.Bar(
            orientation="h",
            x=plain(rows["importance"]),
            y=list(range(len(rows))),
            marker={"color": ["#0072B2" if over else "rgba(128,128,128,0.45)" for over in clear]},
            text=[f" {100 * value:.0f}%" for value in rows["importance"]],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=plain(rows["chance"]),
            y=list(range(len(rows))),
            mode="markers",
            marker={"symbol": "line-ns", "size": 20, "line": {"width": 2.5, "color": "#D55E00"}},
            hovertemplate="chance alone: %{x:.0%}<extra></extra>",
        )
    )
    figure.update_layout(bargap=0.45)
    most = max(float(rows["importance"].max()), float(rows["chance"].max()))
    figure.update_xaxes(range=[0, min(1.12, most * 1.18)], tickformat=".0%")
    figure.update_xaxes(title_text="share of the score's variation that is explained")
    figure.update_yaxes(
        range=[len(rows) - 0.4, -0.6], tickvals=list(range(len(rows))), ticktext=names, showgrid=False
    )
    num_trials = int(rows["num_trials"].iloc[0])
    outside = (
        f" {counted(num_left_out, 'trial')} without a score, or outside the space, left out."
        if num_left_out
        else ""
    )
    return Panel(
        "importances",
        figure,
        "Importance of each parameter for the score, with the level that chance alone reaches.",
        note=f"PED-ANOVA over {counted(num_trials, 'trial')}. The upright tick is the importance "
        "that 19 of 20 shuffles of the scores stay below: a grey bar has shown nothing. "
        "It names what mattered within the ranges searched, not which direction is better."
        + outside,
    )


def importances_panel(study: StudyRecord) -> Panel | str:
    """The panel, or a sentence that says why there is none."""
    rows = importances_rows(study)
    if rows.empty:
        scored = scored_trials(study)
        if len(scored) >= LEAST_TRIALS:
            return "Every trial has the same score, so nothing can be told apart."
        return (
            f"Too few runs: {counted(len(scored), 'trial')} with a score inside the space; "
            f"importances are drawn from {LEAST_TRIALS} on."
        )
    return draw_importances(rows, len(study.trials) - int(rows["num_trials"].iloc[0]))


def _importances(
    trials: list[Scored], scores: Any, spaces: dict[str, BaseDistribution]
) -> dict[str, float]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize")
    study.add_trials(
        optuna.trial.create_trial(
            params=trial.parameters,
            distributions={path: spaces[path] for path in trial.parameters},
            value=float(score),
        )
        for trial, score in zip(trials, scores, strict=True)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        found = optuna.importance.get_param_importances(study)
    return {path: value for path, value in found.items() if math.isfinite(value)}


def _distribution(parameter: Parameter) -> BaseDistribution:
    if parameter.kind == "float":
        low, high = float(parameter.low or 0.0), float(parameter.high or 0.0)
        return FloatDistribution(low, high, log=parameter.log)
    if parameter.kind == "int":
        low, high = int(parameter.low or 0), int(parameter.high or 0)
        return IntDistribution(low, high, log=parameter.log)
    return CategoricalDistribution(parameter.choices)


def _inside(distribution: BaseDistribution, value: Any) -> bool:
    try:
        return bool(distribution._contains(distribution.to_internal_repr(value)))
    except (ValueError, TypeError):
        return False
