"""Stalled: alive at the budget, with quality below the target."""

from __future__ import annotations

from lab.record import QUALITY
from lab.record.columns import CRITIC_ACCURACY, GENERATOR_GRAD_NORM
from lab.record.words import brief, brief_beside, kimg
from lab.stability.history import Onset, RunHistory
from lab.stability.rule import Rule

ALWAYS_RIGHT = 0.99
"""Accuracy from which the evidence states that the critic classifies every image correctly."""


def stalled(history: RunHistory) -> Onset | None:
    """At the budget, quality is below the target. Onset: the budget, as no event precedes it."""
    if not history.ended:
        return None
    target = history.settings.target_quality
    last = len(history.rows) - 1
    points = history.points(QUALITY)
    if not points or points[-1].row != last:
        evidence = f"no quality was measured at the budget, target {brief(target)}"
        return Onset(last, history.budget_images, evidence)
    if points[-1].value >= target:
        return None
    best = max(points, key=lambda point: point.value)
    return Onset(
        last,
        history.budget_images,
        f"quality was {brief_beside(points[-1].value, target)} at {kimg(points[-1].images)}, "
        f"below the target {brief(target)}; its best was {brief(best.value)} at "
        f"{kimg(best.images)}; no other failure in {len(history.rows)} evaluations"
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
