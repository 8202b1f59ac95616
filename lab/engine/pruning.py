"""Stopping explore runs that look poor: Ray's ASHA on the quality so far, if asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ray.tune.schedulers import AsyncHyperBandScheduler, FIFOScheduler

from lab.engine.run_callback import row_of
from lab.engine.searcher import PlannerSearcher
from lab.plan import PlanSettings
from lab.record import IMAGES_SEEN, QUALITY, RunRecord
from lab.record.columns import names_in

REDUCTION_FACTOR = 3
"""At each milestone the best third continues; milestones are this factor apart."""
LOWEST = 1e6
"""Below every distance: images that could not be measured."""
DEFAULT_GRACE_SHARE = 0.25
"""Share of the budget that every run gets when no grace period is given."""


class ExplorePruner(AsyncHyperBandScheduler):  # type: ignore[misc]
    """Asynchronous successive halving (Li et al. 2020) of explore runs alone.

    Race and confirm runs are never stopped: their seeds are compared at the budget.
    """

    def __init__(self, searcher: PlannerSearcher, settings: PlanSettings, budget: int) -> None:
        super().__init__(
            time_attr=IMAGES_SEEN,
            metric=QUALITY,
            mode="max",
            max_t=budget,
            grace_period=grace_images(settings, budget),
            reduction_factor=REDUCTION_FACTOR,
            stop_last_trials=False,
        )
        self._searcher = searcher

    def recall(self, runs: list[RunRecord]) -> None:
        """Take in the explore runs of a stored study: Ray does not save a scheduler's state."""
        (bracket,) = self._brackets  # private: ASHA has no other way to be given past results
        for run in runs:
            if run.card.stage != "explore" or run.status == "running":
                continue
            recorded: Any = _RecordedRun(f"trial-{run.trial}-seed-{run.seed}")
            for row in run.evaluations:
                bracket.on_result(recorded, row[IMAGES_SEEN], standing(row))

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        job = self._searcher.live.get(trial.trial_id)
        if job is None or job.stage != "explore":
            return str(FIFOScheduler.CONTINUE)
        compared = {**result, QUALITY: standing(row_of(result) or result)}
        decision = str(super().on_trial_result(tune_controller, trial, compared))
        if decision == FIFOScheduler.STOP:
            self._searcher.given_up.add(trial.trial_id)
        return decision

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        """Explore runs are not compared with a race or confirm run that ends."""
        job = self._searcher.live.get(trial.trial_id)
        if job is not None and job.stage == "explore":
            compared = {**result, QUALITY: standing(row_of(result) or result)}
            super().on_trial_complete(tune_controller, trial, compared)


class _RecordedRun:
    """A run of the record, in place of Tune's trial."""

    def __init__(self, trial_id: str) -> None:
        self.trial_id = trial_id


def standing(row: Mapping[str, Any]) -> float:
    """What runs are compared by: quality, and where that is 0 the distance, which still differs.

    Then it is below 0.
    """
    quality = float(row[QUALITY])
    names = names_in(row)
    distance = float(row.get(names.kernel, math.inf)) if names else math.inf
    if quality > 0 or not names:
        return quality
    return -math.log1p(max(0.0, distance)) if math.isfinite(distance) else -LOWEST


def grace_images(settings: PlanSettings, budget: int) -> int:
    """Images seen before which no run is stopped."""
    asked = settings.grace_images or round(DEFAULT_GRACE_SHARE * budget)
    return max(1, min(asked, budget))
