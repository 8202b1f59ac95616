"""`--budget-hours`: a few runs are timed, and the numbers of the search fitted to the hours."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.console import Console

from lab.engine.cluster import Resources
from lab.engine.forecast.forecast import in_time, mean_run_seconds
from lab.engine.forecast.planned import PlannedSearch, Timed, plan_new, timed
from lab.engine.forecast.timing import measuring_on_cluster
from lab.engine.options import SearchOptions
from lab.errors import InputError
from lab.plan import Space
from lab.plan.budget import Held, Numbers, fitted, least_numbers
from lab.plan.settings import MOST_TRIALS
from lab.record.words import in_money, in_number, in_price

RULE = (
    "fresh seeds are kept, then the race, and trials take what is left; runs that fail stop early"
)


@dataclass(frozen=True)
class Fit:
    """A search that fits into its hours."""

    options: SearchOptions
    """With every number given."""
    lines: dict[str, str]
    """How they were derived, by title."""


def require_timeable(plan: PlannedSearch) -> None:
    """Raise InputError for a search whose runs cannot be timed before they are made."""
    if plan.base.trainer is not None:
        raise InputError(
            "--budget-hours needs the time of a run, and a trainer of your own could only be "
            "timed by training; leave it out and give --trials"
        )


def fit(plan: PlannedSearch, options: SearchOptions, times: Timed) -> Fit:
    """The options of a new search with the numbers that fit into its `--budget-hours`.

    Raises InputError where the hours are too few for the shortest search that is allowed.
    """
    assert options.budget_hours is not None
    seconds = mean_run_seconds(plan.jobs, times.speeds)
    an_hour = plan.hours(seconds)
    most_runs = int(options.budget_hours / an_hour * (1 + 1e-9))
    usual, held = _usual(plan), _held(plan, options)
    most_trials = plan.space.num_settings(min(max(1, most_runs), MOST_TRIALS))
    numbers = fitted(usual, held, most_runs, most_trials)
    if numbers is None:
        raise _too_few(plan, options, least_numbers(usual, held), an_hour)
    given = _given(options)
    by = f"{' '.join(given)} as given; {RULE}" if given else RULE
    lines = {
        "budget": f"{options.budget_hours:g} {plan.slot.hours}, in which "
        f"{in_number(most_runs, 'whole run')} of {in_time(seconds)} fit",
        "fitted to it": f"{numbers.in_words}: {in_hours(plan, numbers.num_runs * an_hour)} for "
        f"{numbers.num_runs:,} runs",
        "fitted by": by,
    }
    return Fit(
        replace(
            options,
            trials=numbers.trials,
            seeds=",".join(map(str, numbers.seeds)),
            race=numbers.race,
            confirm=numbers.confirm,
        ),
        lines,
    )


def fitted_options(
    space: Space, options: SearchOptions, machines: Resources, console: Console
) -> SearchOptions:
    """The options of a search about to start, timed in the connected Ray; prints the plan."""
    plan = plan_new(space, options, machines, "the cluster")
    require_timeable(plan)
    with (
        console.status("timing a few rounds"),
        measuring_on_cluster(plan.slot, plan.num_slots * plan.num_workers) as measure,
    ):
        times = timed(plan, measure)
    made = fit(plan, options, times)
    print_lines(made.lines, console)
    return made.options


def print_lines(lines: dict[str, str], console: Console) -> None:
    """A line each, after its title."""
    for title, line in lines.items():
        console.print(f"{title:<15} {line}", highlight=False, markup=False, soft_wrap=True)


def in_hours(plan: PlannedSearch, hours: float) -> str:
    """An upper estimate of what runs cost: in hours, and in money where there is a price."""
    words = f"at most about {hours:.3g} {plan.slot.hours}"
    if plan.price is None:
        return words
    return f"{words}, {in_money(hours * plan.price)} at {in_price(plan.price)} an hour"


def _usual(plan: PlannedSearch) -> Numbers:
    preset, settings = plan.preset, plan.planner.settings
    assert preset is not None
    if settings.race == 0:
        return Numbers(preset.trials, settings.seeds, race=0, confirm=0)
    return Numbers(preset.trials, preset.seeds, preset.race, preset.confirm)


def _held(plan: PlannedSearch, options: SearchOptions) -> Held:
    trials = plan.planner.settings.trials if options.known_only else options.trials
    return Held(trials, options.seed_counts(), options.race, options.confirm)


def _given(options: SearchOptions) -> list[str]:
    """The numbers that the person gave, as options."""
    names = ("trials", "seeds", "race", "confirm")
    values = {name: getattr(options, name) for name in names}
    given = [f"--{name} {value}" for name, value in values.items() if value is not None]
    return ["--known-only", *given] if options.known_only else given


def _too_few(
    plan: PlannedSearch, options: SearchOptions, least: Numbers, an_hour: float
) -> InputError:
    hours, unit = least.num_runs * an_hour, plan.slot.hours
    given = _given(options)
    what = f"the shortest search{' with ' * bool(given)}{' '.join(given)}"
    remedy = f"leave out {' or '.join(given)}" if given else "lower --confirm or --budget-kimg"
    return InputError(
        f"--budget-hours is {options.budget_hours:g}, and {what} ({least.in_words}) takes "
        f"{hours:.3g} {unit}: {in_number(least.num_runs, 'run')} of {an_hour:.3g} each; give at "
        f"least that, or {remedy}"
    )
