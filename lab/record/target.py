"""The target of a run: a quality, or a distance in its own unit (`fid=20`), stored as both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from lab.config import StabilityConfig
from lab.errors import InputError
from lab.record.columns import MetricNames
from lab.record.scale import Scale

LEAST_QUALITY, MOST_QUALITY = 0.001, 0.999


class Target(NamedTuple):
    """What "good enough" means: a name and the value that must be reached."""

    name: str
    """`quality`, or a distance: `fid`, `kid`, `fd_fashion`, or a column of the record."""
    value: float

    @property
    def settings(self) -> dict[str, float | str]:
        """As settings of a configuration."""
        if self.name == "quality":
            return {"stability.target_quality": self.value}
        return {"stability.target_distance": f"{self.name}={self.value:g}"}

    def applied_to(self, settings: StabilityConfig) -> StabilityConfig:
        """Settings that hold a run to this target alone."""
        named = {path.removeprefix("stability."): to for path, to in self.settings.items()}
        return settings.model_copy(update={"target_distance": "", **named})


def parse_target(text: str) -> Target:
    """`fid=20`, `quality=.5` or `.5`. Raises InputError for any other text."""
    name, equals, number = text.rpartition("=")
    name = name.strip().lower() if equals else "quality"
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    is_fair = 0 < value < 1 if name == "quality" else 0 < value < math.inf
    if not name or not is_fair:
        raise InputError(
            f"the target is '{text}'; give a quality between 0 and 1 (quality=.5), or a distance "
            "above 0 by its name (fid=20)"
        )
    return Target(name, value)


def target_column(target: Target, names: MetricNames) -> str:
    """The column of a target's distance, by its beginning. Raises InputError for another name."""
    for column in (names.frechet, names.kernel):
        if target.name == column or column.startswith(f"{target.name}_"):
            return column
    raise InputError(
        f"the target names '{target.name}'; this run measures {names.frechet} and {names.kernel}: "
        "give one of these, or quality"
    )


def quality_of_target(
    text: str, names: MetricNames, anchor: Mapping[str, float], baseline: Mapping[str, float]
) -> float:
    """The quality at a target like `fid=20`, by that distance's own anchors; inside (0, 1)."""
    target = parse_target(text)
    column = target_column(target, names)
    scale = Scale(anchor.get(column, math.nan), baseline.get(column, 0.0))
    return min(MOST_QUALITY, max(LEAST_QUALITY, scale.quality(target.value)))
