"""How many trials a search makes, how their parameters are proposed, and how they race."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lab.config import ConfigSection
from lab.errors import InputError
from lab.plan.objective import ObjectiveName
from lab.plan.race import Rules, halved, rungs_of

FIRST_CONFIRM_SEED = 1000
"""Confirm seeds count on from the study's seed plus this; a race has fewer seeds."""
NUM_SEEDS = 2**31
MOST_TRIALS = 1_000_000
"""Of a search."""


class PlanSettings(ConfigSection):
    """The planner's settings; with the space they determine every proposal."""

    trials: int = Field(default=16, ge=1, le=MOST_TRIALS)
    """Configurations the search tries."""
    seed: int = Field(default=0, ge=0, lt=2**31)
    """Seed of the Sobol design, of TPE, and of every explore run (common random numbers)."""
    num_sobol: int | None = Field(default=None, ge=0)
    """Trials of the Sobol design; null takes half of those without a known point, at least 4."""
    known_only: bool = False
    """Run the space's known points and nothing else."""
    seeds: tuple[int, ...] = (1,)
    """Seeds of a trial at each rung of the race, rising; the first number is every trial's."""
    race: int | None = Field(default=None, ge=0)
    """Finalists: trials left at the last rung. 0: no race; null: half continue at each rung, or,
    with one rung, the best one is confirmed."""
    confirm: int = Field(default=0, ge=0, lt=FIRST_CONFIRM_SEED)
    """Fresh seeds that each finalist is trained with."""
    objective: ObjectiveName = "score"
    """What explore searches for and the race ranks by, among equally stable trials."""
    prune: Literal["none", "asha"] = "none"
    """Whether explore runs that look poor are stopped (recorded as pruned)."""
    grace_images: int | None = Field(default=None, ge=1)
    """Images seen before which no run is stopped; null takes a quarter of the budget."""
    pilot: bool = False
    """Explore without an optimizer, to measure how early quality predicts the final one."""
    max_attempts: int = Field(default=3, ge=1, le=100)
    """A crashed run is started this many times before its trial is marked errored."""


def sobol_count(settings: PlanSettings, num_known: int) -> int:
    """Trials of the Sobol design: as asked, else two thirds of the rest (rounded up), at least 4.

    Two thirds, because the safe-zone map and every effect are estimated from unbiased runs alone;
    at least 4, because TPE needs something to split into good and bad. A pilot has nothing else.
    """
    rest = max(0, settings.trials - num_known)
    if settings.pilot:
        return rest
    if settings.num_sobol is not None:
        return min(settings.num_sobol, rest)
    return min(rest, max(4, -(-2 * rest // 3)))


def race_rules(settings: PlanSettings, num_trials: int) -> Rules:
    """Rungs and seeds of a search over so many trials.

    Raises InputError for a race with more finalists than trials, or none.
    """
    seeds, finalists = settings.seeds, settings.race
    if finalists is not None and finalists > num_trials:
        raise InputError(
            f"the race has {finalists} finalists and {num_trials} trials; it can have at most "
            f"{num_trials}: lower --race or raise --trials"
        )
    if finalists is None and len(seeds) > 1:
        finalists = halved(num_trials, len(seeds))
    elif finalists is None:
        finalists = min(1, settings.confirm)
    if finalists == 0 and (len(seeds) > 1 or settings.confirm):
        raise InputError(
            f"--race 0 has no finalists, so no trial can have more seeds than others or be "
            f"confirmed: give --seeds one number (it is {', '.join(map(str, seeds))}) and "
            f"--confirm 0 (it is {settings.confirm}), or --race at least 1"
        )
    return Rules(
        rungs_of(num_trials, seeds, finalists),
        tuple(counted_on(settings.seed, i) for i in range(seeds[-1])),
        tuple(counted_on(settings.seed, FIRST_CONFIRM_SEED + i) for i in range(settings.confirm)),
    )


def counted_on(seed: int, count: int) -> int:
    """The seed `count` after this one; the first follows the last."""
    return (seed + count) % NUM_SEEDS
