"""A search before it is made, or what is left of one, and what of it was timed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lab.config import RunConfig
from lab.engine.cluster import Resources
from lab.engine.forecast.forecast import (
    Forecast,
    Speed,
    forecast,
    num_updates,
    planned_jobs,
    share_of,
    timed_configs,
    work_of,
)
from lab.engine.forecast.timing import Measure
from lab.engine.options import SearchOptions
from lab.engine.slots import Kind, Slot, kinds_of, require_resources
from lab.engine.study import at_a_time, reopen, sizes
from lab.plan import Job, Planner, Preset, Space
from lab.record import IMAGES_SEEN, read_study
from lab.record.storage import Storage, for_reading, in_its_words


@dataclass(frozen=True)
class PlannedSearch:
    """A search before it is made, or what is left of one."""

    name: str
    space: Space
    preset: Preset | None
    """None for a search that is resumed."""
    preset_words: str
    planner: Planner
    slot: Slot
    num_slots: int
    machines: Resources
    where: str
    seen: dict[tuple[int, int], int]
    """Images that interrupted runs, by trial and seed, have seen already."""
    price: float | None
    """Of a GPU-hour, or of a core-hour (see `Slot.charged`); None where none was given."""

    @property
    def base(self) -> RunConfig:
        """The configuration under what is sampled."""
        return self.space.base_config()

    @property
    def num_workers(self) -> int:
        """Of one run; of a range, as many as there is room for."""
        slot = self.slot
        places = sum(node.num_places(slot.cpus, slot.gpus) for node in self.machines.nodes)
        return max(slot.workers.least, min(slot.workers.most, places // self.num_slots))

    @property
    def kinds(self) -> list[Kind]:
        """The kinds of nodes that train."""
        return kinds_of(self.machines, self.slot, self.num_slots)

    @cached_property
    def num_left(self) -> int:
        """Runs that have not ended, as far as they are decided."""
        return self.planner.num_runs - self.planner.num_ended

    @cached_property
    def left(self) -> dict[str, int]:
        """Trials that have not ended, by origin."""
        ended = [trial.number for trial in self.planner.trials() if trial.state.is_finished()]
        num_known = min(len(self.space.known_points), self.planner.num_trials)
        counts = {"known": 0, "sobol": 0, "tpe": 0}
        for number in set(range(self.planner.num_trials)) - set(ended):
            designed = number < num_known + self.planner.num_sobol
            counts["known" if number < num_known else "sobol" if designed else "tpe"] += 1
        return counts

    @cached_property
    def jobs(self) -> list[Job]:
        """The first runs that are left."""
        _ = self.left, self.num_left  # counted before the planner is asked for them
        return planned_jobs(self.planner, self.num_left)

    def hours(self, seconds: float) -> float:
        """GPU- or core-hours of a slot that is held for so long."""
        return seconds * self.num_workers * self.slot.charged / 3600


@dataclass(frozen=True)
class Timed:
    """What a few rounds and one evaluation took on each kind of node."""

    opened: dict[str, Any]
    """The entries of `open_on_slot`, on the first kind."""
    speeds: list[Speed]
    num_configs: int
    """Configurations whose rounds were timed."""


def plan_new(
    space: Space, options: SearchOptions, machines: Resources, where: str
) -> PlannedSearch:
    """The search that the options describe."""
    planned = sizes(space, options, machines)
    return PlannedSearch(
        name=planned.space.name,
        space=planned.space,
        preset=planned.preset,
        preset_words=f"{planned.preset.name}: {planned.preset.description}",
        planner=Planner(planned.space, planned.settings),
        slot=planned.slot,
        num_slots=planned.num_slots,
        machines=machines,
        where=where,
        seen={},
        price=options.price,
    )


def plan_left(
    storage: Storage, options: SearchOptions, machines: Resources, where: str
) -> PlannedSearch:
    """What is left of a study."""
    with in_its_words(storage):
        storage.pull(for_reading)
        study = reopen(storage, options)
    grows = options.address is not None
    require_resources(machines, study.slot)
    begun = [run for run in read_study(storage.folder).runs if run.evaluations]
    return PlannedSearch(
        name=f"{study.space.name}, what is left of {storage.name}",
        space=study.space,
        preset=None,
        preset_words=study.card.preset,
        planner=study.planner,
        slot=study.slot,
        num_slots=at_a_time(study.num_slots, machines, study.slot, may_grow=grows),
        machines=machines,
        where=where,
        seen={(run.trial, run.seed): run.evaluations[-1][IMAGES_SEEN] for run in begun},
        price=study.card.settings.price,
    )


def timed(plan: PlannedSearch, measure: Measure) -> Timed:
    """Time the plan's cheapest, most expensive and base configuration on a node of each kind."""
    configs = timed_configs(plan.base, [job.config for job in plan.jobs])
    opened: list[dict[str, Any]] = []
    speeds: list[Speed] = []
    kinds = plan.kinds
    for kind in kinds:
        node = kind.node if len(kinds) > 1 else ""
        opened += measure("opening", [plan.base.model_dump()], node)
        shares = [_share(config, opened[-1]["precision"], plan.num_workers) for config in configs]
        updates = {
            work_of(config): answer["round"] / num_updates(config)
            for config, answer in zip(configs, measure("rounds", shares, node), strict=True)
        }
        speeds.append(Speed(kind.name, kind.num_slots, updates, opened[-1]["evaluation"]))
    return Timed(opened[0], speeds, len(configs))


def expected(plan: PlannedSearch, times: Timed) -> Forecast:
    """What the runs that are left would take."""
    return forecast(plan.jobs, times.speeds, seen=plan.seen, num_left=plan.num_left)


def _share(config: RunConfig, precision: str, num_workers: int) -> dict[str, Any]:
    """The part of a run that one worker computes, as a slot is to time it."""
    data = share_of(config, num_workers).model_dump()
    if config.training.precision == "auto":
        data["training"]["precision"] = precision
    return data
