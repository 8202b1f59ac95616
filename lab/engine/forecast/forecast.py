"""How long the runs that are left would take: planned configurations, timed, and added up."""

from __future__ import annotations

import heapq
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.config import RunConfig, make_config
from lab.plan import Job, Planner

MAX_ASKED, MAX_TIMED = 64, 16
"""Of a long search the first planned runs stand for all, and of these an even spread is timed."""
CHEAP = ("seed", "loss", "optimizer", "stability")
"""Settings that change a run's numbers and not its time."""


@dataclass(frozen=True)
class Forecast:
    """Seconds, as long as no run stops early."""

    per_run: list[float]
    """Of each run that is left."""
    in_all: float
    """From the first start to the last end."""

    @property
    def total(self) -> float:
        """Of all runs, one after the other."""
        return sum(self.per_run)


def planned_jobs(planner: Planner, num_left: int) -> list[Job]:
    """The first runs that a planner asks for; nobody is told, so it must be a copy."""
    asked = (planner.ask() for _ in range(min(num_left, MAX_ASKED)))
    return [job for job in asked if job is not None]


def timed_configs(jobs: Sequence[Job]) -> dict[str, RunConfig]:
    """Configurations to time, by cost: those of runs that cost the same are timed once."""
    by_cost = {cost_of(job.config): job.config for job in jobs}
    spread = range(min(len(by_cost), MAX_TIMED))
    chosen = [list(by_cost)[i * len(by_cost) // len(spread)] for i in spread]
    return {cost: by_cost[cost] for cost in chosen}


def cost_of(config: RunConfig) -> str:
    """Equal for configurations whose rounds take equally long."""
    settings = {key: to for key, to in config.model_dump().items() if key not in CHEAP}
    settings["penalty"].pop("weight")
    settings["compares"] = config.loss == "relativistic"
    return json.dumps(settings, sort_keys=True)


def share_of(config: RunConfig, num_workers: int) -> RunConfig:
    """What one of several workers computes of a run, as a run of its own."""
    if num_workers == 1:
        return config
    data = config.model_dump()
    data["training"]["batch_size"] = -(-config.training.batch_size // num_workers)
    data["training"]["accumulate"] = min(
        config.training.accumulate, data["training"]["batch_size"]
    )
    return make_config(data)


def run_seconds(config: RunConfig, seen: int, per_round: float, per_evaluation: float) -> float:
    """Seconds from `seen` images to the budget; the untrained generator is evaluated, too."""
    left = config.training.budget_images - seen
    evaluations = -(-left // config.evaluation.every_images) + (seen == 0)
    return -(-left // config.images_per_step) * per_round + evaluations * per_evaluation


def forecast(
    jobs: Sequence[Job],
    seconds_per_round: Mapping[str, float],
    seconds_per_evaluation: float,
    *,
    seen: Mapping[tuple[int, int], int],
    num_left: int,
    num_slots: int,
) -> Forecast:
    """Each run by the timing of its cost, the others by the mean of those.

    `seen` has the images that interrupted runs, by trial and seed, have seen already.
    """
    timed = [
        run_seconds(
            job.config,
            seen.get((job.trial, job.seed), 0),
            seconds_per_round[cost_of(job.config)],
            seconds_per_evaluation,
        )
        for job in jobs
        if cost_of(job.config) in seconds_per_round
    ]
    mean = sum(timed) / len(timed) if timed else 0.0
    per_run = timed + [mean] * (num_left - len(timed))
    return Forecast(per_run, _makespan(per_run, num_slots))


def _makespan(per_run: Sequence[float], num_slots: int) -> float:
    """When the last run ends, each taken in turn by the slot that is free first."""
    free_at = [0.0] * num_slots
    for seconds in per_run:
        heapq.heappush(free_at, heapq.heappop(free_at) + seconds)
    return max(free_at)
