"""What a search would do, how long it would take and what it would cost: nothing is trained, no
study is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from lab.config import TrainerConfig
from lab.engine.cluster import Resources, connected, this_machine, will_start_here
from lab.engine.forecast.budget import Fit, fit, in_hours, print_lines, require_timeable
from lab.engine.forecast.forecast import in_time
from lab.engine.forecast.planned import (
    PlannedSearch,
    Timed,
    expected,
    plan_left,
    plan_new,
    timed,
)
from lab.engine.forecast.timing import measuring_here, measuring_on_cluster
from lab.engine.options import SearchOptions
from lab.engine.place import new_place, resumed_place
from lab.engine.study import asked_space, check_here


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
            if space is None:
                plan = plan_left(target, options, machines, where)
            else:
                plan = plan_new(space, options, machines, where)
            if options.budget_hours is not None:
                require_timeable(plan)
            times = _timed(plan, console, here=here)
        made: Fit | None = None
        if space is not None and options.budget_hours is not None:
            assert times is not None
            made = fit(plan, options, times)
            plan = plan_new(space, made.options, machines, where)
        lines = _lines(plan, times, made)
    finally:
        target.forget()
    console.print(f"plan of {plan.name}; nothing is started", highlight=False, soft_wrap=True)
    print_lines(lines, console)


@contextmanager
def _machines(options: SearchOptions, *, here: bool) -> Iterator[Resources]:
    """Without an address no Ray is started."""
    if here:
        yield this_machine()
        return
    with connected(options.address, verbose=options.verbose) as cluster:
        yield cluster


def _timed(plan: PlannedSearch, console: Console, *, here: bool) -> Timed | None:
    """None for a training of the person's own."""
    if plan.base.trainer is not None:
        return None
    measuring = measuring_here if here else measuring_on_cluster
    with (
        console.status("timing a few rounds"),
        measuring(plan.slot, plan.num_slots * plan.num_workers) as measure,
    ):
        return timed(plan, measure)


def _lines(plan: PlannedSearch, times: Timed | None, made: Fit | None) -> dict[str, str]:
    """What is printed, by title."""
    if times is None:
        trainer = plan.base.trainer
        assert trainer is not None
        return _what_of_trainer(plan, trainer, plan.base.training.budget_images)
    derived = made.lines if made is not None else {}
    return _what(plan, times) | derived | _how_long(plan, times)


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
        "runs": f"{plan.num_left} to go, stages "
        f"{', '.join(plan.planner.stages)}: {plan.planner.in_words}",
        "time": "not known: only the trainer itself could be timed, by training",
    }


def _what(plan: PlannedSearch, times: Timed) -> dict[str, str]:
    base, left, opened = plan.base, plan.left, times.opened
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
        "preset": plan.preset_words,
        "data": f"{data['name']}, {data['num_images']:,} images of {size}",
        "resources": f"{plan.machines} of {plan.where}",
        "slots": f"{runs} at a time, each on {plan.slot}",
        "a run": f"{training.budget_images / 1000:g} kimg in {opened['precision']}, {evaluations} "
        f"evaluations of {evaluation.num_samples:,} samples{few}",
        "trials": f"{sum(left.values())} to go: {origins or 'none'}",
        "runs": f"{plan.num_left} to go, stages "
        f"{', '.join(plan.planner.stages)}: {plan.planner.in_words}",
    }


def _how_long(plan: PlannedSearch, times: Timed) -> dict[str, str]:
    forecast = expected(plan, times)
    if not forecast.per_run:
        return {"time": "none: every run has ended"}
    shortest, longest = min(forecast.per_run), max(forecast.per_run)
    return {
        "time of a run": f"{in_time(forecast.total / len(forecast.per_run))} on average, "
        f"{in_time(shortest)} to {in_time(longest)}{_by_kind(times, forecast.by_kind)}",
        "time in all": f"at most about {in_time(forecast.in_all)}; runs that fail stop early",
        "cost": in_hours(plan, plan.hours(forecast.total)),
        "estimated from": _estimated_from(plan, times),
    }


def _by_kind(times: Timed, seconds: dict[str, float]) -> str:
    """The mean time of a run on each kind of node, where there are several."""
    if len(times.speeds) == 1:
        return ""
    each = [
        f"{in_time(seconds[speed.kind])} on {speed.kind} "
        f"({speed.num_slots} slot{'s' * (speed.num_slots > 1)})"
        for speed in times.speeds
    ]
    return f"; {', '.join(each)}"


def _estimated_from(plan: PlannedSearch, times: Timed) -> str:
    words = {
        1: "the rounds of every planned configuration, which cost the same",
        2: "rounds of the cheapest and the most expensive planned configuration; "
        "others interpolated",
        3: "rounds of the base and of the cheapest and the most expensive planned configuration; "
        "others interpolated",
    }[times.num_configs]
    alone = "" if plan.num_workers == 1 else "; without the communication between workers"
    kinds = [speed.kind for speed in times.speeds]
    each = f", on one node of each kind ({', '.join(kinds)})" if len(kinds) > 1 else ""
    return f"{words}; one evaluation; on slots of {plan.where}{each}{alone}"
