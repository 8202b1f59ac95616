"""What all runs measured over images seen: interquartile means, ranges, densities.

Evaluations of different runs lie near common numbers of images (the batch size shifts them by a
few), so each is assigned to a slot: a whole number of evaluation intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.record import QUALITY
from lab.statistics import interquartile_mean
from reports.kit.value_ranges import Range, robust_range, widened
from reports.kit.words import counted

Array = NDArray[np.float64]
MOST_SLOTS = 60
"""Slots of a figure; more frequent evaluations share a slot."""
NUM_LEVELS = 44
"""Cells of a density from the bottom of the axis to its top."""
LEAST_RUNS = 4
"""Fewest runs of which an interquartile mean cuts any off; below, it is not drawn."""


@dataclass(frozen=True)
class Slots:
    """Slots of evaluations: `images` of each slot [slots], and the slot `of` each row [rows]."""

    images: Array
    of: NDArray[np.int64]

    def edges(self) -> Array:
        """Borders of the slots, half-way between them; [slots + 1]."""
        if len(self.images) == 1:
            return np.array([self.images[0] - 0.5, self.images[0] + 0.5])
        between = (self.images[1:] + self.images[:-1]) / 2
        first, last = self.images[0], self.images[-1]
        return np.concatenate([[2 * first - between[0]], between, [2 * last - between[-1]]])


@dataclass(frozen=True)
class Summary:
    """One metric over all runs."""

    name: str
    value_range: Range
    """Of the value axis."""
    baseline: float
    """What real images measure; NaN when unknown."""
    middle: Array
    """Interquartile mean at each slot; NaN with fewer than LEAST_RUNS."""
    num_runs: NDArray[np.int64]
    """Runs behind the interquartile mean at each slot."""
    density: NDArray[np.int64]
    """Counts of rows before a failure; [NUM_LEVELS, slots]."""
    left_out: str
    """What the axis leaves out, in words."""


def slots_of(images: Array, run: NDArray[np.int64]) -> Slots:
    """The slots of rows evaluated at `images`, as far apart as the median step within a `run`."""
    finite = np.where(np.isfinite(images), images, 0.0)
    apart = np.diff(finite)[np.diff(run) == 0]
    apart = apart[apart > 0]
    step = float(np.median(apart)) if apart.size else max(1.0, float(finite.max(initial=0.0)))
    step *= max(1, int(np.ceil(finite.max(initial=0.0) / step / MOST_SLOTS)))
    numbers, of = np.unique(np.round(finite / step).astype(np.int64), return_inverse=True)
    middles = np.bincount(of, finite, len(numbers)) / np.bincount(of, minlength=len(numbers))
    return Slots(middles, of.astype(np.int64))


class Summariser:
    """Summaries of metrics over the same rows; what they share is computed once."""

    def __init__(self, rows: pd.DataFrame, slots: Slots) -> None:
        self.rows = rows
        self.slots = slots
        self.alive = rows["alive"].to_numpy(dtype=bool)
        self.run = rows["run"].to_numpy(dtype=np.int64)
        unbiased = rows["unbiased"].to_numpy(dtype=bool)
        self.used = np.flatnonzero(unbiased & self.alive)
        self.unbiased_runs, index_of_run = np.unique(self.run[unbiased], return_inverse=True)
        at = np.full(len(rows), -1, dtype=np.int64)
        at[unbiased] = index_of_run
        self.cell = at[self.used] * len(slots.images) + slots.of[self.used]
        onset = rows["onset"].to_numpy(dtype=float)[unbiased]
        first = np.full(len(self.unbiased_runs), np.inf)
        has_onset = np.isfinite(onset)
        first[index_of_run[has_onset]] = onset[has_onset]
        self.dead = slots.images[None, :] >= first[:, None]

    def summary(self, name: str, values: Array, baseline: float = np.nan) -> Summary:
        """The summary of one metric, whose values are [rows]."""
        value_range = robust_range(values, self.alive)
        value_range = Range(0.0, 1.0, False) if name == QUALITY else widened(value_range, baseline)
        middle, num_runs = self._middle(name, values)
        is_drawable = np.isfinite(baseline) and not (value_range.log and baseline <= 0)
        return Summary(
            name,
            value_range,
            baseline if is_drawable else np.nan,
            middle,
            num_runs,
            self._density(values, value_range),
            self._left_out(values, value_range),
        )

    def _middle(self, name: str, values: Array) -> tuple[Array, NDArray[np.int64]]:
        """Over runs alive; of quality over failed runs, too, with 0 from their failure on."""
        table = np.full((len(self.unbiased_runs), len(self.slots.images)), np.nan)
        table.ravel()[self.cell] = values[self.used]
        if name == QUALITY:
            table[self.dead] = 0.0
        finite = np.isfinite(table)
        num_runs = finite.sum(axis=0)
        means = [
            float(interquartile_mean(table[finite[:, slot], slot]))
            if num_runs[slot] >= LEAST_RUNS
            else np.nan
            for slot in range(table.shape[1])
        ]
        return np.array(means), num_runs

    def _density(self, values: Array, value_range: Range) -> NDArray[np.int64]:
        low, high = value_range.low, value_range.high
        usable = self.alive & np.isfinite(values) & (values >= low) & (values <= high)
        inside = values[usable]
        if value_range.log:
            low, high, inside = np.log10(low), np.log10(high), np.log10(inside)
        level = np.floor((inside - low) / (high - low) * NUM_LEVELS).astype(np.int64)
        level = np.clip(level, 0, NUM_LEVELS - 1)
        num_slots = len(self.slots.images)
        counts = np.bincount(
            level * num_slots + self.slots.of[usable], minlength=NUM_LEVELS * num_slots
        )
        return counts.reshape(NUM_LEVELS, num_slots)

    def _left_out(self, values: Array, value_range: Range) -> str:
        finite = np.isfinite(values)
        outside = finite & ((values < value_range.low) | (values > value_range.high))
        parts = []
        for mask, what in (
            (outside, "outside the axis"),
            (self._no_number(values, finite), "not a finite number"),
        ):
            if mask.any():
                num_runs = len(np.unique(self.run[mask]))
                points = counted(int(mask.sum()), "point")
                parts.append(f"{points} of {counted(num_runs, 'run')} {what}")
        return f"Not drawn: {'; '.join(parts)}." if parts else "Every point is inside the axis."

    def _no_number(self, values: Array, finite: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Rows that measured no finite number.

        In a column such a row looks like one without the metric, so a row counts only where its
        run was trained and has the metric in another row.
        """
        has = np.bincount(self.run[finite], minlength=int(self.run.max(initial=0)) + 1) > 0
        trained = self.rows["images"].to_numpy(dtype=float) > 0
        return np.asarray(np.isinf(values) | (np.isnan(values) & trained & has[self.run]))


def level_edges(value_range: Range) -> Array:
    """Borders of the density's cells along the value axis; [NUM_LEVELS + 1]."""
    if value_range.log:
        return np.geomspace(value_range.low, value_range.high, NUM_LEVELS + 1)
    return np.linspace(value_range.low, value_range.high, NUM_LEVELS + 1)
