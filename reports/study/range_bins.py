"""Bins of parameters, fixed before any run, and every stretch of neighbouring bins."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.record import ParameterCard

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]
DIGITS = ((1, 2, 5), (1, 3), (1,))
"""Round numbers within a decade that are edges of bins, from fine to coarse."""
MOST_BINS = 10
FEW_BINS = 6
"""Per parameter where two are searched together: their numbers of stretches multiply."""


class Ranges(NamedTuple):
    """Every stretch of neighbouring bins of one or two parameters, the first one of all bins."""

    low: Array
    high: Array
    """Ends of each stretch; [stretches, parameters]."""
    stable: Counts
    total: Counts
    """Runs in it that have a verdict; [stretches], as the others."""
    pruned: Counts


def bin_edges(parameter: ParameterCard, most: int = MOST_BINS) -> Array:
    """Edges of at most about `most` bins over the space's range, at round numbers.

    They depend on the space alone, never on what runs did. Fewer than three edges: no bins.
    """
    if not parameter.is_numeric or parameter.low is None or parameter.high is None:
        return np.empty(0)
    low, high = float(parameter.low), float(parameter.high)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return np.empty(0)
    if has_slots(parameter):
        return _between_integers(low, high, most)
    log = parameter.log and low > 0
    inner = _round_logs(low, high, most) if log else _round_steps(low, high, most)
    margin = 1e-9 * (high - low)
    return np.concatenate([[low], inner[(inner > low + margin) & (inner < high - margin)], [high]])


def has_slots(parameter: ParameterCard) -> bool:
    """Whether its bins hold whole numbers, their edges halfway between."""
    return parameter.kind == "int" and not parameter.log


def ranges_of(values: Array, stable: Mask, pruned: Mask, edges: list[Array]) -> Ranges:
    """Counts over every stretch of bins; `values` is [runs, parameters], `edges` per parameter.

    Values outside the edges, and NaN, fall into no range.
    """
    bins, inside = _bins(values, edges)
    stretches = [_stretches(of.size - 1) for of in edges]
    counts = [
        _over_stretches(_histogram(bins[chosen & inside], edges), stretches)
        for chosen in (stable, ~pruned, pruned)
    ]
    ends = [(of[first], of[last]) for of, (first, last) in zip(edges, stretches, strict=True)]
    low, high = (_crossed([end[side] for end in ends]) for side in (0, 1))
    return Ranges(low, high, *counts)


def _bins(values: Array, edges: list[Array]) -> tuple[Counts, Mask]:
    """The bin of every value [runs, parameters], and which runs lie in one of each [runs]."""
    bins = np.zeros(values.shape, dtype=np.int64)
    inside = np.ones(len(values), dtype=bool)
    for i, of in enumerate(edges):
        column = values[:, i]
        index = np.searchsorted(of, column, side="right") - 1
        bins[:, i] = np.where(column == of[-1], of.size - 2, index)
        inside &= (bins[:, i] >= 0) & (bins[:, i] < of.size - 1) & np.isfinite(column)
    return bins, inside


def _histogram(bins: Counts, edges: list[Array]) -> Counts:
    """Runs in each bin, [bins, ...]."""
    shape = tuple(of.size - 1 for of in edges)
    flat = np.ravel_multi_index(tuple(bins.T), shape)
    return np.bincount(flat, minlength=math.prod(shape)).reshape(shape)


def _stretches(num_bins: int) -> tuple[Counts, Counts]:
    """First edge and last edge of every stretch, the widest first."""
    first, last = np.triu_indices(num_bins)
    widest = np.argsort(first - last, kind="stable")
    return first[widest], last[widest] + 1


def _over_stretches(histogram: Counts, stretches: list[tuple[Counts, Counts]]) -> Counts:
    """Sums of bins over every stretch of every axis, flat; the last axis moves fastest."""
    for axis, (first, last) in enumerate(stretches):
        before = np.zeros_like(histogram.take([0], axis=axis))
        running = np.concatenate([before, np.cumsum(histogram, axis=axis)], axis=axis)
        histogram = running.take(last, axis=axis) - running.take(first, axis=axis)
    return histogram.ravel()


def _crossed(ends: list[Array]) -> Array:
    """Every combination of ends, in the order of `_over_stretches`."""
    return np.stack([grid.ravel() for grid in np.meshgrid(*ends, indexing="ij")], axis=1)


def _round_logs(low: float, high: float, most: int) -> Array:
    """1, 2 and 5 of every decade, or fewer of them over many decades."""
    powers = 10.0 ** np.arange(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    edges = (np.sort(np.outer(powers, digits).ravel()) for digits in DIGITS)
    inside = [candidates[(candidates > low) & (candidates < high)] for candidates in edges]
    return next((candidates for candidates in inside if candidates.size < most), inside[-1])


def _round_steps(low: float, high: float, most: int) -> Array:
    """Multiples of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(power * digit for digit in (1, 2, 5, 10) if high - low <= most * power * digit)
    return np.asarray(step * np.arange(math.floor(low / step), math.ceil(high / step) + 1))


def _between_integers(low: float, high: float, most: int) -> Array:
    """Edges halfway between integers, so that every bin holds as many of them."""
    step = math.ceil((high - low + 1) / most)
    return np.append(np.arange(low - 0.5, high + 0.5, step), high + 0.5)
