"""Settings with which runs score higher the larger, or the smaller, they are.

Spearman's correlation of a setting with the score, over Sobol runs: an even sample of the space.
The score orders all runs, while their share of stable ones is one bit a run, so a trend shows in
far fewer runs than a range does. Intervals hold for all settings tested together (Bonferroni). The
setting that the space asks about, which it named before any run, is tested alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lab.record import StudyRecord
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
    """Settings that the interval holds for together; 1 for the one that the space asks about."""

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the interval excludes 0."""
        return self.interval.low > 0 or self.interval.high < 0


@of_study
def trends_of(study: StudyRecord) -> list[Trend]:
    """Every trend beyond chance but that of the space's question, the surest first."""
    scores, tested = _tested(study)
    tested.pop(study.card.space.question, None)
    trends = [trend(path, values, scores, len(tested)) for path, values in tested.items()]
    return sorted(
        (one for one in trends if one.is_beyond_chance),
        key=lambda one: -max(one.interval.low, -one.interval.high),
    )


@of_study
def answer_of(study: StudyRecord) -> Trend | None:
    """The trend of the setting that the space asks about; None without one, or with few runs."""
    scores, tested = _tested(study)
    question = study.card.space.question
    return trend(question, tested[question], scores, 1) if question in tested else None


def _tested(study: StudyRecord) -> tuple[pd.Series[float], dict[str, pd.Series[float]]]:
    """The scores of Sobol runs, and each ordered setting of enough of them."""
    rows = first_sobol_runs(study)
    columns = {
        parameter.path: pd.to_numeric(rows[parameter.path], errors="coerce")
        for parameter in parameters_of(study)
        if parameter.is_ordered
    }
    scores = rows["score"].where(rows["outcome"] != "pruned", -math.inf)
    return scores, {
        path: values
        for path, values in columns.items()
        if int((values.notna() & scores.notna()).sum()) >= LEAST_RUNS and values.nunique() > 1
    }


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
    together = f"all {counted(of.num_tested, 'setting')} tested together"
    return Finding(_claim(of), _evidence(of, together), "effects")


def answer(of: Trend) -> Finding:
    """The answer to the space's question, which may be that it stays open."""
    claim = (
        _claim(of)
        if of.is_beyond_chance
        else f"Whether a larger {short_name(of.path)} is better or worse stays open."
    )
    alone = "this setting alone, which the space asked about before any run"
    return Finding(claim, _evidence(of, alone), "effects")


def _claim(of: Trend) -> str:
    direction = "larger" if of.correlation > 0 else "smaller"
    return f"Runs scored higher the {direction} {short_name(of.path)}."


def _evidence(of: Trend, those: str) -> str:
    low, high = (f"{end:+.2f}" for end in of.interval)
    pruned = (
        f" {counted(of.num_pruned, 'pruned run')} count as the lowest." if of.num_pruned else ""
    )
    return (
        f"Rank correlation with the score {of.correlation:+.2f} [{low}, {high}] over "
        f"{counted(of.num_runs, 'Sobol run')} whose other settings differed as well; "
        f"95% for {those}.{pruned}"
    )
