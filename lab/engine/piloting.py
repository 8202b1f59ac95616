"""A pilot's end: what early quality told of the final one, for the search that follows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lab.record import FAILURES, IMAGES_SEEN, QUALITY, RunRecord, read_study
from lab.statistics.pilot import Curve, Pilot, grace_period


def pilot_of(study: Path, budget_images: int, seed: int) -> Pilot:
    """The rank correlations of a study's finished runs, and the grace period they allow."""
    runs = [run for run in read_study(study).runs if run.status == "finished"]
    return grace_period(
        [curve_of(run) for run in runs], budget_images, np.random.default_rng(seed)
    )


def curve_of(run: RunRecord) -> Curve:
    """A run's quality while it lived; a failure's rows end at its onset."""
    onset = run.card.verdict.onset_images if run.card.verdict else None
    ends = run.verdict in FAILURES and run.verdict != "stalled" and onset is not None
    rows = [row for row in run.evaluations if not ends or row[IMAGES_SEEN] < onset]
    return Curve([int(row[IMAGES_SEEN]) for row in rows], [float(row[QUALITY]) for row in rows])


def recommendation(pilot: Pilot) -> str:
    """The sentence, and the option that follows it."""
    if pilot.grace_images is None:
        return pilot.sentence
    return f"{pilot.sentence}\n  --prune asha --grace-kimg {pilot.grace_images / 1000:g}"
