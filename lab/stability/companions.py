"""Signals that moved with a failure, in words, for the evidence of a verdict."""

from __future__ import annotations

import math
from statistics import median

from lab.record import SIGNAL_PREFIX
from lab.record.words import brief
from lab.stability.history import Onset, RunHistory

SCALES = {
    "critic_loss": "the critic's loss",
    "generator_loss": "the generator's loss",
    "critic_grad_norm": "the critic's gradient norm",
    "generator_grad_norm": "the generator's gradient norm",
    "critic_update_ratio": "the critic's relative update",
    "generator_update_ratio": "the generator's relative update",
    "critic_sigma_max": "the critic's largest singular value",
    "generator_sigma_max": "the generator's largest singular value",
    "participation_ratio": "the participation ratio of the critic's features",
    "diversity": "the diversity of generated batches",
    "lipschitz": "the critic's slope",
}
"""Signals whose change is stated as a factor."""
SHARES = {
    "critic_accuracy": "the critic's accuracy",
    "generator_update_cosine": "the cosine of the generator's updates",
    "logit_gap_autocorrelation": "the autocorrelation of the logit gap",
    "r_t": "r_t",
}
"""Signals of a fixed range, whose values before and after are stated."""

NUM_BEFORE = 4
"""A signal is compared with its median over this many windows before the onset."""
FACTOR = 3.0
"""A signal moved if it rose or fell by this factor."""
STEP = 0.3
"""A signal of a fixed range moved if it changed by this much."""
MOST = 3
"""At most this many signals are stated, the largest change first."""


def companions(history: RunHistory, onset: Onset) -> list[str]:
    """Clauses such as `the critic's loss rose 9x`, on the windows from the onset to its row."""
    first = next((i for i, seen in enumerate(history.images) if seen >= onset.images), onset.row)
    moves = [
        move
        for words, measure in ((SCALES, _factor), (SHARES, _step))
        for name, text in words.items()
        if text not in onset.evidence
        and (around := _around(history, SIGNAL_PREFIX + name, first, onset.row)) is not None
        and (move := measure(text, *around)) is not None
    ]
    return [clause for _, clause in sorted(moves, reverse=True)[:MOST]]


def _around(
    history: RunHistory, column: str, onset: int, last: int
) -> tuple[float, list[float]] | None:
    """The median before the onset and the values from then on; None if either is missing."""
    points = [point for point in history.points(column) if point.row <= last]
    before = [point.value for point in points if point.row < onset][-NUM_BEFORE:]
    after = [point.value for point in points if point.row >= onset]
    return (median(before), after) if len(before) > 1 and after else None


def _factor(text: str, usual: float, after: list[float]) -> tuple[float, str] | None:
    if usual == 0:
        return None
    ratios = [value / usual for value in after if value / usual > 0]
    if not ratios:
        return None
    ratio = max(ratios, key=lambda ratio: abs(math.log(ratio)))
    size = max(ratio, 1 / ratio)
    if size < FACTOR:
        return None
    how = f"rose {brief(ratio)}x" if ratio > 1 else f"fell to {brief(ratio)} of what it was"
    return math.log(size), f"{text} {how}"


def _step(text: str, usual: float, after: list[float]) -> tuple[float, str] | None:
    value = max(after, key=lambda value: abs(value - usual))
    if abs(value - usual) < STEP:
        return None
    return abs(value - usual), f"{text} went from {brief(usual)} to {brief(value)}"
