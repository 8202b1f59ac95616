"""Oscillating: the distance to real images swings up and down without a net gain."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

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
STEADY = 0.75
"""Least share of the swings in the way of x: 1 for a steady way from turn to turn; white noise so
strong that it swings by a factor of 2 has .3 to .6."""

HIGH = 1 / 3
"""Least share of the evaluations that are bad ones: single bad evaluations are spikes."""


def oscillating(history: RunHistory) -> Onset | None:
    """`NUM_SWINGS` swings in a row, each by more than `swing_factor`, without net gain.

    In x, the logarithm of the distance, past `LEARNING_SHARE` of the budget. A swing is the
    change from one turning point to the next; a turn counts once x has come back from it by more
    than the limit, as smaller changes are noise. Net gain is the fall from the first high to the
    last, or from the first low to the last, whichever is larger; it must be below half the mean
    swing. The swings must be of similar size (`EVEN`), and x must go from turn to turn without
    many ways back (`STEADY`), as noise does not, and be high as often as low (`HIGH`). Onset: the
    first of the turns.
    """
    learned = LEARNING_SHARE * history.budget_images
    points = [point for point in history.log_distances if point.images > learned]
    travelled = dict(zip((point.row for point in points), _path(points), strict=True))
    for turns in _turns(points, math.log(history.settings.swing_factor)):
        if len(turns) <= NUM_SWINGS:
            continue
        swings = [abs(b.value - a.value) for a, b in pairwise(turns)]
        gain = max(turns[0].value - turns[-1].value, turns[1].value - turns[-2].value)
        path = travelled[turns[-1].row] - travelled[turns[0].row]
        is_regular = (
            min(swings) >= EVEN * max(swings)
            and sum(swings) >= STEADY * path
            and _share_high(points, turns) >= HIGH
        )
        if gain < sum(swings) / len(swings) / 2 and is_regular:
            evidence = _evidence(history, turns, swings, gain)
            return Onset(turns[-1].row, turns[0].images, evidence)
    return None


def _share_high(points: Sequence[Point], turns: Sequence[Point]) -> float:
    """Share of the evaluations from the first turn to the last that lie above the middle."""
    inside = [point.value for point in points if turns[0].row <= point.row <= turns[-1].row]
    middle = (min(inside) + max(inside)) / 2
    return sum(value > middle for value in inside) / len(inside)


def _path(points: Sequence[Point]) -> Iterator[float]:
    """The length of the way of x, up and down, to each point."""
    changes = (abs(b.value - a.value) for a, b in pairwise(points))
    return accumulate(changes, initial=0.0) if points else iter(())


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
    """Move the last turn further, or add one when x has come back by more than the limit."""
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
        f"{history.words_of_distance} swung {len(swings)} times by factors of "
        f"{brief(math.exp(min(swings)))} to {brief(math.exp(max(swings)))} between "
        f"{kimg(turns[0].images)} and {kimg(turns[-1].images)}, with a net gain of "
        f"{brief(math.exp(max(0.0, gain)))} x"
    )
    return "; ".join([text, *signals])


RULE = Rule("oscillating", oscillating, lambda names: (QUALITY,), {"swing_factor": "factor"})
