"""How many trials a search makes, and in which order their parameters are found."""

from __future__ import annotations

from pydantic import Field

from lab.config import Section


class PlanSettings(Section):
    """The planner's settings; with the space they determine every proposal."""

    trials: int = Field(default=16, ge=1, le=1_000_000)
    """Configurations the search tries."""
    seed: int = Field(default=0, ge=0, lt=2**31)
    """Seed of the Sobol design, of TPE, and of every explore run (common random numbers)."""
    num_sobol: int | None = Field(default=None, ge=0)
    """Trials of the Sobol design; null takes half of those without a known point, at least 4."""
    known_only: bool = False
    """Run the space's known points and nothing else."""
    max_attempts: int = Field(default=3, ge=1, le=100)
    """A crashed run is started this many times before its trial is marked errored."""


def sobol_count(settings: PlanSettings, num_known: int) -> int:
    """Trials of the Sobol design: as asked, else half of the rest (rounded up), at least 4.

    Half, because the safe-zone map may only be estimated from trials that no optimiser chose; at
    least 4, because TPE needs something to split into good and bad.
    """
    rest = max(0, settings.trials - num_known)
    if settings.num_sobol is not None:
        return min(settings.num_sobol, rest)
    return min(rest, max(4, -(-rest // 2)))
