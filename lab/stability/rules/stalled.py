"""Stalled: alive at the budget, with the target missed and no more improvement."""

from __future__ import annotations

from lab.record import QUALITY
from lab.record.columns import CRITIC_ACCURACY, GENERATOR_GRAD_NORM
from lab.record.words import brief, kimg
from lab.stability.history import Onset, RunHistory
from lab.stability.rule import Rule
from lab.stability.target import missed, still_improving

ALWAYS_RIGHT = 0.99
"""Accuracy from which the evidence states that the critic classifies every image correctly."""


def stalled(history: RunHistory) -> Onset | None:
    """At the budget the target is missed, and the last third brought nothing beyond noise.

    Onset: the budget, as no event precedes it. A log without a target is stalled only where it
    never improved on an untrained first row.
    """
    if not history.ended:
        return None
    last = len(history.rows) - 1
    points = history.points(QUALITY)
    if not points or (points[-1].row != last and not history.from_elsewhere):
        evidence = "no quality was measured at the budget"
        return Onset(last, history.budget_images, evidence)
    if not history.has_target:
        return _never_learned(history)
    why = missed(history)
    if why is None or still_improving(history) is not None:
        return None
    # By distance: quality is 0 at every value beyond the anchor's.
    best = min(history.log_distances or points, key=lambda point: point.value)
    return Onset(
        last,
        history.budget_images,
        f"{why}, and did not improve beyond noise over the last third; its best "
        f"{history.column_of_amounts} was {history.amount_at(best.row)} at {kimg(best.images)}; "
        f"no other failure in {len(history.rows)} evaluations{_standstill(history)}",
    )


def _never_learned(history: RunHistory) -> Onset | None:
    if not history.never_learned:
        return None
    first = history.log_distances[0]
    return Onset(
        len(history.rows) - 1,
        history.budget_images,
        f"{history.words_of_distance} never fell beyond noise below its first value, "
        f"{history.amount_at(first.row)} at {kimg(first.images)}, which is no trained generator's"
        f"{_standstill(history)}",
    )


def _standstill(history: RunHistory) -> str:
    """Clauses on the change of the generator's gradients and a critic that makes no mistake."""
    clauses = []
    norms = history.points(GENERATOR_GRAD_NORM)
    if len(norms) > 1 and norms[0].value > 0:
        share = norms[-1].value / norms[0].value
        clauses.append(
            f"the generator's gradient norm ended at {brief(share)} times its first value"
        )
    accuracy = history.points(CRITIC_ACCURACY)
    if accuracy and accuracy[-1].value >= ALWAYS_RIGHT:
        clauses.append("the critic classified every image correctly")
    return "".join(f"; {clause}" for clause in clauses)


RULE = Rule(
    "stalled",
    stalled,
    lambda names: (QUALITY,),
    {"target_quality": "shortfall"},
    names_signals=False,
)
