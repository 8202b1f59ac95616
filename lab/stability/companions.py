"""Signals that moved with a failure, in words: what a person would look at next."""

from __future__ import annotations

import math
from statistics import median

from lab.record import SIGNAL_PREFIX
from lab.record.words import brief
from lab.stability.history import Finding, History

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
"""Signals whose change is told as a factor."""
SHARES = {
    "critic_accuracy": "the critic's accuracy",
    "generator_update_cosine": "the cosine of the generator's updates",
    "logit_gap_autocorrelation": "the autocorrelation of the logit gap",
    "r_t": "r_t",
}
"""Signals of a fixed range, whose change is told from and to."""

NUM_BEFORE = 4
"""Windows before the onset that a signal is compared with: their median."""
FACTOR = 3.0
"""A signal has moved when it rose or fell by this factor,"""
STEP = 0.3
"""or, of a fixed range, by so much."""
MOST = 3
"""Movements told, the largest first."""


def companions(history: History, finding: Finding) -> list[str]:
    """Clauses such as `the critic's loss rose 9x`, of the windows from the onset to the row."""
    onset = next(
        (i for i, seen in enumerate(history.images) if seen >= finding.onset_images), finding.row
    )
    moves = [
        move
        for words, told in ((SCALES, _factor), (SHARES, _step))
        for name, text in words.items()
        if text not in finding.evidence
        and (around := _around(history, SIGNAL_PREFIX + name, onset, finding.row)) is not None
        and (move := told(text, *around)) is not None
    ]
    return [clause for _, clause in sorted(moves, reverse=True)[:MOST]]


def _around(
    history: History, column: str, onset: int, last: int
) -> tuple[float, list[float]] | None:
    """The usual value before the onset and the values from then on; None where one lacks."""
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
    how = f"rose {brief(ratio)}x" if ratio > 1 else f"fell to 1/{brief(1 / ratio)}"
    return math.log(size), f"{text} {how}"


def _step(text: str, usual: float, after: list[float]) -> tuple[float, str] | None:
    value = max(after, key=lambda value: abs(value - usual))
    if abs(value - usual) < STEP:
        return None
    return abs(value - usual), f"{text} went from {brief(usual)} to {brief(value)}"
