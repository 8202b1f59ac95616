"""What truly happened to a run, and the verdicts that are right for it."""

from __future__ import annotations

from typing import Literal

from lab.record.verdicts import VERDICTS

Truth = Literal[
    "healthy", "broke", "never learned", "short", "worse than its start", "broken metric"
]
BROKEN_METRIC = "broken metric"
"""The judge refused the log because of its metric."""
REFUSED = "refused"
"""The judge refused the log for another reason."""
NO_VERDICT = "no verdict"
"""The judge found the run unfinished, though its log is whole."""
CALLED: tuple[str, ...] = (*(word.name for word in VERDICTS), BROKEN_METRIC, REFUSED, NO_VERDICT)
"""All that a log can be called."""

BREAKS = ("degraded", "collapsed", "diverged", "oscillating")
RIGHT: dict[Truth, tuple[str, ...]] = {
    "healthy": ("stable", "short"),
    "broke": BREAKS,
    "never learned": ("stalled",),
    "short": ("short",),
    "worse than its start": (*BREAKS, "stalled"),
    "broken metric": (BROKEN_METRIC,),
}


def is_right(truth: Truth, called: str, evidence: str) -> bool:
    """Whether a run of this truth may be called so.

    A run that ended worse than it started may be called stalled only if the evidence states it: a
    fine-tuned network that lost quality is no network that learned nothing.
    """
    if truth == "worse than its start" and called == "stalled":
        return "start" in evidence
    return called in RIGHT[truth]
