"""What no run covers: gaps in a parameter's range, values beyond it, choices not taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.record import ParameterCard, StudyRecord
from reports.kit.finding import Finding
from reports.kit.words import counted, listed, number, short_name
from reports.study.range_bins import MOST_BINS
from reports.study.ranges import between
from reports.study.tables import explored, finished, parameters_of, run_table, trial_table

CUSTOMARY = {
    "optimizer.generator.lr": (1e-5, 1e-2),
    "optimizer.critic.lr": (1e-5, 1e-2),
    "optimizer.generator.beta1": (0.0, 1.0),
    "optimizer.critic.beta1": (0.0, 1.0),
    "penalty.weight": (1e-1, 1e2),
    "penalty.clip": (1e-3, 1.0),
}
"""Ranges that Lucic et al. 2018 searched; a space that ends well inside them is reported."""
MOST_NAMED = 5
"""Stretches and choices named in the sentence; the others are counted."""
LEAST_GAP = 1 / 3
"""Share of a range, on its own scale, that a gap between runs must span to be reported."""


@dataclass(frozen=True)
class Untested:
    """A stretch of one parameter without an unbiased run.

    None is an open end; two equal ends are the only value that was run.
    """

    path: str
    low: float | None
    high: float | None
    num_biased: int = 0
    """Runs in it that the optimizer chose: they show that it was tried, not how often it is
    stable."""

    def words(self) -> str:
        """`generator rate > 1e-3`, `penalty weight 0.3 to 4`."""
        name = short_name(self.path)
        if self.low == self.high:
            return f"{name} other than {number(self.low)}"
        if self.low is None:
            return f"{name} < {number(self.high)}"
        if self.high is None:
            return f"{name} > {number(self.low)}"
        return f"{name} {between(self.low, self.high)}"


def untested_ranges(study: StudyRecord) -> list[Untested]:
    """Gaps of every numeric parameter, and the parts of customary ranges beyond the space."""
    runs = finished(explored(run_table(study)))[["trial"]]
    rows = runs.join(trial_table(study), on="trial", how="inner")
    unbiased = rows["unbiased"].to_numpy(dtype=bool)
    ranges: list[Untested] = []
    for parameter in parameters_of(study):
        if parameter.is_numeric and not _values(parameter) and None not in _range(parameter):
            values = pd.to_numeric(rows[parameter.path], errors="coerce").to_numpy(dtype=float)
            ranges += gaps(parameter, values[unbiased], values[~unbiased])
    return ranges


def gaps(
    parameter: ParameterCard, unbiased: NDArray[np.float64], biased: NDArray[np.float64]
) -> list[Untested]:
    """Where no unbiased value lies, of a parameter with both ends; NaN is ignored.

    A gap at an end extends beyond the space, and so does a space that ends inside the customary
    range. Without any value there is no gap: then the whole parameter is a branch not taken.
    """
    low, high = _ends(parameter)
    values = unbiased[np.isfinite(unbiased)]
    if values.size == 0 or not low < high:
        return []
    inside = np.unique(np.clip(values, low, high))
    if inside.size == 1:
        return [Untested(parameter.path, float(inside[0]), float(inside[0]), len(biased))]
    edges = np.unique([low, *inside, high])
    scale = np.log10(edges) if parameter.log and low > 0 else edges
    wide = np.flatnonzero(np.diff(scale) >= LEAST_GAP * (scale[-1] - scale[0]))
    stretches = []
    for i in wide:
        first, last = float(edges[i]), float(edges[i + 1])
        count = int(((biased > first) & (biased < last)).sum())
        at_low, at_high = first == low and low not in inside, last == high and high not in inside
        stretches.append(Untested(parameter.path, None if at_low else first,
                              None if at_high else last, count))  # fmt: skip
    return _beyond(parameter, values, stretches)


def _beyond(
    parameter: ParameterCard, values: NDArray[np.float64], stretches: list[Untested]
) -> list[Untested]:
    """`stretches`, and the parts of the customary range beyond the space and every known point."""
    if parameter.path not in CUSTOMARY:
        return stretches
    low, high = _ends(parameter)
    usual = np.array(CUSTOMARY[parameter.path])
    reached = np.array([min(float(values.min()), low), max(float(values.max()), high)])
    if parameter.log and reached[0] > 0:
        short = np.log10(reached / usual) / np.log10(usual[1] / usual[0])
    else:
        short = (reached - usual) / (usual[1] - usual[0])
    below = short[0] >= LEAST_GAP and not any(gap.low is None for gap in stretches)
    above = -short[1] >= LEAST_GAP and not any(gap.high is None for gap in stretches)
    return [
        *([Untested(parameter.path, None, float(reached[0]))] if below else []),
        *stretches,
        *([Untested(parameter.path, float(reached[1]), None)] if above else []),
    ]


def untried_choices(study: StudyRecord) -> list[str]:
    """`loss wasserstein`: choices, or few whole numbers, that no run with a verdict took."""
    runs = finished(explored(run_table(study)))[["trial"]]
    rows = runs.join(trial_table(study), on="trial", how="inner")
    return [
        f"{short_name(parameter.path)} {number(choice)}"
        for parameter in parameters_of(study)
        for choice in _values(parameter)
        if not (rows[parameter.path] == choice).any()
    ]


def untested_finding(study: StudyRecord) -> Finding | None:
    """One sentence on what is open, or None where the space was covered."""
    ranges, choices = untested_ranges(study), untried_choices(study)
    names = [*(gap.words() for gap in ranges), *choices]
    if not names:
        return None
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    biased = [
        f"{gap.words()} ({counted(gap.num_biased, 'run')})" for gap in ranges if gap.num_biased
    ]
    detail = (
        f"The optimizer did try {listed(biased[:MOST_NAMED])}, but not as an even sample."
        if biased
        else "No run of an even sample lies there, so nothing is stated about it."
    )
    return Finding(f"Untested: {listed([*names[:MOST_NAMED], *more])}.", detail, "untested")


def _values(parameter: ParameterCard) -> tuple[Any, ...]:
    """Choices, and whole numbers where there are so few of them; nothing for a range."""
    if not parameter.is_numeric:
        return parameter.choices
    low, high = _range(parameter)
    if parameter.kind != "int" or low is None or high is None or high - low >= MOST_BINS:
        return ()
    return tuple(range(round(low), round(high) + 1))


def _range(parameter: ParameterCard) -> tuple[float | None, float | None]:
    return parameter.low, parameter.high


def _ends(parameter: ParameterCard) -> tuple[float, float]:
    assert parameter.low is not None, "asked of numeric parameters with ends"
    assert parameter.high is not None, "asked of numeric parameters with ends"
    return float(parameter.low), float(parameter.high)
