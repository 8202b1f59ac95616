"""Ranges of one parameter where runs are stable more often, or less often, than over the space.

Only Sobol runs count: an even sample of the space, while a known point was published because it
works and an optimiser returns to where it was lucky. A range is sought among all runs of bins that
were fixed before any run was made, and whichever is picked keeps an interval that holds for every
range looked at (Bonferroni, with exact binomial bounds), so that picking costs no coverage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from lab.record import StudyRecord
from lab.stability.statistics import Interval, wilson_interval
from reports.finding import Finding
from reports.tables import Parameter, explored, of_study, parameters_of, run_table, trial_table
from reports.words import percents, setting, short_name

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
LEAST_RUNS = 12
"""Sobol runs from which a range is looked for."""
DIGITS = ((1, 2, 5), (1, 3), (1,))
"""Round numbers within a decade at which bins meet, from fine to coarse."""
MOST_BINS = 10


@dataclass(frozen=True)
class FoundRange:
    """A range of one parameter whose interval leaves the whole sample's behind."""

    path: str
    low: float
    high: float
    stable: int
    total: int
    """Runs in the range that have a verdict, and how many of them were stable."""
    num_pruned: int
    """Pruned runs in the range: failures for a range that holds, stable for one that fails."""
    interval: Interval
    """Of P(stable) in the range; 95 % for all `num_looked` ranges together."""
    whole: tuple[int, int]
    """Stable and total over the parameter's whole range."""
    holds: bool
    """Stable more often than the whole, or less often."""
    num_looked: int


class Ranges(NamedTuple):
    """Every stretch of neighbouring bins of one parameter, the first of all of them.

    All entries of one length.
    """

    low: Array
    high: Array
    stable: Counts
    total: Counts
    pruned: Counts


def sobol_runs(study: StudyRecord) -> pd.DataFrame:
    """One row a Sobol trial that has a verdict or was pruned: outcome and its parameters.

    Of a trial with several explore runs the one with the lowest seed, so that rows are
    independent. Crashed and unfinished runs say nothing.
    """
    trials = trial_table(study)
    runs = explored(run_table(study))[["trial", "seed", "outcome"]]
    runs = runs[~runs["outcome"].isin(["running", "errored"])]
    runs = runs[runs["trial"].map(trials["origin"]).eq("sobol").to_numpy(dtype=bool)]
    first = runs.sort_values(["trial", "seed"]).drop_duplicates("trial")
    return first.join(trials.drop(columns=["origin", "unbiased"]), on="trial")


@of_study
def ranges_found(study: StudyRecord) -> list[FoundRange]:
    """At most one range that holds and one that fails a numeric parameter, the surest first."""
    rows = sobol_runs(study)
    stable = rows["outcome"].eq("stable").to_numpy()
    pruned = rows["outcome"].eq("pruned").to_numpy()
    looked = {}
    for parameter in parameters_of(study):
        values = pd.to_numeric(rows[parameter.path], errors="coerce").to_numpy(dtype=float)
        edges = bin_edges(parameter)
        if edges.size > 2 and np.isfinite(values).sum() >= LEAST_RUNS:
            ranges = ranges_of(values, stable, pruned, edges)
            if has_slots(parameter):
                ranges = ranges._replace(low=ranges.low + 0.5, high=ranges.high - 0.5)
            looked[parameter.path] = ranges
    num_looked = sum(ranges.total.size for ranges in looked.values())
    found = [
        one
        for path, ranges in looked.items()
        for one in (_best(path, ranges, num_looked, holds=holds) for holds in (True, False))
        if one is not None
    ]
    return sorted(found, key=lambda it: -it.interval.low if it.holds else it.interval.high)


def bin_edges(parameter: Parameter) -> Array:
    """Edges of bins over the space's range, at round numbers where it has enough of them.

    They depend on the space alone, never on what runs did. Fewer than three edges: no bins.
    """
    if not parameter.is_numeric or parameter.low is None or parameter.high is None:
        return np.empty(0)
    low, high = float(parameter.low), float(parameter.high)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return np.empty(0)
    if has_slots(parameter):
        return _between_integers(low, high)
    inner = _round_logs(low, high) if parameter.log and low > 0 else _round_steps(low, high)
    margin = 1e-9 * (high - low)
    return np.concatenate([[low], inner[(inner > low + margin) & (inner < high - margin)], [high]])


def has_slots(parameter: Parameter) -> bool:
    """Whether its bins hold whole numbers, their edges halfway between."""
    return parameter.kind == "int" and not parameter.log


def _round_logs(low: float, high: float) -> Array:
    """1, 2 and 5 of every decade, or fewer of them over many decades."""
    powers = 10.0 ** np.arange(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    places = (np.sort(np.outer(powers, digits).ravel()) for digits in DIGITS)
    inside = [place[(place > low) & (place < high)] for place in places]
    return next((place for place in inside if place.size < MOST_BINS), inside[-1])


def _round_steps(low: float, high: float) -> Array:
    """Multiples of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((high - low) / MOST_BINS))
    step = next(power * digit for digit in (1, 2, 5, 10) if high - low <= 10 * power * digit)
    return np.asarray(step * np.arange(math.floor(low / step), math.ceil(high / step) + 1))


def _between_integers(low: float, high: float) -> Array:
    """Edges halfway between integers, so that every bin holds as many of them."""
    step = math.ceil((high - low + 1) / MOST_BINS)
    return np.append(np.arange(low - 0.5, high + 0.5, step), high + 0.5)


def ranges_of(
    values: Array, stable: NDArray[np.bool_], pruned: NDArray[np.bool_], edges: Array
) -> Ranges:
    """Counts over every stretch of neighbouring bins; the inputs have one entry a run.

    Values outside the edges, and NaN, fall into no range.
    """
    bins = edges.size - 1
    place = np.searchsorted(edges, values, side="right") - 1
    place = np.where(values == edges[-1], bins - 1, place)
    inside = (place >= 0) & (place < bins) & np.isfinite(values)

    def sums(chosen: NDArray[np.bool_]) -> Counts:
        counts = np.bincount(place[chosen & inside], minlength=bins)
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    first, last = np.triu_indices(bins)
    widest = np.argsort(first - last, kind="stable")
    first, last = first[widest], last[widest] + 1
    counts = [sums(of)[last] - sums(of)[first] for of in (stable, ~pruned, pruned)]
    return Ranges(edges[first], edges[last], *counts)


def exact_bounds(stable: Counts, total: Counts, confidence: float) -> tuple[Array, Array]:
    """Clopper and Pearson's bounds of P(stable): they hold at any confidence and any share.

    Wilson's are too short far out in the tail, where an interval for many ranges lies.
    """
    k, n = np.broadcast_arrays(np.asarray(stable, float), np.asarray(total, float))
    tail = (1 - confidence) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(k == 0, 0.0, stats.beta.ppf(tail, k, n - k + 1))
        high = np.where(k == n, 1.0, stats.beta.isf(tail, k + 1, n - k))
    return low, high


def range_finding(found: FoundRange) -> Finding:
    """`Generator rate 1e-4 to 5e-4: stable in 38 of 40 runs (76–99%).`"""
    stable, total = found.whole
    overall = wilson_interval(stable, total)
    pruned = (
        f" {found.num_pruned} more were pruned; the interval takes them for "
        f"{'failures' if found.holds else 'stable'}."
        if found.num_pruned
        else ""
    )
    return Finding(
        f"{range_words(found.path, found.low, found.high)}: "
        f"{'stable in' if found.holds else 'only'} {found.stable:,} of {found.total:,} runs"
        f"{'' if found.holds else ' stable'} ({percents(*found.interval)}).",
        f"Of all Sobol runs {stable:,} of {total:,} ({percents(*overall)}).{pruned}",
        "holds" if found.holds else "fails",
    )


def range_words(path: str, low: float, high: float) -> str:
    """`Generator rate 1e-4 to 5e-4`."""
    name = short_name(path)
    return f"{name[0].upper()}{name[1:]} {between(low, high)}"


def between(low: float, high: float) -> str:
    """`1e-3 to 1e-2`: both ends written alike."""
    if low == high:
        return setting(low)
    if 0 < abs(low) < 1e-2 <= abs(high) < 1:
        return f"{setting(low)} to {high:.2e}".replace(".00e", "e").replace("e-0", "e-")
    return f"{setting(low)} to {setting(high)}"


def ranges_note(found: list[FoundRange]) -> str:
    """What the intervals of ranges allow for, and over which runs; empty without a range."""
    if not found:
        return ""
    return (
        "Ranges are counted over Sobol runs, whose other settings vary as the space lets them; "
        f"their intervals hold at 95% for all {found[0].num_looked} ranges looked at together."
    )


def _best(path: str, ranges: Ranges, num_looked: int, *, holds: bool) -> FoundRange | None:
    """The range with the highest lower bound, or the lowest upper one, if it leaves the whole's
    95 % interval behind; the wider of two alike."""
    total = ranges.total + ranges.pruned
    least, most = ranges.stable, ranges.stable + ranges.pruned
    low, _ = exact_bounds(least, total, 1 - 0.05 / num_looked)
    _, high = exact_bounds(most, total, 1 - 0.05 / num_looked)
    best = int(np.argmax(low) if holds else np.argmin(high))
    apart = (
        low[best] > wilson_interval(int(most[0]), int(total[0])).high
        if holds
        else high[best] < wilson_interval(int(least[0]), int(total[0])).low
    )
    if not apart:
        return None
    return FoundRange(
        path, float(ranges.low[best]), float(ranges.high[best]), int(ranges.stable[best]),
        int(ranges.total[best]), int(ranges.pruned[best]),
        Interval(float(low[best]), float(high[best])),
        (int(ranges.stable[0]), int(ranges.total[0])), holds, num_looked,
    )  # fmt: skip
