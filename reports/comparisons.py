"""Stable runs of total by a choice (a norm, a penalty, a loss) or by thirds of a rate.

Only explore runs of trials that no optimiser chose are counted: it returns to where it was lucky,
and a race to what did well, so their runs are no fair sample of a choice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lab.record import StudyRecord
from lab.stability.statistics import wilson_interval
from reports.markup import Html, element, joined
from reports.tables import (
    Parameter,
    config_value,
    explored,
    finished,
    parameters_of,
    run_table,
    trial_table,
)
from reports.words import percents, setting, short_name

CHOICES = ("network.critic_norm", "penalty.kind", "loss")
RATES = ("optimizer.generator_lr", "optimizer.critic_lr")
LEAST_IN_A_LEVEL = 4
"""Runs that a level must have before a difference is claimed of it, as a cell of the map."""


@dataclass(frozen=True)
class Comparison:
    """A choice's levels: `table` has level, stable, total, low, high (Wilson 95%)."""

    path: str
    table: pd.DataFrame
    best: str
    worst: str
    difference: tuple[float, float]
    """95% interval, over all pairs, of the share stable at `best` minus that at `worst`."""
    shown: bool
    """Whether that interval leaves 0 out, and either level has LEAST_IN_A_LEVEL runs."""

    @property
    def title(self) -> str:
        return short_name(self.path).capitalize()


def outcome_rows(study: StudyRecord) -> pd.DataFrame:
    """One row an explore run with a verdict: trial, outcome, unbiased, every choice and rate.

    Choices come from the whole configuration, so that a space that fixes one still shows it.
    """
    configs = {int(trial["number"]): trial.get("config", {}) for trial in study.trials}
    runs = finished(explored(run_table(study)))[["trial", "seed", "outcome"]]
    rows = runs.join(trial_table(study)[["unbiased", "origin"]], on="trial", how="inner")
    for path in (*CHOICES, *RATES):
        values = [config_value(configs[int(trial)], path) for trial in rows["trial"]]
        rows[path] = pd.Series(values, index=rows.index, dtype=object)
    return rows


def comparison_rows(
    rows: pd.DataFrame, path: str, parameter: Parameter | None = None
) -> pd.DataFrame:
    """Stable of total by the values at `path`, with Wilson's bounds (columns low and high).

    A numeric parameter of the space is cut into thirds of its range. Levels keep their order.
    """
    if parameter is not None and parameter.is_numeric:
        labels, levels = _thirds(rows[path].tolist(), parameter)
    else:
        labels = [None if pd.isna(value) else str(value) for value in rows[path]]
        levels = sorted({label for label in labels if label is not None})
    stable = (rows["outcome"] == "stable").to_numpy()
    found = []
    for level in levels:
        chosen = np.array([label == level for label in labels], dtype=bool)
        total, successes = int(chosen.sum()), int((chosen & stable).sum())
        if total:
            bounds = wilson_interval(successes, total)
            found.append((level, successes, total, float(bounds.low), float(bounds.high)))
    return pd.DataFrame(found, columns=["level", "stable", "total", "low", "high"])


def comparisons_of(study: StudyRecord) -> list[Comparison]:
    """Every choice and rate with at least two levels among the runs that no optimiser chose."""
    rows = outcome_rows(study)
    unchosen = rows[rows["unbiased"].astype(bool)]
    rates = {p.path: p for p in parameters_of(study) if p.path in RATES and p.is_numeric}
    found = []
    for path in (*CHOICES, *rates):
        table = comparison_rows(unchosen, path, rates.get(path))
        if len(table) > 1:
            found.append(_comparison(path, table))
    return found


def difference(
    first: tuple[int, int], second: tuple[int, int], confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of the difference of two unpaired shares, each (stable, total).

    Newcombe 1998 (Statistics in Medicine 17:873), method 10, from the two Wilson intervals.
    """
    a, b = first[0] / first[1], second[0] / second[1]
    one, two = wilson_interval(*first, confidence), wilson_interval(*second, confidence)
    low = a - b - math.hypot(a - one.low, two.high - b)
    high = a - b + math.hypot(one.high - a, b - two.low)
    return low, high


def draw_comparisons(comparisons: list[Comparison]) -> Html | None:
    """A small chart a choice: each level's share stable as a dot on its Wilson interval."""
    if not comparisons:
        return None
    return element(
        "div",
        element("h3", "Stable runs by choice"),
        element(
            "p",
            "Stable of total and the Wilson 95% interval of that share, from 0 to 100%, over "
            "explore runs that no optimiser chose.",
            class_="note",
        ),
        element("div", *(_chart(comparison) for comparison in comparisons), class_="forest"),
        class_="wide",
    )


def _comparison(path: str, table: pd.DataFrame) -> Comparison:
    """The levels with the highest and the lowest share stable, and whether they truly differ.

    The pair is picked after looking at all, so the interval is Bonferroni's over all pairs.
    """
    levels = table["level"].tolist()
    counts = list(zip(table["stable"], table["total"], strict=True))
    order = sorted(range(len(levels)), key=lambda i: counts[i][0] / counts[i][1])
    worst, best = order[0], order[-1]
    confidence = 1 - 0.05 / math.comb(len(levels), 2)
    interval = difference(counts[best], counts[worst], confidence)
    enough = min(counts[best][1], counts[worst][1]) >= LEAST_IN_A_LEVEL
    shown = enough and bool(interval[0] > 0)
    return Comparison(path, table, levels[best], levels[worst], interval, shown)


def _chart(comparison: Comparison) -> Html:
    lines = []
    for row in comparison.table.to_dict("records"):
        low, high = 100 * float(row["low"]), 100 * float(row["high"])
        share = 100 * int(row["stable"]) / int(row["total"])
        track = element(
            "span",
            element("i", style=f"left:{low:.1f}%;width:{high - low:.1f}%"),
            element("b", style=f"left:{share:.1f}%"),
            class_="track",
            aria_hidden="true",
        )
        words = f"{row['stable']} of {row['total']} ({percents(low / 100, high / 100)})"
        cells = [element("th", row["level"], scope="row"), element("td", track)]
        lines.append(element("tr", *cells, element("td", words)))
    caption = element("caption", comparison.title)
    return element("table", caption, element("tbody", joined(lines)))


def _thirds(values: list[Any], parameter: Parameter) -> tuple[list[str | None], list[str]]:
    numbers = np.array([np.nan if value is None else float(value) for value in values])
    low, high = float(parameter.low or 0.0), float(parameter.high or 1.0)
    log = parameter.log and low > 0
    between = (np.geomspace(low, high, 4) if log else np.linspace(low, high, 4))[1:3]
    first, second = (setting(float(edge), 2) for edge in between)
    levels = [f"below {first}", f"{first} to {second}", f"above {second}"]
    place = np.searchsorted(between, numbers, side="right")
    labels = [levels[i] if np.isfinite(n) else None for i, n in zip(place, numbers, strict=True)]
    return labels, levels
