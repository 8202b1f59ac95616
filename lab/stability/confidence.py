"""How far a verdict hangs on the limits of its rules.

The confidence of a verdict is the share of a fixed grid of settings under which the same rows
get the same name. The grid makes the rule of the verdict `FACTORS` times as sensitive, all its
limits together, from half to twice; of `stable` it does so with every rule. It is no
probability: 1 says that no such choice of limits would have changed the name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from lab.config import StabilityConfig
from lab.record import VerdictName
from lab.stability.history import History
from lab.stability.rules import first_failure

FACTORS = tuple(2.0 ** (k / 4) for k in range(-4, 5))
"""Nine steps of sensitivity, from half to twice."""

Direction = Literal["above", "below", "shortfall"]

LIMITS: dict[VerdictName, dict[str, Direction]] = {
    "diverged": {"explosion_factor": "above", "explosion_norm": "above"},
    "collapsed": {
        "collapse_coverage": "below",
        "collapse_diversity": "below",
        "collapse_modes": "below",
        "collapse_duplicates": "above",
    },
    "oscillating": {"oscillation_swing": "above"},
    "degraded": {"degraded_drawdown": "above"},
    "stalled": {"target_quality": "shortfall"},
}
"""Each rule's limits, and where a value must lie for the rule to fire: above the limit or below
it. A target is missed by a shortfall: 1 - quality above 1 - target."""

_MOST_OF_A_SHARE = 0.999
"""Shares are below one; so are their scaled limits."""


def more_sensitive(settings: StabilityConfig, name: VerdictName, factor: float) -> StabilityConfig:
    """Settings whose rule for `name` is `factor` times as sensitive; `stable`: every rule."""
    rules = LIMITS if name == "stable" else {name: LIMITS[name]}
    changed: dict[str, float] = {}
    for limits in rules.values():
        for field, direction in limits.items():
            limit: float = getattr(settings, field)
            if direction == "above":
                changed[field] = limit / factor
            elif direction == "below":
                changed[field] = min(_MOST_OF_A_SHARE, limit * factor)
            else:
                changed[field] = 1.0 - (1.0 - limit) / factor
    return settings.model_copy(update=changed)


def confidence(history: History, name: VerdictName) -> float:
    """Share of `FACTORS` under which the rows of `history` get the same `name`, in [0, 1]."""
    same = 0
    for factor in FACTORS:
        settings = more_sensitive(history.settings, name, factor)
        found = first_failure(replace(history, settings=settings))
        same += (found[0] if found else "stable") == name
    return same / len(FACTORS)
