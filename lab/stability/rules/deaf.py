"""Deaf: the images are good, and their texts have no part in them."""

from __future__ import annotations

from lab.record.columns import R_PRECISION
from lab.record.words import brief, kimg
from lab.stability.history import Onset, RunHistory
from lab.stability.rule import Rule
from lab.stability.target import missed

CHANCE = 0.01
"""R-precision of images that have nothing to do with their texts: one of 100."""
LEAST_REAL = 0.1
"""R-precision of real images below which an encoder cannot decide."""
LASTING = 2
"""Evaluations in a row, up to the last one."""


def deaf(history: RunHistory) -> Onset | None:
    """At the budget the target is reached, and R-precision stayed near chance.

    Near chance: (r - chance) / (that of real images - chance) below `deaf_alignment`. Onset: the
    first evaluation of the stretch up to the last one.
    """
    real = history.baseline.get(R_PRECISION)
    if not history.ended or not history.has_target or real is None or real < LEAST_REAL:
        return None
    points = history.points(R_PRECISION)
    if missed(history) is not None or not points or points[-1].row != len(history.rows) - 1:
        return None
    limit = CHANCE + history.settings.deaf_alignment * (real - CHANCE)
    since = len(points)
    while since > 0 and points[since - 1].value < limit:
        since -= 1
    stretch = points[since:]
    if len(stretch) < LASTING:
        return None
    first, last = stretch[0], stretch[-1]
    return Onset(
        first.row,
        first.images,
        f"R-precision was {brief(last.value)} at {kimg(last.images)}, below {brief(limit)} from "
        f"{kimg(first.images)} on, where real images have {brief(real)} and chance is "
        f"{brief(CHANCE)}, while quality reached its target",
    )


RULE = Rule(
    "deaf",
    deaf,
    lambda names: (R_PRECISION,),
    {"deaf_alignment": "below"},
    names_signals=False,
    of_some=True,
)
