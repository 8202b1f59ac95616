"""Ranges of value axes, robust against runs that exploded."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FENCE = 3.0
"""Tukey's far fence: quartiles widened by so many interquartile ranges."""
LOG_FROM = 30.0
"""A metric whose values span more than this ratio is drawn on a logarithmic axis, on every figure:
the page's script takes it from the store."""

SHORT_AXIS, MOST_DECADES = 3.0, 8
"""Decades up to which 2 and 5 are labelled, and that are all labelled."""


@dataclass(frozen=True)
class Range:
    """The range of a value axis in data units, and whether the axis is logarithmic."""

    low: float
    high: float
    log: bool

    def layout(self) -> list[float]:
        """Plotly's range, with a little room; powers of ten on a logarithmic axis."""
        low, high = self.low, self.high
        if self.log:
            low, high = math.log10(low), math.log10(high)
        room = 0.04 * (high - low)
        return [low - room, high + room]

    def ticks(self) -> list[float]:
        """Where a logarithmic axis is labelled: at 1, 2 and 5 of a decade, on a long axis at 1."""
        low, high = math.log10(self.low), math.log10(self.high)
        digits = (1, 2, 5) if high - low < SHORT_AXIS else (1,)
        decades = range(math.floor(low), math.ceil(high) + 1)
        apart = max(1, round((high - low) / MOST_DECADES))
        candidates = [
            d * 10.0**decade for decade in decades if decade % apart == 0 for d in digits
        ]
        return [tick for tick in candidates if self.low <= tick <= self.high]


def robust_range(values: NDArray[np.float64], alive: NDArray[np.bool_]) -> Range:
    """An axis that shows every ordinary value: Tukey's far fences of the values before failure.

    Logarithmic when those values are positive and span more than LOG_FROM.
    """
    ordinary = values[alive & np.isfinite(values)]
    if ordinary.size == 0:
        ordinary = values[np.isfinite(values)]
    if ordinary.size == 0:
        return Range(0.0, 1.0, False)
    log = bool(ordinary.min() > 0 and ordinary.max() / ordinary.min() > LOG_FROM)
    scaled = np.log10(ordinary) if log else ordinary
    quarter, three_quarters = np.quantile(scaled, [0.25, 0.75])
    reach = FENCE * (three_quarters - quarter)
    low = max(float(scaled.min()), float(quarter - reach))
    high = min(float(scaled.max()), float(three_quarters + reach))
    if low == high:
        low, high = low - 0.5, high + 0.5
    return Range(10**low, 10**high, True) if log else Range(low, high, False)


def widened(axis: Range, baseline: float | None) -> Range:
    """The range with the real images' value inside, where the axis can show it."""
    if baseline is None or not math.isfinite(baseline) or (axis.log and baseline <= 0):
        return axis
    return Range(min(axis.low, baseline), max(axis.high, baseline), axis.log)
