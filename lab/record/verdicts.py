"""How a run can end: every word of a verdict or a status, what it means, and how it is drawn.

To add a verdict, add its word to `VERDICTS` and write `lab/stability/rules/<name>.py`; nothing
else lists them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VerdictName = str
"""A name in `VERDICTS`; records of a newer version may hold others, so readers accept any."""
Status = Literal["running", "finished", "errored", "pruned"]
"""running: unfinished; finished: has a verdict; errored: crashed, not the GAN's fault."""


@dataclass(frozen=True)
class OutcomeStyle:
    """How an outcome is drawn: a colour and, as a second code, a shape and a dash.

    Verdicts have the colours of Okabe and Ito 2008, "Color Universal Design", which colour-blind
    readers can distinguish.
    """

    colour: str
    """#RRGGBB."""
    symbol: str
    """A marker symbol of Plotly."""
    dash: str
    """A line dash of Plotly."""
    path: str
    """The symbol as an SVG path in a box of 16 x 16."""


@dataclass(frozen=True)
class OutcomeWord:
    """A word for how a run ended, or for why it has not."""

    name: str
    meaning: str
    """Half a sentence for a person who sees the word for the first time."""
    style: OutcomeStyle
    breaks: bool = True
    """Whether the run failed before its budget. If so, it counts as dead from its onset on, its
    final quality is 0, and its later rows are not part of its curve."""
    fails: bool = True
    """Whether it is a failure of the game; of the budget or the person's choice otherwise."""


STABLE = "stable"
"""The verdict of a run that did what it should."""

VERDICTS: tuple[OutcomeWord, ...] = (
    OutcomeWord(
        STABLE,
        "reached the budget without a failure, with the target quality",
        OutcomeStyle("#009E73", "circle", "solid", "M8 2.5a5.5 5.5 0 1 0 .01 0z"),
        breaks=False,
        fails=False,
    ),
    OutcomeWord(
        "diverged",
        "non-finite values, or gradients that exploded and stayed so",
        OutcomeStyle("#D55E00", "x", "dot", "M3 1 8 6l5-5 2 2-5 5 5 5-2 2-5-5-5 5-2-2 5-5-5-5z"),
    ),
    OutcomeWord(
        "collapsed",
        "the generator makes too few different images",
        OutcomeStyle("#CC79A7", "square", "dash", "M3 3h10v10H3z"),
    ),
    OutcomeWord(
        "oscillating",
        "the distance to real images swings without a net gain",
        OutcomeStyle("#E69F00", "diamond", "dashdot", "M8 1 15 8 8 15 1 8z"),
    ),
    OutcomeWord(
        "degraded",
        "good once, then its distance to real images rose by a factor and stayed",
        OutcomeStyle("#0072B2", "triangle-up", "longdashdot", "M1.5 13h13L8 1.5z"),
    ),
    OutcomeWord(
        "stalled",
        "alive at the budget, below the target quality, and no longer improving",
        OutcomeStyle("#56B4E9", "triangle-down", "longdash", "M1.5 3h13L8 14.5z"),
        breaks=False,
    ),
    OutcomeWord(
        "deaf",
        "good images that do not depend on their texts: R-precision stays near chance",
        OutcomeStyle("#7B6FD0", "hexagon", "2px,4px", "M4.5 2h7L15 8l-3.5 6h-7L1 8z"),
        breaks=False,
    ),
    OutcomeWord(
        "short",
        "still improving at the budget, which ended before the target quality",
        OutcomeStyle("#B8A800", "triangle-right", "10px,3px", "M3 1.5v13L14.5 8z"),
        breaks=False,
        fails=False,
    ),
)
"""The verdicts in the order of tables and legends. Where the rules of several failures hold first
at the same row, the earlier one names it, so the nearer to the cause comes first: values that are
not finite make everything else fail; lost modes explain a fall of quality, and swings that gain
nothing explain each single fall."""

_GREY = "#8A8A8A"

UNFINISHED: tuple[OutcomeWord, ...] = (
    OutcomeWord(
        "running",
        "not finished yet",
        OutcomeStyle(
            _GREY,
            "circle-open",
            "solid",
            "M8 2a6 6 0 1 0 .01 0zm0 2.4a3.6 3.6 0 1 1-.01 0z",
        ),
        breaks=False,
    ),
    OutcomeWord(
        "pruned",
        "stopped by choice: neither stable nor failed",
        OutcomeStyle(_GREY, "square-open", "solid", "M2.5 2.5h11v11h-11zM5 5v6h6V5z"),
        breaks=False,
    ),
    OutcomeWord(
        "errored",
        "crashed, which is not the GAN's fault",
        OutcomeStyle(_GREY, "cross", "solid", "M6 1.5h4V6h4.5v4H10v4.5H6V10H1.5V6H6z"),
        breaks=False,
    ),
)
"""Statuses of runs without a verdict."""

FAILURES: tuple[str, ...] = tuple(word.name for word in VERDICTS if word.fails)
"""Names of the verdicts that are failures of the game."""
RULED: tuple[str, ...] = tuple(word.name for word in VERDICTS if word.name != STABLE)
"""Names of the verdicts that a rule gives: the failures, and `short`."""
UNBROKEN: tuple[str, ...] = tuple(word.name for word in VERDICTS if not word.breaks)
"""Names of the verdicts of runs that did not break before their budget."""
