"""Stable runs of total by a choice (a norm, a penalty, a loss) or by thirds of a rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from lab.record import StudyRecord
from lab.stability.statistics import wilson_interval
from reports.tables import Parameter, config_value, finished, parameters_of, run_table, trial_table
from reports.words import number, short_name

CHOICES = ("network.critic_norm", "penalty.kind", "loss")
RATES = ("optimizer.generator_lr", "optimizer.critic_lr")


def outcome_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a run with a verdict: trial, outcome, unbiased, and every choice and rate it had.

    Choices come from the whole configuration, so that a space that fixes one still shows it.
    """
    configs = {int(trial["number"]): trial.get("config", {}) for trial in study.trials}
    runs = finished(run_table(study))[["trial", "seed", "outcome"]]
    rows = runs.join(trial_table(study)[["unbiased", "origin"]], on="trial", how="inner")
    for path in (*CHOICES, *RATES):
        values = [config_value(configs[int(trial)], path) for trial in rows["trial"]]
        rows[path] = pd.Series(values, index=rows.index, dtype=object)
    return rows


def group_rows(rows: pd.DataFrame, path: str, parameter: Parameter | None = None) -> pd.DataFrame:
    """Stable of total by the values at `path`, with Wilson's bounds (columns low and high).

    A numeric parameter of the space is cut into thirds of its range. Levels keep their order.
    """
    if parameter is not None and parameter.is_numeric:
        labels, levels = _thirds(rows[path], parameter)
    else:
        labels = [None if value is None else str(value) for value in rows[path]]
        levels = sorted({label for label in labels if label is not None})
    stable = (rows["outcome"] == "stable").to_numpy()
    found = []
    for level in levels:
        chosen = np.array([label == level for label in labels], dtype=bool)
        total, successes = int(chosen.sum()), int((chosen & stable).sum())
        if total:
            bounds = wilson_interval(successes, total)
            found.append((path, level, successes, total, float(bounds.low), float(bounds.high)))
    return pd.DataFrame(found, columns=["path", "level", "stable", "total", "low", "high"])


def difference(first: pd.Series[Any], second: pd.Series[Any]) -> tuple[float, float]:
    """95% interval of the difference of two shares, unpaired.

    Newcombe 1998 (Statistics in Medicine 17:873), method 10, from the two Wilson intervals.
    """
    a, b = first["stable"] / first["total"], second["stable"] / second["total"]
    low = a - b - np.hypot(a - first["low"], second["high"] - b)
    high = a - b + np.hypot(first["high"] - a, b - second["low"])
    return float(low), float(high)


def varied_groups(study: StudyRecord) -> list[str]:
    """The choices that took more than one value in this study."""
    rows = outcome_rows(study)
    return [path for path in CHOICES if rows[path].dropna().astype(str).nunique() > 1]


def rate_parameters(study: StudyRecord) -> list[Parameter]:
    """The two rates, when the space samples them."""
    return [parameter for parameter in parameters_of(study) if parameter.path in RATES]


def _thirds(values: pd.Series[Any], parameter: Parameter) -> tuple[list[str | None], list[str]]:
    numbers = np.array([np.nan if value is None else float(value) for value in values])
    low, high = float(parameter.low or 0.0), float(parameter.high or 1.0)
    between = (
        np.geomspace(low, high, 4)[1:3]
        if parameter.log and low > 0
        else np.linspace(low, high, 4)[1:3]
    )
    first, second = (number(float(edge), 2) for edge in between)
    name = short_name(parameter.path)
    levels = [f"{name} below {first}", f"{first} to {second}", f"above {second}"]
    place = np.searchsorted(between, numbers, side="right")
    labels = [levels[i] if np.isfinite(n) else None for i, n in zip(place, numbers, strict=True)]
    return labels, levels
