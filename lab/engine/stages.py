"""What a person's options mean for the stages of a search: how many runs, chosen how."""

from __future__ import annotations

from typing import Any

from lab.engine.options import SearchOptions
from lab.plan import PlanSettings, Preset, Space
from lab.record import SettingsCard

LEAST_TRIALS_TO_RACE = 8
"""Searches of fewer trials explore only, unless a race is asked for."""


def plan_settings(space: Space, options: SearchOptions, preset: Preset) -> PlanSettings:
    """The planner's settings of a new study."""
    usual = max(1, len(space.known)) if options.known_only else preset.trials
    trials = usual if options.trials is None else options.trials
    grace = options.grace_kimg
    return PlanSettings(
        trials=trials,
        seed=options.seed,
        known_only=options.known_only,
        objective=options.objective,
        prune=options.prune,
        grace_images=None if grace is None else max(1, round(1000 * grace)),
        pilot=options.pilot,
        **_race_settings(options, preset, trials),
    )


def _race_settings(options: SearchOptions, preset: Preset, trials: int) -> dict[str, Any]:
    """Seeds, survivors and fresh seeds: as asked, else the preset's where there is one to race.

    A person's single number of seeds, a pilot, known points alone and a handful of trials are
    to be compared whole, so nobody is chosen there unless that is asked for.
    """
    seeds, race, confirm = options.seed_counts(), options.race, options.confirm
    whole = options.known_only or options.pilot or trials < LEAST_TRIALS_TO_RACE
    asked = race or confirm or (seeds is not None and len(seeds) > 1)
    if race == 0 or (not asked and (whole or seeds is not None)):
        return {"seeds": seeds or (1,), "race": 0, "confirm": confirm or 0}
    given = seeds is not None or race is not None
    return {
        "seeds": preset.seeds if seeds is None else seeds,
        "race": race if given else min(preset.race, trials),
        "confirm": preset.confirm if confirm is None else confirm,
    }


def resumed_settings(stored: SettingsCard, options: SearchOptions) -> PlanSettings:
    """Those of a stored study, with more trials, seeds or confirmation where that is asked for."""
    plan = stored.model_dump(include=set(PlanSettings.model_fields), exclude_unset=True)
    asked = {
        "trials": options.trials,
        "seeds": options.seed_counts(),
        "race": options.race,
        "confirm": options.confirm,
    }
    plan |= {key: value for key, value in asked.items() if value is not None}
    if options.race is None and (options.seeds or options.confirm) and not plan.get("race"):
        plan["race"] = None
    return PlanSettings(**plan)
