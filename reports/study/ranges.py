"""Ranges of a parameter, or of both rates together, where runs are stable more or less often.

Only Sobol runs count: they are an even sample of the space, while a known point was published
because it works and an optimizer returns to where it was lucky. All stretches of bins that were
fixed before any run are searched. The intervals hold for every range searched (Bonferroni, with
exact binomial bounds), so that the selection of a range costs no coverage.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lab.record import ParameterCard, StudyRecord
from lab.statistics import Interval, exact_interval, wilson_interval
from reports.kit.finding import Finding
from reports.kit.words import listed, number, percents, short_name
from reports.study.range_bins import (
    FEW_BINS,
    MOST_BINS,
    Ranges,
    bin_edges,
    has_slots,
    ranges_of,
)
from reports.study.tables import (
    of_study,
    parameters_of,
    sobol_runs,
)

LEAST_RUNS = 12
"""Fewest Sobol runs for which ranges are searched."""
TOGETHER = ("optimizer.generator.lr", "optimizer.critic.lr")
"""Two parameters whose ranges are also searched together: each bounds the other."""
ERROR = 0.05
"""Chance that any interval of a range misses; half of it goes to ranges of two parameters."""


@dataclass(frozen=True)
class FoundRange:
    """A range whose interval does not overlap that of the whole sample."""

    limits: tuple[tuple[str, float, float], ...]
    """(path, low, high) of each parameter."""
    stable: int
    total: int
    """Runs in the range that have a verdict, and how many of them were stable."""
    num_pruned: int
    """Pruned runs in the range: counted as failures if it holds, as stable if it fails."""
    interval: Interval
    """Of P(stable) in the range; 95 % jointly for all `num_searched` ranges."""
    whole: tuple[int, int]
    """Stable and total over the whole range of the same parameters."""
    holds: bool
    """Whether it is stable more often than the whole, rather than less often."""
    num_searched: int


def first_sobol_runs(study: StudyRecord) -> pd.DataFrame:
    """One row per Sobol trial that has a verdict or was pruned: outcome and its parameters.

    Of a trial with several explore runs the one with the lowest seed, and of trials with the very
    same setting the first, so that rows are independent. Crashed and unfinished runs are left out.
    """
    runs = sobol_runs(study)
    runs = runs[~runs["outcome"].isin(["running", "errored"])]
    first = runs.sort_values(["trial", "seed"]).drop_duplicates("trial")
    return first.drop_duplicates(["seed", *(parameter.path for parameter in parameters_of(study))])


@of_study
def ranges_found(study: StudyRecord) -> list[FoundRange]:
    """At most one range that holds and one that fails of each parameter, the surest first.

    And one that holds of both rates together.
    """
    rows = first_sobol_runs(study)
    numeric = {p.path: p for p in parameters_of(study) if p.is_numeric}
    searched = [_ranges(rows, [parameter], MOST_BINS) for parameter in numeric.values()]
    searched = [ranges for ranges in searched if ranges is not None]
    joint = (
        _ranges(rows, [numeric[path] for path in TOGETHER], FEW_BINS)
        if numeric.keys() >= set(TOGETHER)
        else None
    )
    return sorted(
        found_among(searched, joint),
        key=lambda it: -it.interval.low if it.holds else it.interval.high,
    )


def found_among(
    searched: list[tuple[tuple[str, ...], Ranges] | None],
    joint: tuple[tuple[str, ...], Ranges] | None,
) -> list[FoundRange]:
    """The ranges to report, of one parameter each and of two together.

    The chance of a miss is divided: half over all single ranges, half over the joint ones.
    """
    single = [one for one in searched if one is not None]
    num_single = sum(ranges.total.size for _, ranges in single)
    num_joint = joint[1].total.size if joint else 0
    half = ERROR / 2 if joint else ERROR
    best = [
        best_range(paths, ranges, half / num_single, num_single + num_joint, holds=holds)
        for paths, ranges in single
        for holds in (True, False)
    ]
    if joint:
        best.append(best_range(*joint, half / num_joint, num_single + num_joint, holds=True))
    return [one for one in best if one is not None]


def best_range(
    paths: tuple[str, ...], ranges: Ranges, error: float, num_searched: int, *, holds: bool
) -> FoundRange | None:
    """The range with the highest lower bound, or the lowest upper one; the wider of two ties.

    None unless that bound lies outside the whole's 95 % interval. `error` is the chance that the
    interval of one range misses.
    """
    total = ranges.total + ranges.pruned
    least, most = ranges.stable, ranges.stable + ranges.pruned
    low = exact_interval(least, total, 1 - error).low
    high = exact_interval(most, total, 1 - error).high
    best = int(np.argmax(low) if holds else np.argmin(high))
    apart = (
        low[best] > wilson_interval(int(most[0]), int(total[0])).high
        if holds
        else high[best] < wilson_interval(int(least[0]), int(total[0])).low
    )
    if not apart:
        return None
    return FoundRange(
        tuple(
            (path, float(ranges.low[best, i]), float(ranges.high[best, i]))
            for i, path in enumerate(paths)
        ),
        int(ranges.stable[best]), int(ranges.total[best]), int(ranges.pruned[best]),
        Interval(float(low[best]), float(high[best])),
        (int(ranges.stable[0]), int(ranges.total[0])), holds, num_searched,
    )  # fmt: skip


def range_finding(of: FoundRange) -> Finding:
    """`Generator rate 1e-4 to 5e-4: stable in 38 of 40 runs (76–99%).`"""
    stable, total = of.whole
    overall = wilson_interval(stable, total)
    pruned = (
        f" {of.num_pruned} more were pruned; the interval counts them as "
        f"{'failures' if of.holds else 'stable'}."
        if of.num_pruned
        else ""
    )
    where = listed([f"{short_name(path)} {between(low, high)}" for path, low, high in of.limits])
    return Finding(
        f"{where[0].upper()}{where[1:]}: "
        f"{'stable in' if of.holds else 'only'} {of.stable:,} of {of.total:,} runs"
        f"{'' if of.holds else ' stable'} ({percents(*of.interval)}).",
        f"Of all Sobol runs {100 * stable / total:.0f}% ({percents(*overall)}).{pruned}",
        "holds" if of.holds else "fails",
    )


def between(low: float, high: float) -> str:
    """`1e-3 to 1e-2`: both ends in the same notation."""
    if low == high:
        return number(low)
    if 0 < abs(low) < 1e-2 <= abs(high) < 1:
        return f"{number(low)} to {high:.2e}".replace(".00e", "e").replace("e-0", "e-")
    return f"{number(low)} to {number(high)}"


def ranges_note(ranges: list[FoundRange]) -> str:
    """The runs and the coverage behind the intervals of ranges; empty without a range."""
    if not ranges:
        return ""
    return (
        "Ranges are counted over Sobol runs, whose other settings vary over the space; "
        f"their intervals hold at 95% for all {ranges[0].num_searched:,} ranges searched together."
    )


def _ranges(
    rows: pd.DataFrame, parameters: list[ParameterCard], most: int
) -> tuple[tuple[str, ...], Ranges] | None:
    """Counts over every stretch of these parameters; None with too few runs or no bins."""
    values = np.stack(
        [pd.to_numeric(rows[p.path], errors="coerce").to_numpy(dtype=float) for p in parameters],
        axis=1,
    )
    edges = [bin_edges(parameter, most) for parameter in parameters]
    num_values = int(np.isfinite(values).all(axis=1).sum())
    if num_values < LEAST_RUNS or any(of.size < 3 for of in edges):
        return None
    stable, pruned = (rows["outcome"].eq(name).to_numpy() for name in ("stable", "pruned"))
    ranges = ranges_of(values, stable, pruned, edges)
    inward = np.array([0.5 if has_slots(parameter) else 0.0 for parameter in parameters])
    moved = ranges._replace(low=ranges.low + inward, high=ranges.high - inward)
    return tuple(parameter.path for parameter in parameters), moved
