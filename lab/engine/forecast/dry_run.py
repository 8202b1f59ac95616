"""What a search would do and how long it would take: nothing is trained, no study is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from lab.config import RunConfig, TrainerConfig
from lab.engine.cluster import Resources, connected, this_machine, will_start_here
from lab.engine.forecast.forecast import (
    Forecast,
    forecast,
    num_updates,
    planned_jobs,
    share_of,
    timed_configs,
    work_of,
)
from lab.engine.forecast.timing import Measure, measuring_here, measuring_on_cluster
from lab.engine.options import SearchOptions
from lab.engine.place import new_place, resumed_place
from lab.engine.slots import Slot, require_resources
from lab.engine.study import asked_space, at_a_time, check_here, reopen, sizes
from lab.plan import Planner, Space
from lab.record import IMAGES_SEEN, read_study
from lab.record.storage import Storage, for_reading, in_its_words


@dataclass(frozen=True)
class PlannedSearch:
    """A search before it is made, or what is left of one."""

    name: str
    space: Space
    preset: str
    planner: Planner
    slot: Slot
    num_slots: int
    machines: Resources
    where: str
    seen: dict[tuple[int, int], int]
    """Images that interrupted runs, by trial and seed, have seen already."""

    @property
    def num_workers(self) -> int:
        """Of one run; of a range, as many as there is room for."""
        slot = self.slot
        places = sum(node.num_places(slot.cpus, slot.gpus) for node in self.machines.nodes)
        return max(slot.workers.least, min(slot.workers.most, places // self.num_slots))

    @property
    def left(self) -> dict[str, int]:
        """Trials that have not ended, by origin."""
        ended = [trial.number for trial in self.planner.trials() if trial.state.is_finished()]
        num_known = min(len(self.space.known_points), self.planner.num_trials)
        counts = {"known": 0, "sobol": 0, "tpe": 0}
        for number in set(range(self.planner.num_trials)) - set(ended):
            designed = number < num_known + self.planner.num_sobol
            counts["known" if number < num_known else "sobol" if designed else "tpe"] += 1
        return counts


def dry_run(options: SearchOptions, console: Console) -> None:
    """Print the plan of the search that `options` describe.

    Raises InputError where the search would.
    """
    options.check()
    resumed = resumed_place(options)
    space = None if resumed else asked_space(options)
    target = resumed or new_place(options)
    here = will_start_here(options.address)
    try:
        if here:
            check_here(space, options)
        with _machines(options, here=here) as machines:
            where = "this machine" if here else "the cluster"
            plan = (
                _plan_left(target, options, machines, where)
                if space is None
                else _plan_new(space, options, machines, where)
            )
            measuring = measuring_here if here else measuring_on_cluster
            with (
                console.status("timing a few rounds"),
                measuring(plan.slot, plan.num_slots * plan.num_workers) as measure,
            ):
                lines = _lines(plan, measure)
    finally:
        target.forget()
    console.print(f"plan of {plan.name}; nothing is started", highlight=False, soft_wrap=True)
    for title, line in lines.items():
        console.print(f"{title:<15} {line}", highlight=False, markup=False, soft_wrap=True)


@contextmanager
def _machines(options: SearchOptions, *, here: bool) -> Iterator[Resources]:
    """Without an address no Ray is started."""
    if here:
        yield this_machine()
        return
    with connected(options.address, verbose=options.verbose) as cluster:
        yield cluster


def _plan_new(
    space: Space, options: SearchOptions, machines: Resources, where: str
) -> PlannedSearch:
    planned = sizes(space, options, machines)
    return PlannedSearch(
        name=planned.space.name,
        space=planned.space,
        preset=f"{planned.preset.name}: {planned.preset.description}",
        planner=Planner(planned.space, planned.settings),
        slot=planned.slot,
        num_slots=planned.num_slots,
        machines=machines,
        where=where,
        seen={},
    )


def _plan_left(
    storage: Storage, options: SearchOptions, machines: Resources, where: str
) -> PlannedSearch:
    with in_its_words(storage):
        storage.pull(for_reading)
        study = reopen(storage, options)
    grows = options.address is not None
    require_resources(machines, study.slot)
    begun = [run for run in read_study(storage.folder).runs if run.evaluations]
    return PlannedSearch(
        name=f"{study.space.name}, what is left of {storage.name}",
        space=study.space,
        preset=study.card.preset,
        planner=study.planner,
        slot=study.slot,
        num_slots=at_a_time(study.num_slots, machines, study.slot, may_grow=grows),
        machines=machines,
        where=where,
        seen={(run.trial, run.seed): run.evaluations[-1][IMAGES_SEEN] for run in begun},
    )


def _lines(plan: PlannedSearch, measure: Measure) -> dict[str, str]:
    """What is printed, by title; times a few rounds for it."""
    base = plan.space.base_config()
    if base.trainer is not None:
        return _what_of_trainer(plan, base.trainer, base.training.budget_images)
    (opened,) = measure("opening", [base.model_dump()])
    left = plan.left  # before the planner is asked for the runs that are left
    num_left = plan.planner.num_runs - plan.planner.num_ended
    jobs = planned_jobs(plan.planner, num_left)
    configs = timed_configs(base, [job.config for job in jobs])
    shares = [_share(config, opened["precision"], plan.num_workers) for config in configs]
    rounds = [answer["round"] for answer in measure("rounds", shares)]
    expected = forecast(
        jobs,
        {
            work_of(config): seconds / num_updates(config)
            for config, seconds in zip(configs, rounds, strict=True)
        },
        opened["evaluation"],
        seen=plan.seen,
        num_left=num_left,
        num_slots=plan.num_slots,
    )
    return _what(plan, base, opened, left) | _how_long(plan, expected, len(configs))


def _what_of_trainer(
    plan: PlannedSearch, trainer: TrainerConfig, budget_images: int
) -> dict[str, str]:
    """The plan of a search whose training is the person's own, which cannot be timed."""
    return {
        "space": f"{plan.space.name}: {len(plan.space.parameters())} parameters searched",
        "resources": f"{plan.machines} of {plan.where}",
        "slots": f"{plan.num_slots} at a time, each on {plan.slot}",
        "a run": f"{budget_images / 1000:g} kimg by {trainer.in_words}, judged by "
        f"{trainer.metric.name}",
        "trials": f"{sum(plan.left.values())} to go",
        "runs": f"{plan.planner.num_runs - plan.planner.num_ended} to go, stages "
        f"{', '.join(plan.planner.stages)}: {plan.planner.in_words}",
        "time": "not known: only the trainer itself could be timed, by training",
    }


def _share(config: RunConfig, precision: str, num_workers: int) -> dict[str, Any]:
    """The part of a run that one worker computes, as a slot is to time it."""
    data = share_of(config, num_workers).model_dump()
    if config.training.precision == "auto":
        data["training"]["precision"] = precision
    return data


def _what(
    plan: PlannedSearch, base: RunConfig, opened: dict[str, Any], left: dict[str, int]
) -> dict[str, str]:
    data, training, evaluation = opened["data"], base.training, base.evaluation
    parameters = plan.space.parameters()
    origins = ", ".join(f"{count} {origin}" for origin, count in left.items() if count)
    size = f"{data['resolution']}x{data['resolution']}x{data['channels']}"
    runs = "1 run" if plan.num_slots == 1 else f"{plan.num_slots} runs"
    evaluations = 1 + -(-training.budget_images // evaluation.every_images)
    num_paired = opened["metrics"]["num_paired"]
    few = (
        ""
        if num_paired == evaluation.num_samples
        else f", {num_paired:,} in metrics of equal counts"
    )
    return {
        "space": f"{plan.space.name}: {len(parameters)} parameters searched",
        "preset": plan.preset,
        "data": f"{data['name']}, {data['num_images']:,} images of {size}",
        "resources": f"{plan.machines} of {plan.where}",
        "slots": f"{runs} at a time, each on {plan.slot}",
        "a run": f"{training.budget_images / 1000:g} kimg in {opened['precision']}, {evaluations} "
        f"evaluations of {evaluation.num_samples:,} samples{few}",
        "trials": f"{sum(left.values())} to go: {origins or 'none'}",
        "runs": f"{plan.planner.num_runs - plan.planner.num_ended} to go, stages "
        f"{', '.join(plan.planner.stages)}: {plan.planner.in_words}",
    }


def _how_long(plan: PlannedSearch, expected: Forecast, num_timed: int) -> dict[str, str]:
    if not expected.per_run:
        return {"time": "none: every run has ended"}
    shortest, longest = min(expected.per_run), max(expected.per_run)
    hours = expected.total * plan.num_workers / 3600
    timed = {
        1: "the rounds of every planned configuration, which cost the same",
        2: "rounds of the cheapest and the most expensive planned configuration; "
        "others interpolated",
        3: "rounds of the base and of the cheapest and the most expensive planned configuration; "
        "others interpolated",
    }[num_timed]
    alone = "" if plan.num_workers == 1 else "; without the communication between workers"
    return {
        "time of a run": f"{in_time(expected.total / len(expected.per_run))} on average, "
        f"{in_time(shortest)} to {in_time(longest)}",
        "time in all": f"at most about {in_time(expected.in_all)}; runs that fail stop early",
        "cost": f"at most about {hours * plan.slot.cpus:.2g} CPU-hours and "
        f"{hours * plan.slot.gpus:.2g} GPU-hours",
        "estimated from": f"{timed}; one evaluation; on slots of {plan.where}{alone}",
    }


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
