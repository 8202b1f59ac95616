"""When the quality of a run predicts its final quality: the grace period that pruning needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.record.words import brief, kimg
from lab.statistics.comparing import RankCorrelations, rank_correlations

Array = NDArray[np.float64]

LEAST_RUNS = 10
"""Runs alive at an evaluation below which its rank correlation is not looked at (initial)."""
LEAST_CORRELATION = 0.7
"""Rank correlation that its lower bound must keep from the grace period on (initial)."""


class Curve(NamedTuple):
    """One run's evaluations: images seen, ascending, and quality u at each.

    A curve that ends before the budget is that of a failure: its quality is 0 from its end on.
    """

    images: Sequence[int]
    quality: Sequence[float]


@dataclass(frozen=True)
class Pilot:
    """How well quality at each early evaluation ranks runs as their final quality does."""

    grace_images: int | None
    """Images seen before which no run should be pruned; None without enough evidence."""
    sentence: str
    """The recommendation, or why there is none, with its numbers."""
    images: tuple[int, ...]
    """The evaluations before the budget; one entry each in the fields below."""
    num_alive: tuple[int, ...]
    """Runs that had not failed by then, the only ones pruning could still stop."""
    correlation: tuple[float, ...]
    """Spearman's, between the quality then and the final one; NaN where it is undefined."""
    low: tuple[float, ...]
    high: tuple[float, ...]


def grace_period(
    curves: Sequence[Curve],
    budget_images: int,
    rng: np.random.Generator,
    *,
    least_correlation: float = LEAST_CORRELATION,
    least_runs: int = LEAST_RUNS,
    confidence: float = 0.95,
) -> Pilot:
    """The earliest evaluation from which early quality keeps ranking runs as final quality does.

    At every evaluation before the budget, Spearman's rank correlation with the final quality (0
    for a failure) over the runs alive there, with a bootstrap interval over those runs. Runs that
    have failed by then stop by themselves; with them in, the correlation would look better than
    the choice that pruning has to make. The grace period is the first evaluation from which the
    interval's lower end is `least_correlation` or more up to the budget.
    """
    images = _early_evaluations(curves, budget_images)
    early = np.array([_held(curve, images) for curve in curves]).reshape(len(curves), len(images))
    final = np.array([_final(curve, budget_images) for curve in curves])
    end = np.array([curve.images[-1] if curve.images else 0 for curve in curves], dtype=np.int64)
    alive = (end[:, None] > images[None, :]) | (end[:, None] >= budget_images)
    correlations = _correlations(early, final, alive, least_runs, rng, confidence)
    kept = np.logical_and.accumulate((correlations.low >= least_correlation)[::-1])[::-1]
    index = int(np.argmax(kept)) if kept.any() else None
    return Pilot(
        None if index is None else int(images[index]),
        _refusal(images, final, alive, correlations, least_correlation, least_runs)
        if index is None
        else _recommendation(int(images[index]), int(alive[:, index].sum()), correlations, index),
        tuple(images.tolist()),
        tuple(alive.sum(axis=0).tolist()),
        *(tuple(column.tolist()) for column in correlations),
    )


def _early_evaluations(curves: Sequence[Curve], budget_images: int) -> NDArray[np.int64]:
    seen = {int(at) for curve in curves for at in curve.images if 0 < at < budget_images}
    return np.array(sorted(seen), dtype=np.int64)


def _held(curve: Curve, images: NDArray[np.int64]) -> Array:
    """Quality at these places: the latest at or before each, 0 before the first."""
    values = np.concatenate([[0.0], np.nan_to_num(np.asarray(curve.quality, dtype=np.float64))])
    return values[np.searchsorted(np.asarray(curve.images), images, side="right")]


def _final(curve: Curve, budget_images: int) -> float:
    """Quality at the budget; 0 where the run ended before."""
    reached = len(curve.images) > 0 and curve.images[-1] >= budget_images
    return float(_held(curve, np.array([budget_images]))[0]) if reached else 0.0


def _correlations(
    early: Array,
    final: Array,
    alive: NDArray[np.bool_],
    least_runs: int,
    rng: np.random.Generator,
    confidence: float,
) -> RankCorrelations:
    columns = np.full((3, early.shape[1]), np.nan)
    for i in range(early.shape[1]):
        here = alive[:, i]
        if int(here.sum()) >= least_runs:
            one = rank_correlations(early[here, i][:, None], final[here], rng,
                                    confidence=confidence)  # fmt: skip
            columns[:, i] = one.value[0], one.low[0], one.high[0]
    return RankCorrelations(*columns)


def _recommendation(grace: int, num_alive: int, correlations: RankCorrelations, index: int) -> str:
    return (
        f"Give every run {kimg(grace)} before it may be pruned: quality there ranks the "
        f"{num_alive} runs alive as their final quality does with a correlation of "
        f"{brief(correlations.value[index])} (95% interval {brief(correlations.low[index])} to "
        f"{brief(correlations.high[index])}), and every later evaluation does as well."
    )


def _refusal(
    images: NDArray[np.int64],
    final: Array,
    alive: NDArray[np.bool_],
    correlations: RankCorrelations,
    least_correlation: float,
    least_runs: int,
) -> str:
    """Why no grace period is recommended, the plainest reason first."""
    opening = "Not enough evidence for a grace period: "
    num_runs = final.size
    if num_runs < least_runs:
        return f"{opening}{num_runs} finished runs, at least {least_runs} are needed."
    if np.ptp(final) == 0:
        return f"{opening}all {num_runs} runs ended with the quality {brief(final[0])}."
    if images.size == 0:
        return f"{opening}no run was evaluated between its start and the budget."
    most_alive = int(alive.sum(axis=0).max())
    if most_alive < least_runs:
        return (
            f"{opening}{most_alive} runs were alive at the first evaluation, at least "
            f"{least_runs} are needed."
        )
    if np.isnan(correlations.value).all():
        return f"{opening}the runs' early qualities are equal, or their final ones are."
    best = int(np.nanargmax(correlations.value))
    interval = f"{brief(correlations.low[best])} to {brief(correlations.high[best])}"
    highest = (
        f"{brief(correlations.value[best])} at {kimg(images[best])} (95% interval {interval}, "
        f"{int(alive[:, best].sum())} runs)"
    )
    if correlations.value[best] < least_correlation:
        return (
            f"No grace period: early quality never ranks runs as their final quality does; the "
            f"highest rank correlation is {highest}, {brief(least_correlation)} is required."
        )
    if np.nanmax(correlations.low) < least_correlation:
        return (
            f"{opening}the rank correlation reaches {highest}, but its interval is too wide to "
            f"promise {brief(least_correlation)}; more runs would narrow it."
        )
    return (
        f"{opening}the rank correlation reaches {highest}, but does not keep "
        f"{brief(least_correlation)} up to the budget, or too few runs were left alive."
    )
