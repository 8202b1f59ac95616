"""Ranges of a parameter, or of both rates together, where runs are stable more or less often.

Only Sobol runs count: an even sample of the space, while a known point was published because it
works and an optimiser returns to where it was lucky. A range is sought among all stretches of bins
that were fixed before any run was made, and whichever is picked keeps an interval that holds for
every range looked at (Bonferroni, with exact binomial bounds), so that picking costs no coverage.
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
"""Sobol runs from which a range is looked for."""
TOGETHER = ("optimizer.generator.lr", "optimizer.critic.lr")
"""Two parameters whose ranges are looked for together, too: each bounds the other."""
ERROR = 0.05
"""Chance that any interval of a range misses; half of it goes to ranges of two parameters."""


@dataclass(frozen=True)
class FoundRange:
    """A range whose interval leaves that of the whole sample behind."""

    limits: tuple[tuple[str, float, float], ...]
    """(path, low, high) of each parameter."""
    stable: int
    total: int
    """Runs in the range that have a verdict, and how many of them were stable."""
    num_pruned: int
    """Pruned runs in the range: failures for a range that holds, stable for one that fails."""
    interval: Interval
    """Of P(stable) in the range; 95 % for all `num_looked` ranges together."""
    whole: tuple[int, int]
    """Stable and total over the whole range of the same parameters."""
    holds: bool
    """Stable more often than the whole, or less often."""
    num_looked: int


def first_sobol_runs(study: StudyRecord) -> pd.DataFrame:
    """One row a Sobol trial that has a verdict or was pruned: outcome and its parameters.

    Of a trial with several explore runs the one with the lowest seed, so that rows are
    independent. Crashed and unfinished runs say nothing.
    """
    runs = sobol_runs(study)
    runs = runs[~runs["outcome"].isin(["running", "errored"])]
    return runs.sort_values(["trial", "seed"]).drop_duplicates("trial")


@of_study
def ranges_found(study: StudyRecord) -> list[FoundRange]:
    """At most one range that holds and one that fails of each parameter, the surest first.

    And one that holds of both rates together.
    """
    rows = first_sobol_runs(study)
    numeric = {p.path: p for p in parameters_of(study) if p.is_numeric}
    looked = [_ranges(rows, [parameter], MOST_BINS) for parameter in numeric.values()]
    looked = [ranges for ranges in looked if ranges is not None]
    joint = (
        _ranges(rows, [numeric[path] for path in TOGETHER], FEW_BINS)
        if numeric.keys() >= set(TOGETHER)
        else None
    )
    return sorted(
        found_among(looked, joint),
        key=lambda it: -it.interval.low if it.holds else it.interval.high,
    )


def found_among(
    looked: list[tuple[tuple[str, ...], Ranges] | None],
    joint: tuple[tuple[str, ...], Ranges] | None,
) -> list[FoundRange]:
    """What may be told of ranges of one parameter each and of two together.

    The chance of a miss is shared out: half over all single ranges, half over the joint ones.
    """
    single = [one for one in looked if one is not None]
    num_single = sum(ranges.total.size for _, ranges in single)
    num_joint = joint[1].total.size if joint else 0
    half = ERROR / 2 if joint else ERROR
    found = [
        best_range(paths, ranges, half / num_single, num_single + num_joint, holds=holds)
        for paths, ranges in single
        for holds in (True, False)
    ]
    if joint:
        found.append(best_range(*joint, half / num_joint, num_single + num_joint, holds=True))
    return [one for one in found if one is not None]


def best_range(
    paths: tuple[str, ...], ranges: Ranges, error: float, num_looked: int, *, holds: bool
) -> FoundRange | None:
    """The range with the highest lower bound, or the lowest upper one; the wider of two alike.

    None unless that bound leaves the whole's 95 % interval behind. `error` is the chance that the
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
        (int(ranges.stable[0]), int(ranges.total[0])), holds, num_looked,
    )  # fmt: skip


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
    where = listed(
        [f"{short_name(path)} {between(low, high)}" for path, low, high in found.limits]
    )
    return Finding(
        f"{where[0].upper()}{where[1:]}: "
        f"{'stable in' if found.holds else 'only'} {found.stable:,} of {found.total:,} runs"
        f"{'' if found.holds else ' stable'} ({percents(*found.interval)}).",
        f"Of all Sobol runs {100 * stable / total:.0f}% ({percents(*overall)}).{pruned}",
        "holds" if found.holds else "fails",
    )


def between(low: float, high: float) -> str:
    """`1e-3 to 1e-2`: both ends written alike."""
    if low == high:
        return number(low)
    if 0 < abs(low) < 1e-2 <= abs(high) < 1:
        return f"{number(low)} to {high:.2e}".replace(".00e", "e").replace("e-0", "e-")
    return f"{number(low)} to {number(high)}"


def ranges_note(found: list[FoundRange]) -> str:
    """What the intervals of ranges allow for, and over which runs; empty without a range."""
    if not found:
        return ""
    return (
        "Ranges are counted over Sobol runs, whose other settings vary as the space lets them; "
        f"their intervals hold at 95% for all {found[0].num_looked:,} ranges looked at together."
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
    known = int(np.isfinite(values).all(axis=1).sum())
    if known < LEAST_RUNS or any(of.size < 3 for of in edges):
        return None
    stable, pruned = (rows["outcome"].eq(name).to_numpy() for name in ("stable", "pruned"))
    ranges = ranges_of(values, stable, pruned, edges)
    inward = np.array([0.5 if has_slots(parameter) else 0.0 for parameter in parameters])
    moved = ranges._replace(low=ranges.low + inward, high=ranges.high - inward)
    return tuple(parameter.path for parameter in parameters), moved
