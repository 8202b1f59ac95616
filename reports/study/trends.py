"""Settings with which runs score higher the larger, or the smaller, they are.

Spearman's correlation of a setting with the score, over Sobol runs: an even sample of the space.
The score orders all runs, while their share of stable ones is one bit a run, so a trend shows in
far fewer runs than a range does. Intervals hold for all settings tested together (Bonferroni).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lab.record import ParameterCard, StudyRecord
from lab.statistics import Interval, rank_correlation_interval
from reports.kit.finding import Finding
from reports.kit.words import counted, short_name
from reports.study.ranges import ERROR, LEAST_RUNS, first_sobol_runs
from reports.study.tables import of_study, parameters_of


@dataclass(frozen=True)
class Trend:
    """A setting whose correlation with the score has an interval beyond 0."""

    path: str
    correlation: float
    """Spearman's."""
    interval: Interval
    """95 % jointly for all `num_tested` settings."""
    num_runs: int
    """Sobol runs that have this setting."""
    num_pruned: int
    """Of those; they have no score and count as the lowest."""
    num_tested: int


@of_study
def trends_of(study: StudyRecord) -> list[Trend]:
    """Every trend beyond chance, the surest first."""
    rows = first_sobol_runs(study)
    columns = {
        parameter.path: pd.to_numeric(rows[parameter.path], errors="coerce")
        for parameter in parameters_of(study)
        if is_ordered(parameter)
    }
    scores = rows["score"].where(rows["outcome"] != "pruned", -math.inf)
    tested = {
        path: values
        for path, values in columns.items()
        if int((values.notna() & scores.notna()).sum()) >= LEAST_RUNS and values.nunique() > 1
    }
    trends = [trend(path, values, scores, len(tested)) for path, values in tested.items()]
    beyond = [one for one in trends if one.interval.low > 0 or one.interval.high < 0]
    return sorted(beyond, key=lambda one: -max(one.interval.low, -one.interval.high))


def is_ordered(parameter: ParameterCard) -> bool:
    """A number, or a choice among numbers."""
    return parameter.is_numeric or (
        bool(parameter.choices)
        and all(
            isinstance(choice, int | float) and not isinstance(choice, bool)
            for choice in parameter.choices
        )
    )


def trend(path: str, values: pd.Series[float], scores: pd.Series[float], num_tested: int) -> Trend:
    """The correlation of one setting with the score, where both are known."""
    both = values.notna() & scores.notna()
    ranks = scores[both].rank()
    correlation = float(values[both].corr(ranks, method="spearman"))
    interval = rank_correlation_interval(correlation, len(ranks), 1 - ERROR / num_tested)
    num_pruned = int(np.isneginf(scores[both]).sum())
    return Trend(path, correlation, interval, len(ranks), num_pruned, num_tested)


def trend_finding(of: Trend) -> Finding:
    """`Runs scored higher the larger generator rate.`"""
    direction = "larger" if of.correlation > 0 else "smaller"
    low, high = (f"{end:+.2f}" for end in of.interval)
    pruned = (
        f" {counted(of.num_pruned, 'pruned run')} count as the lowest." if of.num_pruned else ""
    )
    return Finding(
        f"Runs scored higher the {direction} {short_name(of.path)}.",
        f"Rank correlation with the score {of.correlation:+.2f} [{low}, {high}] over "
        f"{counted(of.num_runs, 'Sobol run')} whose other settings differed as well; 95% for all "
        f"{counted(of.num_tested, 'setting')} tested together.{pruned}",
        "effects",
    )
