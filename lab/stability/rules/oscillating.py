"""Oscillating: quality swings up and down without a net gain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from lab.record import QUALITY
from lab.record.columns import GAP_AUTOCORRELATION, GENERATOR_UPDATE_COSINE
from lab.record.words import brief, kimg
from lab.stability.history import LEARNING_SHARE, Onset, Point, RunHistory
from lab.stability.rule import Rule

NUM_SWINGS = 4
"""Alternating falls and rises that count as an oscillation: two whole cycles."""
EVEN = 1 / 3
"""Least ratio of the smallest swing to the largest: one fall after small swings is no
oscillation."""


def oscillating(history: RunHistory) -> Onset | None:
    """`NUM_SWINGS` swings in a row, each larger than `oscillation_swing`, without net gain.

    Only quality past `LEARNING_SHARE` of the budget counts. A swing is the change from one
    turning point of quality to the next; a turn counts once quality has come back from it by
    more than the limit, as smaller changes are noise. Net gain is the last high minus the first,
    or the last low minus the first, whichever is larger; it must be below half the mean swing,
    and the swings must be of similar size (`EVEN`). Onset: the first of the turns.
    """
    learned = LEARNING_SHARE * history.budget_images
    points = [point for point in history.points(QUALITY) if point.images > learned]
    for turns in _turns(points, history.settings.oscillation_swing):
        if len(turns) <= NUM_SWINGS:
            continue
        swings = [abs(b.value - a.value) for a, b in pairwise(turns)]
        gain = max(turns[-1].value - turns[0].value, turns[-2].value - turns[1].value)
        if gain < sum(swings) / len(swings) / 2 and min(swings) >= EVEN * max(swings):
            evidence = _evidence(history, turns, swings, gain)
            return Onset(turns[-1].row, turns[0].images, evidence)
    return None


def _turns(points: Sequence[Point], limit: float) -> Iterator[list[Point]]:
    """The latest turning points as of each point; the last one is still moving."""
    turns: list[Point] = []
    low: Point | None = None
    high: Point | None = None
    for point in points:
        if turns:
            _continue(turns, point, limit)
        else:
            low = min(low or point, point, key=_value)
            high = max(high or point, point, key=_value)
            if high.value - low.value > limit:
                turns = sorted([low, high])
        yield turns[-NUM_SWINGS - 1 :]


def _continue(turns: list[Point], point: Point, limit: float) -> None:
    """Move the last turn further, or add one when quality has come back by more than the limit."""
    rising = turns[-1].value > turns[-2].value
    onward = point.value - turns[-1].value if rising else turns[-1].value - point.value
    if onward > 0:
        turns[-1] = point
    elif -onward > limit:
        turns.append(point)


def _value(point: Point) -> float:
    return point.value


def _evidence(
    history: RunHistory, turns: Sequence[Point], swings: Sequence[float], gain: float
) -> str:
    last = turns[-1].row
    signals = [
        f"{words} {brief(value)}"
        for words, column in (
            ("the logit gap's autocorrelation was", GAP_AUTOCORRELATION),
            ("the cosine of successive generator updates was", GENERATOR_UPDATE_COSINE),
        )
        if (value := history.value(last, column)) is not None
    ]
    text = (
        f"quality swung {len(swings)} times by {brief(min(swings))} to {brief(max(swings))} "
        f"between {kimg(turns[0].images)} and {kimg(turns[-1].images)}, with a net gain of "
        f"{brief(gain)}"
    )
    return "; ".join([text, *signals])


RULE = Rule("oscillating", oscillating, lambda names: (QUALITY,), {"oscillation_swing": "above"})
