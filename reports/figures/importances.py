"""Which parameters stability and quality depend on: importances beside what chance alone gives.

The only place of the reports where Optuna is used; its study is rebuilt in memory from the record.
"""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

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
from reports.scale import LEAST_TRIALS
from reports.tables import (
    Parameter,
    explored,
    finished,
    parameters_of,
    run_table,
    trial_table,
)
from reports.words import counted, listed, short_name

GOALS = {"stability": "stability", "quality": "quality of stable runs"}
NUM_SHUFFLES = 19
"""Shuffles of the outcomes: chance exceeds the largest of 19 in one case of 20."""
BEST_SHARE = 0.1
"""Of trials by quality: what sets these apart is what importance means there (Optuna's own)."""
MOST_TRIALS = 500
"""Trials that importances are drawn from, evenly taken of more: their cost is a second."""
BLUE, GREY, CHANCE = "#0072B2", "rgba(128,128,128,0.45)", "#D55E00"


class Sample(NamedTuple):
    """Trials that an importance may be drawn from, by one goal."""

    trials: pd.DataFrame
    """Parameters by trial number; None where a branch was not taken."""
    outcomes: NDArray[np.float64]
    num_known: int
    """Trials with an outcome, before MOST_TRIALS of them were taken."""
    chosen: bool
    """Whether the optimiser chose some of them."""


def sample_of(study: StudyRecord, goal: str) -> Sample:
    """Trials whose parameters all lie inside the space (Optuna accepts no other), with outcomes.

    Stability: 1 for a trial whose explore runs were mostly stable, otherwise 0. Quality: the mean
    final quality of its stable explore runs; trials without any say nothing of it. Trials that no
    optimiser chose where there are enough, otherwise all.
    """
    runs = finished(explored(run_table(study)))
    trials = trial_table(study)
    trials = trials[_inside(trials, parameters_of(study))]
    stable = runs["outcome"] == "stable"
    if goal == "stability":
        found = (stable.groupby(runs["trial"]).mean() > 0.5).astype(float)
    else:
        found = runs[stable].groupby("trial")["final_quality"].mean().dropna()
    both = trials.join(found.rename("outcome"), how="inner")
    unbiased = both[both["unbiased"].astype(bool)]
    used = unbiased if len(unbiased) >= LEAST_TRIALS else both
    even = np.unique(np.linspace(0, len(used) - 1, MOST_TRIALS).astype(int))
    taken = used.iloc[even] if len(used) > MOST_TRIALS else used
    outcomes = taken["outcome"].to_numpy(dtype=float)
    parameters = taken.drop(columns=["outcome", "origin", "unbiased"])
    return Sample(parameters, outcomes, len(used), not bool(used["unbiased"].all()))


def importances_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a goal and parameter: importance (a goal's sum to 1), `chance`, and the sample.

    `chance` is the largest importance over NUM_SHUFFLES shuffles of the outcomes, as a share of
    the same sum: a parameter below it has shown nothing. Importances by PED-ANOVA (Watanabe,
    Bansal and Hutter 2023). A goal has no rows below LEAST_TRIALS trials, or when all their
    outcomes are equal.
    """
    spaces = {p.path: _distribution(p) for p in parameters_of(study)}
    rows = []
    for goal in GOALS:
        sample = sample_of(study, goal)
        outcomes = sample.outcomes
        if len(outcomes) < LEAST_TRIALS or np.ptp(outcomes) == 0:
            continue
        rebuilt = _rebuilt(sample.trials, spaces)
        best = _best_share(outcomes) if goal == "stability" else BEST_SHARE
        generator = np.random.default_rng(0)
        found = _importances(rebuilt, outcomes, best)
        shuffled = [
            _importances(rebuilt, generator.permutation(outcomes), best)
            for _ in range(NUM_SHUFFLES)
        ]
        # Shares of each shuffle's own sum would be large by chance alone: noise has a sum as well.
        whole = sum(found.values())
        told = (len(outcomes), sample.num_known, sample.chosen)
        for path, value in found.items():
            chance = max(by.get(path, 0.0) for by in shuffled)
            rows.append((goal, path, value / whole, chance / whole, *told))
    columns = ["goal", "parameter", "importance", "chance", "num_trials", "num_known", "chosen"]
    frame = pd.DataFrame(rows, columns=columns)
    order = ["goal", "importance", "parameter"]
    return frame.sort_values(order, ascending=[False, False, True], ignore_index=True)


def draw_importances(rows: pd.DataFrame) -> Panel:
    """Bars of either goal side by side, the most important for stability on top."""
    goals = [goal for goal in GOALS if (rows["goal"] == goal).any()]
    order = list(dict.fromkeys(rows["parameter"]))
    height = 92 + 30 * len(order)
    figure = blank(height, bargap=0.45)
    width = 1 / len(goals)
    headings = []
    for i, goal in enumerate(goals):
        own = rows[rows["goal"] == goal]
        places = [order.index(path) for path in own["parameter"]]
        suffix = "" if i == 0 else str(i + 1)
        for trace in _bars(own, places):
            figure.add_trace(trace.update(xaxis=f"x{suffix}", yaxis=f"y{suffix}"))
        _place(figure, i, own, order, [i * width + 0.06 * (i > 0), (i + 1) * width])
        headings.append(_heading(suffix, GOALS[goal]))
    figure.update_layout(annotations=headings, margin_t=30)
    return Panel(
        "importances",
        figure,
        "Importance of each parameter for stability and, among stable runs, for quality, with the "
        "level that chance alone reaches.",
        note=_note(rows, goals),
        narrow=_stacked(height) if len(goals) > 1 else {},
        table=rows.assign(
            goal=rows["goal"].map(GOALS), beyond=rows["importance"] > rows["chance"]
        )[["goal", "parameter", "importance", "chance", "beyond", "num_trials"]].rename(
            columns={"beyond": "beyond chance", "num_trials": "trials"}
        ),
    )


def importances_panel(study: StudyRecord) -> Panel | str:
    """The panel, or a sentence that says why there is none."""
    rows = importances_rows(study)
    if not rows.empty:
        return draw_importances(rows)
    sample = sample_of(study, "stability")
    if len(sample.outcomes) >= LEAST_TRIALS:
        end = "were stable" if sample.outcomes.all() else "failed"
        return f"All {len(sample.outcomes)} trials {end} alike, so nothing can be told apart."
    return (
        f"Too few runs: {counted(len(sample.outcomes), 'trial')} with a verdict inside the space; "
        f"importances are drawn from {LEAST_TRIALS} on."
    )


def _bars(rows: pd.DataFrame, places: list[int]) -> list[Any]:
    clear = (rows["importance"] > rows["chance"]).tolist()
    shown = zip(rows["importance"], clear, strict=True)
    return [
        go.Bar(
            orientation="h",
            x=plain(rows["importance"], 4),
            y=places,
            marker={"color": [BLUE if over else GREY for over in clear], "line": {"width": 0}},
            text=[f" {100 * x:.0f}%" if over else "" for x, over in shown],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        ),
        go.Scatter(
            x=plain(rows["chance"], 4),
            y=places,
            mode="markers",
            marker={"symbol": "line-ns", "size": 17, "line": {"width": 2.5, "color": CHANCE}},
            hovertemplate="chance alone: %{x:.0%}<extra></extra>",
        ),
    ]


def _place(
    figure: go.Figure, i: int, rows: pd.DataFrame, order: list[str], domain: list[float]
) -> None:
    """The axes of one goal; only the first says the parameters' names."""
    suffix = "" if i == 0 else str(i + 1)
    most = max(float(rows["importance"].max()), float(rows["chance"].max()))
    across, upward = figure.layout.xaxis.to_plotly_json(), figure.layout.yaxis.to_plotly_json()
    figure.update_layout(
        {
            f"xaxis{suffix}": across
            | {
                "domain": domain, "anchor": f"y{suffix}", "range": [0, most * 1.18],
                "tickformat": ".0%", "title": {"text": "share of the importance"},
            },
            f"yaxis{suffix}": upward
            | {
                "anchor": f"x{suffix}", "range": [len(order) - 0.4, -0.6], "showgrid": False,
                "tickvals": list(range(len(order))), "showticklabels": i == 0,
                "ticktext": [plotly_text(short_name(path)) for path in order],
            },
        }
    )  # fmt: skip


def _heading(suffix: str, text: str) -> dict[str, Any]:
    return {
        "xref": f"x{suffix} domain", "yref": f"y{suffix} domain", "x": 0, "y": 1, "text": text,
        "showarrow": False, "xanchor": "left", "yanchor": "bottom", "font": {"size": 14},
    }  # fmt: skip


def _stacked(height: int) -> dict[str, Any]:
    """One goal above the other, each with the names."""
    return {
        "height": 2 * height,
        "xaxis.domain": [0, 1],
        "xaxis2.domain": [0, 1],
        "yaxis.domain": [0.58, 1],
        "yaxis2.domain": [0, 0.42],
        "yaxis2.showticklabels": True,
    }


def _note(rows: pd.DataFrame, goals: list[str]) -> str:
    said = []
    for goal in goals:
        own = rows[rows["goal"] == goal]
        over = own[own["importance"] > own["chance"]]["parameter"]
        names = listed([short_name(path) for path in over]) if len(over) else "nothing yet"
        num, known = int(own["num_trials"].iloc[0]), int(own["num_known"].iloc[0])
        of = f"{num:,} of {known:,} trials, evenly taken" if num < known else f"{num:,} trials"
        said.append(f"Beyond chance for {GOALS[goal]}: {names} (from {of}).")
    said += [
        f"No importances for {GOALS[goal]}: too few trials." for goal in GOALS if goal not in goals
    ]
    said.append(
        f"Upright ticks: the most that {NUM_SHUFFLES} shuffles of the outcomes reach; a grey bar "
        f"has shown nothing, and by chance one in {NUM_SHUFFLES + 1} would be blue. PED-ANOVA "
        "over explore runs: what set stable trials apart from all, and among the stable ones the "
        "best tenth by final quality; it does not say which direction is better."
    )
    if rows["chosen"].any():
        said.append(
            "The optimiser chose some of these trials, and it returns to where it did well: that "
            "alone can make a parameter look important."
        )
    return " ".join(said)


def _rebuilt(trials: pd.DataFrame, spaces: dict[str, BaseDistribution]) -> optuna.Study:
    """An in-memory study of finished trials; their outcomes are handed to the evaluator apart."""
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
    """PED-ANOVA with these outcomes; it takes low targets as good, hence the minus."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = optuna.importance.get_param_importances(
            study,
            evaluator=optuna.importance.PedAnovaImportanceEvaluator(target_quantile=best),
            target=lambda trial: -float(outcomes[trial.number]),
            normalize=False,
        )
    return {path: value for path, value in found.items() if math.isfinite(value)}


def _best_share(outcomes: NDArray[np.float64]) -> float:
    """The quantile that picks just the trials with outcome 1: half a trial below their share."""
    return float((outcomes.sum() - 0.5) / outcomes.size)


def _distribution(parameter: Parameter) -> BaseDistribution:
    low, high = parameter.low or 0, parameter.high or 0
    if parameter.kind == "float":
        return FloatDistribution(float(low), float(high), log=parameter.log)
    if parameter.kind == "int":
        return IntDistribution(int(low), int(high), log=parameter.log)
    return CategoricalDistribution(parameter.choices)


def _inside(trials: pd.DataFrame, parameters: list[Parameter]) -> Any:
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
