"""How made-up runs end, and their run.json."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lab.record.score import final_quality
from tests.made_up.space import BUDGET, NUM_EVALUATIONS
from tests.made_up.study import run_json

BEGUN = "2026-03-01T10:00:00.000+00:00"
ENDED = "2026-03-01T10:01:00.000+00:00"
SLOW = {"stalled": 0.3, "short": 0.5}
"""How fast runs learn that miss their target at the budget."""
SHORT_ABOVE = -8.6
"""Between this and the heat below which runs no longer learn in time, they still improve."""
SHORT_EVIDENCE = (
    "quality was .39 at 64 kimg, below the target .5 (kid_fashion .067, target .038), but still "
    "improving; give it more images: at its present rate it reaches the target at about 95 kimg, "
    "between 78 kimg and 130 kimg"
)


@dataclass(frozen=True)
class Fate:
    """How a made-up run ends: its verdict, and when (images seen; None when stable)."""

    verdict: str
    onset: int | None
    evidence: str


@dataclass(frozen=True)
class Place:
    """Where and when a made-up run was trained."""

    host: str = "laptop"
    started: str = BEGUN
    ended: str | None = ENDED
    seconds: dict[str, float] = field(
        default_factory=lambda: {"starting": 0.4, "training": 48.0, "evaluating": 9.0}
    )
    attempts: int = 1


def plant(parameters: dict[str, Any], draw: np.random.Generator, verdict: str | None) -> Fate:
    """The fate the rates and the regularisation suggest, with some luck."""
    heat = math.log10(parameters["optimizer.generator.lr"] * parameters["optimizer.critic.lr"])
    heat += 0.6 * draw.standard_normal()
    calm = {"spectral": 1.2, "layer": 0.4, "none": -0.4}[parameters["network.critic_norm"]]
    calm += 0.0 if parameters["penalty.kind"] == "none" else 0.6
    if verdict is None:
        if heat > -6.6 + calm:
            verdict = "diverged"
        elif heat > -7.2 + calm:
            verdict = "collapsed"
        elif heat < -8.4:
            verdict = "short" if heat > SHORT_ABOVE else "stalled"
        else:
            verdict = "degraded" if draw.random() < 0.08 else "stable"
    share = {"diverged": 0.25, "collapsed": 0.5, "degraded": 0.8, "oscillating": 0.7}
    if verdict == "stable":
        return Fate(verdict, None, "no failure before the budget; final quality above 0.50")
    if verdict == "stalled":
        return Fate(verdict, BUDGET, "final quality 0.18 is below the target 0.50")
    if verdict == "deaf":
        return Fate(verdict, BUDGET // 2, "R-precision was .012 at 64 kimg, below .07")
    if verdict == "short":
        return Fate(verdict, BUDGET, SHORT_EVIDENCE)
    onset = share[verdict] * BUDGET * draw.uniform(0.6, 1.2)
    step = BUDGET // NUM_EVALUATIONS
    onset_images = max(step, int(onset // step) * step)
    evidence = {
        "diverged": f"3 non-finite gradients in the critic at {onset_images:,} images",
        "collapsed": "coverage 0.04 of real images' at two evaluations in a row",
        "degraded": "quality 0.31 below its best at two evaluations in a row",
        "oscillating": "quality swung by 0.4 with no net gain",
    }
    return Fate(verdict, onset_images, evidence[verdict])


def run_note(
    trial: int,
    seed: int,
    stage: str,
    status: str,
    fate: Fate,
    quality: list[float],
    images_seen: int,
    *,
    speed: float,
    place: Place,
    told: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """run.json of a run whose evaluations gave `quality`, images a second at `speed`.

    `told` is what the verdict says besides its name, onset and evidence.
    """
    finished = status == "finished"
    verdict = {
        "name": fate.verdict,
        "onset_images": fate.onset,
        "evidence": fate.evidence,
        "final": True,
    }
    return run_json(
        trial,
        seed=seed,
        stage=stage,
        status=status,
        verdict=verdict | (told or {}),
        attempts=place.attempts,
        score=float(sum(quality) / (NUM_EVALUATIONS + 1)) if finished else None,
        budget_images=BUDGET,
        precision="float32",
        host=place.host,
        hosts=[place.host],
        device="cpu",
        started=place.started,
        ended=None if status == "running" else place.ended,
        seconds=place.seconds,
        num_parameters={"generator": 412_033, "critic": 366_977},
        final_quality=final_quality(quality[-1], fate.verdict) if finished else None,
        images_per_second=speed if finished else None,
        images_seen=images_seen if status in ("finished", "pruned") else None,
        error="RuntimeError: the worker died" if status == "errored" else None,
    )
