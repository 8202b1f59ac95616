"""Stable runs of total by a choice (a norm, a penalty, a loss), and the gain of one level.

Only unbiased explore runs count: an optimizer returns to where it was lucky, and a race to trials
that did well, so their runs are a biased sample of a choice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from lab.config import value_at
from lab.record import ParameterCard, StudyRecord
from lab.statistics import Interval, difference_interval, paired_effect, wilson_interval
from reports.kit.families import family_order
from reports.kit.words import number, short_name
from reports.study.scale import LEAST_CONFIGURATIONS
from reports.study.tables import (
    explored,
    finished,
    from_elsewhere,
    of_study,
    parameters_of,
    run_table,
    trial_table,
)

CHOICES = ("network.critic_norm", "penalty.kind", "loss")
"""Choices that are compared even where the space fixes them through another one."""
LEAST_IN_A_LEVEL = 4
"""Runs that a level must have before a difference is claimed for it, as for a cell of the map."""
LEAST_POINTS = 0.01
MOST_LEVELS = 6
"""Values of a number in imported runs up to which each is a level."""
_RESAMPLES = 20_000
"""Enough that the tails of an interval for many pairs contain more than a few of them."""


@dataclass(frozen=True)
class Comparison:
    """A choice's levels: `table` has level, stable, total, low, high (Wilson 95%)."""

    path: str
    table: pd.DataFrame
    best: str
    worst: str
    difference: float
    """Share stable at `best` minus that at `worst`."""
    interval: Interval
    """Of that difference; 95% jointly for all pairs of levels of all choices."""
    num_paired: int = 0
    """Configurations that were run at both levels, equal in all else; 0: unpaired comparison."""

    @property
    def shown(self) -> bool:
        """Whether the interval lies above 0 by at least a point."""
        return self.interval.low >= LEAST_POINTS

    @property
    def title(self) -> str:
        return short_name(self.path).capitalize()


@of_study
def outcome_rows(study: StudyRecord) -> pd.DataFrame:
    """One row per explore run with a verdict: trial, seed, outcome, unbiased, origin, choices.

    Choices come from the whole configuration, so that a space that fixes one still shows it.
    """
    runs = finished(explored(run_table(study)))[["trial", "seed", "outcome"]]
    trials = trial_table(study)
    rows = runs.assign(
        unbiased=runs["trial"].map(trials["unbiased"]).astype(bool),
        origin=runs["trial"].map(trials["origin"]),
    )
    for path in choices_of(study):
        values = {
            trial.number: trial.parameters.get(path, value_at(trial.config, path))
            for trial in study.trials
        }
        rows[path] = rows["trial"].map(values).astype(object)
    return rows


def choices_of(study: StudyRecord) -> list[str]:
    """Parameters with levels, by family: norm, penalty, loss and the space's other choices."""
    sampled = [p.path for p in parameters_of(study) if not p.is_numeric or _has_levels(study, p)]
    return sorted(dict.fromkeys([*CHOICES, *sampled]), key=family_order)


def _has_levels(study: StudyRecord, parameter: ParameterCard) -> bool:
    """Whether people tried but a few values of a number, as in a grid of imported runs."""
    if not from_elsewhere(study):
        return False
    values = trial_table(study)[parameter.path].dropna()
    return values.nunique() <= MOST_LEVELS


def level_counts(rows: pd.DataFrame, path: str) -> pd.DataFrame:
    """Stable of total by the values at `path`, with Wilson's bounds (columns low and high).

    The first run of each trial counts, so that runs are independent; levels in order of value.
    """
    first = rows.sort_values(["trial", "seed"]).drop_duplicates("trial")
    first = first[first[path].notna()]
    values = sorted(first[path].unique(), key=lambda it: (isinstance(it, str), it))
    level = first[path].map(number)
    stable = first["outcome"].eq("stable").groupby(level).agg(["sum", "size"])
    counts = stable.reindex(list(dict.fromkeys(map(number, values)))).astype(int)
    bounds = wilson_interval(counts["sum"].to_numpy(), counts["size"].to_numpy())
    return pd.DataFrame(
        {
            "level": counts.index.to_list(),
            "stable": counts["sum"].to_list(),
            "total": counts["size"].to_list(),
            "low": bounds.low,
            "high": bounds.high,
        }
    )


@of_study
def comparisons_of(study: StudyRecord) -> list[Comparison]:
    """Every choice with at least two levels among the unbiased runs.

    Paired where configurations equal in all else were run at both levels, otherwise unpaired.
    """
    rows = outcome_rows(study)
    unbiased = rows[rows["unbiased"]]
    tables = {path: level_counts(unbiased, path) for path in choices_of(study)}
    tables = {path: table for path, table in tables.items() if len(table) > 1}
    pairs = sum(math.comb(len(table), 2) for table in tables.values())
    confidence = 1 - 0.05 / max(1, pairs)
    comparisons = []
    for path, table in tables.items():
        paired = _paired(study, unbiased, path, table, confidence)
        comparisons.append(paired or _unpaired(path, table, confidence))
    return comparisons


def configurations_but(study: StudyRecord, path: str) -> pd.Series[Any]:
    """A number for each trial, the same for trials that differ in nothing but the choice at
    `path` and the settings of its own branch (a penalty's weight)."""
    branch = path.rsplit(".", 1)[0] + "." if path.endswith(".kind") else path
    codes = _value_codes(study)
    kept = codes[[other for other in codes if not str(other).startswith(branch)]]
    _, group = np.unique(kept.to_numpy(), axis=0, return_inverse=True)
    return pd.Series(group.ravel(), index=codes.index)


@of_study
def _value_codes(study: StudyRecord) -> pd.DataFrame:
    """A number for every value of every parameter, by trial."""
    trials = trial_table(study)
    codes = {p.path: pd.factorize(trials[p.path].map(repr))[0] for p in parameters_of(study)}
    return pd.DataFrame(codes, index=trials.index)


def _unpaired(path: str, table: pd.DataFrame, confidence: float) -> Comparison:
    """The levels with the highest and the lowest share stable of those with enough runs."""
    enough = table[table["total"] >= LEAST_IN_A_LEVEL]
    usable = enough if len(enough) > 1 else table
    shares = usable["stable"] / usable["total"]
    best, worst = usable.iloc[int(np.argmax(shares))], usable.iloc[int(np.argmin(shares))]
    counts = [(int(level["stable"]), int(level["total"])) for level in (best, worst)]
    gain = counts[0][0] / counts[0][1] - counts[1][0] / counts[1][1]
    interval = (
        difference_interval(counts[0], counts[1], confidence)
        if len(enough) > 1
        else Interval(-1.0, 1.0)
    )
    return Comparison(path, table, str(best["level"]), str(worst["level"]), gain, interval)


def _paired(
    study: StudyRecord, rows: pd.DataFrame, path: str, table: pd.DataFrame, confidence: float
) -> Comparison | None:
    """The two levels whose difference within configurations is the surest; None for too few."""
    group = rows["trial"].map(configurations_but(study, path)).to_numpy()
    level = rows[path].map(number, na_action="ignore").to_numpy(dtype=object)
    stable = rows["outcome"].eq("stable").to_numpy(dtype=float)
    shared = pd.DataFrame({"group": group, "level": level}).drop_duplicates()["group"].duplicated()
    if int(shared.sum()) < LEAST_CONFIGURATIONS:
        return None
    comparisons = []
    for one, other in combinations(table["level"], 2):
        chosen = (level == one) | (level == other)
        effect = paired_effect(
            group[chosen], rows["seed"].to_numpy()[chosen], level[chosen] == one, stable[chosen],
            np.random.default_rng(0), confidence=confidence, num_resamples=_RESAMPLES,
        )  # fmt: skip
        low, high = effect.interval
        if effect.num_configurations < LEAST_CONFIGURATIONS or low == high:
            continue
        best, worst = one, other
        if effect.difference < 0:
            best, worst, low, high = other, one, -high, -low
        interval = Interval(low, high)
        gain, count = abs(effect.difference), effect.num_configurations
        comparisons.append(Comparison(path, table, best, worst, gain, interval, count))
    return max(comparisons, key=lambda it: it.interval.low, default=None)
