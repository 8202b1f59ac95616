"""How long the runs that are left would take, from timed rounds on each kind of node."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lab.config import RunConfig, make_config
from lab.plan import Job, Planner

MAX_ASKED = 64
"""Of a long search the first planned runs stand for all: asking TPE for more takes seconds."""
GRADIENT_PASSES = {"none": 0.0, "r1-r2": 4.0}
"""What a gradient penalty adds to a critic step, in passes over the batch; 2 of any other kind:
one with its gradient, and the backward pass through that."""


@dataclass(frozen=True)
class Speed:
    """What was timed on one kind of node."""

    kind: str
    num_slots: int
    timed: Mapping[float, float]
    """Seconds of an update by its work, rising (see `work_of`)."""
    evaluation: float
    """Seconds of an evaluation."""


@dataclass(frozen=True)
class Forecast:
    """Seconds, if no run stops early."""

    per_run: list[float]
    """Of each run that is left, on the slot that it would get."""
    in_all: float
    """From the first start to the last end."""
    by_kind: dict[str, float]
    """Mean seconds of a run on each kind of node."""

    @property
    def total(self) -> float:
        """Of all runs, one after the other."""
        return sum(self.per_run)


def planned_jobs(planner: Planner, num_left: int) -> list[Job]:
    """The first runs that a planner asks for; it must be a copy, since none of them is trained."""
    asked = (planner.ask() for _ in range(min(num_left, MAX_ASKED)))
    return [job for job in asked if job is not None]


def num_updates(config: RunConfig) -> int:
    """Updates of a round: the critic's and the generator's."""
    return config.training.critic_steps + 1


def work_of(config: RunConfig) -> float:
    """Relative work of an update, the mean of a round: images passed, times the cost of a pass.

    Only settings whose influence is known count: batch size, critic steps, gradient penalty,
    width and resolution. A pass costs the square of the width and of the resolution.
    """
    training, penalty = config.training, config.penalty
    gradient = GRADIENT_PASSES.get(penalty.kind, 2.0) / penalty.every_steps
    critic = training.critic_steps * (2.0 + gradient)
    generator = 2.0 * training.generator_batch_multiplier  # through the generator and the critic
    image = (config.network.width * config.data.resolution) ** 2
    return training.batch_size * (critic + generator) * image / num_updates(config)


def timed_configs(base: RunConfig, configs: Sequence[RunConfig]) -> list[RunConfig]:
    """The configurations to time, by rising work: both extremes, and the base between them."""
    if not configs:
        return []
    cheapest, costliest = min(configs, key=work_of), max(configs, key=work_of)
    between = [base] if work_of(cheapest) < work_of(base) < work_of(costliest) else []
    extremes = [cheapest, costliest] if work_of(cheapest) < work_of(costliest) else [cheapest]
    return sorted([*extremes, *between], key=work_of)


def round_seconds(config: RunConfig, timed: Mapping[float, float]) -> float:
    """Seconds of a round, by interpolation between timed updates: work, rising -> seconds.

    An update costs a fixed time for its kernels' launch and a time for its images, so seconds
    rise more slowly than work; between timed ones the logarithms are joined by straight lines.
    """
    work, seconds = np.log(list(timed)), np.log(list(timed.values()))
    update = float(np.exp(np.interp(np.log(work_of(config)), work, seconds)))
    return num_updates(config) * update


def share_of(config: RunConfig, num_workers: int) -> RunConfig:
    """What one of several workers computes of a run, as a run of its own."""
    if num_workers == 1:
        return config
    data = config.model_dump()
    pack = config.network.pack
    num_packs = -(-config.training.batch_size // (num_workers * pack))
    data["training"]["batch_size"] = num_packs * pack
    data["training"]["accumulate"] = min(config.training.accumulate, num_packs)
    return make_config(data)


def run_seconds(config: RunConfig, seen: int, per_round: float, per_evaluation: float) -> float:
    """Seconds from `seen` images to the budget, with the evaluation of the untrained generator."""
    left = config.training.budget_images - seen
    evaluations = -(-left // config.evaluation.every_images) + (seen == 0)
    return -(-left // config.images_per_step) * per_round + evaluations * per_evaluation


def forecast(
    jobs: Sequence[Job],
    speeds: Sequence[Speed],
    *,
    seen: Mapping[tuple[int, int], int],
    num_left: int,
) -> Forecast:
    """Each planned run by its rounds (see `round_seconds`), the others by their mean.

    Runs go to the slot that is free first, whatever its kind. `seen` has the images that
    interrupted runs, by trial and seed, have seen already.
    """
    by_kind = [_seconds_on(speed, jobs, seen) for speed in speeds]
    means = [sum(seconds) / len(seconds) if seconds else 0.0 for seconds in by_kind]
    free_at = [(0.0, kind) for kind, speed in enumerate(speeds) for _ in range(speed.num_slots)]
    per_run = []
    for index in range(num_left):
        begun, kind = heapq.heappop(free_at)
        per_run.append(by_kind[kind][index] if index < len(jobs) else means[kind])
        heapq.heappush(free_at, (begun + per_run[-1], kind))
    names = [speed.kind for speed in speeds]
    return Forecast(per_run, max(free_at)[0], dict(zip(names, means, strict=True)))


def mean_run_seconds(jobs: Sequence[Job], speeds: Sequence[Speed]) -> float:
    """Mean seconds that a run holds a slot while all slots are busy.

    A faster kind of node then makes more of the runs: slots over runs a second.
    """
    num_slots = sum(speed.num_slots for speed in speeds)
    rates = (
        speed.num_slots * len(jobs) / sum(_seconds_on(speed, jobs, seen={})) for speed in speeds
    )
    return num_slots / sum(rates)


def _seconds_on(
    speed: Speed, jobs: Sequence[Job], seen: Mapping[tuple[int, int], int]
) -> list[float]:
    """Of each planned run on a kind of node."""
    return [
        run_seconds(
            job.config,
            seen.get((job.trial, job.seed), 0),
            round_seconds(job.config, speed.timed),
            speed.evaluation,
        )
        for job in jobs
    ]


def in_time(seconds: float) -> str:
    """`48 s`, `6 min 29 s`, `5 h 07 min`, `3 days 4 h`."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    hours = whole // 3600
    if hours < 48:
        return f"{hours} h {whole % 3600 // 60:02d} min"
    return f"{hours // 24} days {hours % 24} h"
