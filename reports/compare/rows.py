"""Statistics of two studies side by side, and intervals of their differences."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.record import QUALITY, SIGNAL_PREFIX, StudyRecord
from lab.statistics import (
    Effect,
    Interval,
    difference_interval,
    improvement_interval,
    paired_effect,
    probability_of_improvement,
    wilson_interval,
)
from reports.compare.card import StudyPair
from reports.kit.outcomes import in_order
from reports.kit.shares import RunShare
from reports.kit.words import short_name
from reports.sections.curves.curves import curve_rows
from reports.sections.curves.summaries import Summariser, slots_of
from reports.study.comparisons import choices_of, level_counts, outcome_rows
from reports.study.conclusions import leading_trial
from reports.study.tables import explored, finished, parameters_of, run_table

Array = NDArray[np.float64]
WHOLE = "all runs"


class Gain(NamedTuple):
    """How much larger a share of stable runs is in the second study, with Newcombe's interval."""

    difference: float
    interval: Interval


class Matched(NamedTuple):
    """Configurations that both studies ran, and the gain of the second study on them."""

    num_configurations: int
    num_seeds: int
    """Pairs of runs of one configuration and one seed."""
    stable: Effect
    quality: Effect
    fates: pd.DataFrame
    """Pairs of runs by how they ended: first, second, pairs; the most frequent first."""


class Ends(NamedTuple):
    """The leading trial of a study, over its confirm runs, or without any over all its runs."""

    trial: int
    stable: RunShare
    quality: Array
    """Final quality of each of them, failures as 0."""
    fresh: bool
    """Whether these are confirm runs, which no choice was based on."""


def unbiased_runs(study: StudyRecord) -> pd.DataFrame:
    """The unbiased runs, one per trial: its explore run with a verdict and the lowest seed."""
    rows = outcome_rows(study)
    rows = rows[rows["unbiased"]]
    return rows.sort_values(["trial", "seed"]).drop_duplicates("trial")


def share_rows(pair: StudyPair) -> pd.DataFrame:
    """Stable of total over all unbiased runs, then by every level of a choice of both studies.

    Columns: choice, level, study (0 or 1), stable, total, low, high (Wilson 95 %).
    """
    runs = [unbiased_runs(study) for study in pair.studies]
    counts = [
        (WHOLE, WHOLE, which, int(rows["outcome"].eq("stable").sum()), len(rows))
        for which, rows in enumerate(runs)
        if len(rows)
    ]
    shared = [path for path in choices_of(pair.first) if path in choices_of(pair.second)]
    for path in shared:
        tables = [level_counts(rows, path).set_index("level") for rows in runs]
        levels = [level for level in tables[0].index if level in tables[1].index]
        if len(set(tables[0].index) | set(tables[1].index)) < 2:
            continue
        counts += [
            (
                short_name(path),
                level,
                which,
                int(table["stable"][level]),
                int(table["total"][level]),
            )
            for level in levels
            for which, table in enumerate(tables)
        ]
    return _with_bounds(counts, ["choice", "level", "study", "stable", "total"])


def fate_rows(pair: StudyPair) -> pd.DataFrame:
    """Unbiased runs by how they ended: outcome, study, count, total, low, high (Wilson 95 %)."""
    runs = [unbiased_runs(study)["outcome"] for study in pair.studies]
    outcomes = in_order(set(runs[0]) | set(runs[1]))
    counts = [
        ("how runs ended", outcome, which, int(of.eq(outcome).sum()), len(of))
        for outcome in outcomes
        for which, of in enumerate(runs)
        if len(of)
    ]
    return _with_bounds(counts, ["choice", "level", "study", "stable", "total"])


def gain(first: RunShare, second: RunShare) -> Gain | None:
    """The second share minus the first; None where one has no run."""
    if not first.total or not second.total:
        return None
    counts = (second.count, second.total), (first.count, first.total)
    return Gain(second.value - first.value, difference_interval(*counts))


def ends_of(study: StudyRecord) -> Ends | None:
    """The leading trial over its confirm runs; without any over the runs that made it lead."""
    trial = leading_trial(study)
    if trial is None:
        return None
    runs = finished(run_table(study))
    of_trial = runs[runs["trial"] == trial]
    fresh = of_trial[of_trial["stage"] == "confirm"]
    chosen = fresh if len(fresh) else of_trial
    return Ends(
        trial,
        RunShare.of_stable(chosen["outcome"]),
        chosen["final_quality"].to_numpy(dtype=float),
        bool(len(fresh)),
    )


def improvement(first: Ends, second: Ends) -> Gain:
    """P(a run of the second has a higher final quality), ties one half, and its interval."""
    interval = improvement_interval(second.quality, first.quality, np.random.default_rng(0))
    return Gain(probability_of_improvement(second.quality, first.quality), interval)


def matched(pair: StudyPair) -> Matched:
    """Explore runs of equal sampled settings, in the parameters of both, seed by seed."""
    shared = _shared_paths(pair)
    both = pd.concat(
        [
            _keyed(study, shared).assign(second=which == 1)
            for which, study in enumerate(pair.studies)
        ],
        ignore_index=True,
    )
    common = set(both["key"][both["second"]]) & set(both["key"][~both["second"]])
    rows = both[both["key"].isin(common)]
    effects = [
        paired_effect(
            rows["key"].to_numpy(dtype=str), rows["seed"].to_numpy(dtype=np.int64),
            rows["second"].to_numpy(dtype=bool), values, np.random.default_rng(0),
        )
        for values in (
            rows["outcome"].eq("stable").to_numpy(dtype=float),
            rows["final_quality"].to_numpy(dtype=float),
        )
    ]  # fmt: skip
    sides = [rows[rows["second"] == which].drop_duplicates(["key", "seed"]) for which in (0, 1)]
    joint = sides[0].merge(sides[1], on=["key", "seed"], suffixes=("_first", "_second"))
    fates = joint.groupby(["outcome_first", "outcome_second"]).size().rename("pairs").reset_index()
    fates = fates.sort_values("pairs", ascending=False, ignore_index=True)
    fates.columns = pd.Index(["first", "second", "pairs"])
    return Matched(len(common), len(joint), effects[0], effects[1], fates)


def quality_rows(study: StudyRecord) -> pd.DataFrame:
    """Interquartile mean of the quality as under Curves, where a study has unbiased runs.

    Columns: images, quality, runs. Failed runs count as 0 from their failure on; times with
    fewer than four runs are left out.
    """
    rows = study.evaluations
    if unbiased_runs(study).empty or rows.num_rows == 0:
        return pd.DataFrame(columns=["images", "quality", "runs"], dtype=float)
    table = curve_rows(study)
    slots = slots_of(table["images"].to_numpy(dtype=float), rows.run)
    summary = Summariser(table, slots).summary(QUALITY, rows.column(QUALITY))
    means = pd.DataFrame(
        {"images": slots.images, "quality": summary.middle, "runs": summary.num_runs}
    )
    return means.dropna(ignore_index=True)


def only_in(pair: StudyPair) -> list[tuple[str, list[str], list[str]]]:
    """(what, in the first alone, in the second alone) of everything that one study lacks."""
    sides = [
        {
            "parameters": [short_name(parameter.path) for parameter in parameters_of(study)],
            "stages": sorted(set(run_table(study)["stage"])),
            "measured": [name for name in study.evaluations.names if SIGNAL_PREFIX not in name],
            "signals": [name for name in study.evaluations.names if SIGNAL_PREFIX in name],
            "known points": sorted(
                trial.origin.removeprefix("known:")
                for trial in study.trials
                if trial.origin.startswith("known:")
            ),
        }
        for study in pair.studies
    ]
    differing = []
    for what, one in sides[0].items():
        two = sides[1][what]
        alone = [it for it in one if it not in two], [it for it in two if it not in one]
        if alone[0] or alone[1]:
            differing.append((what, *alone))
    return differing


def _shared_paths(pair: StudyPair) -> list[str]:
    paths = [[parameter.path for parameter in parameters_of(study)] for study in pair.studies]
    return [path for path in paths[0] if path in paths[1]]


def _keyed(study: StudyRecord, paths: list[str]) -> pd.DataFrame:
    """Explore runs with a verdict: key (the shared settings as JSON), seed, outcome, quality."""
    keys = {
        trial.number: json.dumps([trial.parameters.get(path) for path in paths])
        for trial in study.trials
    }
    runs = finished(explored(run_table(study)))[["trial", "seed", "outcome", "final_quality"]]
    return runs.assign(key=runs["trial"].map(keys))


def _with_bounds(counts: Sequence[tuple[object, ...]], columns: list[str]) -> pd.DataFrame:
    rows = pd.DataFrame(counts, columns=columns)
    bounds = wilson_interval(rows["stable"].to_numpy(dtype=float), rows["total"].to_numpy(float))
    return rows.assign(low=bounds.low, high=bounds.high)
