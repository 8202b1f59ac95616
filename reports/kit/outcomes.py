"""How each outcome looks: an Okabe-Ito colour and, as second code, a shape and a dash.

Okabe and Ito 2008, "Color Universal Design": eight colours told apart by colour-blind readers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from lab.record import FAILURES
from reports.kit.markup import Html


@dataclass(frozen=True)
class Look:
    """Colour, Plotly marker symbol, Plotly dash, and the same shape as an SVG path in 16 x 16."""

    colour: str
    symbol: str
    dash: str
    path: str
    meaning: str


LOOKS: dict[str, Look] = {
    "stable": Look(
        "#009E73", "circle", "solid",
        "M8 2.5a5.5 5.5 0 1 0 .01 0z",
        "reached the budget without a failure, with the target quality",
    ),
    "diverged": Look(
        "#D55E00", "x", "dot",
        "M3 1 8 6l5-5 2 2-5 5 5 5-2 2-5-5-5 5-2-2 5-5-5-5z",
        "non-finite values, or gradients that exploded and stayed so",
    ),
    "collapsed": Look(
        "#CC79A7", "square", "dash",
        "M3 3h10v10H3z",
        "the generator makes too few different images",
    ),
    "oscillating": Look(
        "#E69F00", "diamond", "dashdot",
        "M8 1 15 8 8 15 1 8z",
        "quality swings without a net gain",
    ),
    "stalled": Look(
        "#56B4E9", "triangle-down", "longdash",
        "M1.5 3h13L8 14.5z",
        "alive at the budget, yet below the target quality",
    ),
    "degraded": Look(
        "#0072B2", "triangle-up", "longdashdot",
        "M1.5 13h13L8 1.5z",
        "good once, then fell well below its best",
    ),
    "running": Look("#8A8A8A", "circle-open", "solid",
        "M8 2a6 6 0 1 0 .01 0zm0 2.4a3.6 3.6 0 1 1-.01 0z", "not finished yet",
    ),
    "pruned": Look("#8A8A8A", "square-open", "solid",
        "M2.5 2.5h11v11h-11zM5 5v6h6V5z", "stopped by choice: neither stable nor failed",
    ),
    "errored": Look("#8A8A8A", "cross", "solid",
        "M6 1.5h4V6h4.5v4H10v4.5H6V10H1.5V6H6z", "crashed, which is not the GAN's fault",
    ),
}  # fmt: skip

UNKNOWN = Look("#8A8A8A", "hexagon2", "solid", "M8 1l6 3.5v7L8 15l-6-3.5v-7z", "")

OUTCOMES = tuple(LOOKS)
VERDICTS = ("stable", *FAILURES)


def look(outcome: str) -> Look:
    """The look of an outcome; grey for one that a newer record has and this report does not."""
    return LOOKS.get(outcome, UNKNOWN)


def in_order(outcomes: set[str]) -> list[str]:
    """Outcomes in the order of the house, unknown ones last."""
    known = [outcome for outcome in OUTCOMES if outcome in outcomes]
    return known + sorted(outcomes - set(known))


def counts_in_order(outcomes: pd.Series[Any]) -> dict[str, int]:
    """How many runs of each outcome, in the order of the house: the key of a figure."""
    counts = outcomes.value_counts()
    return {outcome: int(counts[outcome]) for outcome in in_order(set(counts.index))}


def glyph(outcome: str) -> Html:
    """The outcome's shape in its colour, as inline SVG."""
    shape = look(outcome)
    return Html(
        '<svg class="glyph" viewBox="0 0 16 16" aria-hidden="true">'
        f'<path fill="{shape.colour}" fill-rule="evenodd" d="{shape.path}"/></svg>'
    )
