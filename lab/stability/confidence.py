"""How much a verdict depends on the limits of its rules.

The confidence of a verdict is the share of a fixed grid of settings under which the same rows
get the same name. The grid makes the rule of the verdict `FACTORS` times as sensitive, all its
limits together, from half to twice; for `stable` it does so with every rule. It is no
probability: 1 means that no such choice of limits would have changed the name.
"""

from __future__ import annotations

from dataclasses import replace

from lab.config import StabilityConfig
from lab.record import STABLE, VerdictName
from lab.stability import rules
from lab.stability.history import RunHistory

FACTORS = tuple(2.0 ** (k / 4) for k in range(-4, 5))
"""Nine sensitivities, from half to twice."""

_MOST_OF_A_SHARE = 0.999
"""Limits that are shares stay below 1 when scaled."""


def more_sensitive(settings: StabilityConfig, name: VerdictName, factor: float) -> StabilityConfig:
    """Settings whose rule for `name` is `factor` times as sensitive; for `stable`, every rule."""
    scaled = rules.RULES.values() if name == STABLE else [rules.RULES[name]]
    changed: dict[str, float] = {}
    for rule in scaled:
        for field, direction in rule.limits.items():
            limit: float = getattr(settings, field)
            if direction == "above":
                changed[field] = limit / factor
            elif direction == "factor":
                changed[field] = limit ** (1.0 / factor)
            elif direction == "below":
                changed[field] = min(_MOST_OF_A_SHARE, limit * factor)
            else:
                changed[field] = 1.0 - (1.0 - limit) / factor
    return settings.model_copy(update=changed)


def confidence(history: RunHistory, name: VerdictName) -> float:
    """Share of `FACTORS` under which the rows of `history` get the same `name`, in [0, 1]."""
    same = 0
    for factor in FACTORS:
        settings = more_sensitive(history.settings, name, factor)
        failure = rules.first_failure(replace(history, settings=settings))
        same += (failure[0].name if failure else STABLE) == name
    return same / len(FACTORS)
