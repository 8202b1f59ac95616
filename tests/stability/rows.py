"""Rows of one hand-made run, and its judge: 12 evaluations of a 192 kimg budget after row 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.config import StabilityConfig
from lab.record.columns import metric_names
from lab.record.scale import Scale
from lab.stability.verdict import Verdict, judge

NAMES = metric_names("fashion")
BASELINE = {NAMES.coverage: 0.95, NAMES.kernel: 0.001}
SCALE = Scale(0.2, BASELINE[NAMES.kernel])
EVERY = 16_000
BUDGET = 12 * EVERY
HEALTHY = [0.0, 0.05, 0.2, 0.35, 0.5, 0.6, 0.66, 0.7, 0.74, 0.77, 0.8, 0.82, 0.83]
"""Quality of a healthy run at images 0, 16k, ..., 192k."""


def run_rows(quality: Sequence[float] = HEALTHY, **columns: Sequence[Any]) -> list[dict[str, Any]]:
    """A healthy run's rows with another quality or other columns; None leaves a value out."""
    filled: dict[str, Sequence[Any]] = {
        "quality": quality,
        NAMES.kernel: [SCALE.distance(u) for u in quality],
        NAMES.coverage: [0.8 * u for u in HEALTHY],
        "signal_non_finite": [0] * len(quality),
        "signal_diversity": [0.02, *[0.7] * (len(quality) - 1)],
        "signal_generator_grad_norm": [None, *[0.8, 1.1, 0.9, 1.0] * 3],
        "signal_critic_grad_norm": [None, *[7.0, 9.0, 8.0] * 4],
    }
    filled |= columns
    return [
        {"images_seen": i * EVERY}
        | {name: values[i] for name, values in filled.items() if values[i] is not None}
        for i in range(len(quality))
    ]


def judged(
    rows: Sequence[Mapping[str, Any]],
    *,
    baseline: Mapping[str, float] = BASELINE,
    budget_images: int = BUDGET,
    **settings: float,
) -> Verdict | None:
    """The verdict with the default settings, or some replaced."""
    return judge(
        rows,
        names=NAMES,
        baseline=baseline,
        budget_images=budget_images,
        settings=StabilityConfig.model_validate(settings),
        scale=SCALE,
    )


def first_told(rows: Sequence[Mapping[str, Any]]) -> tuple[int, Verdict] | None:
    """How many rows it takes until there is a verdict, and the verdict."""
    for count in range(len(rows) + 1):
        verdict = judged(rows[:count])
        if verdict is not None:
            return count, verdict
    return None


def verdict_of(verdict: Verdict | None) -> Verdict:
    """The verdict of a run that has one."""
    assert verdict is not None
    return verdict


def replaced(values: Sequence[Any], changes: Mapping[int, Any]) -> list[Any]:
    """A copy of a column with some entries replaced."""
    return [changes.get(i, value) for i, value in enumerate(values)]
