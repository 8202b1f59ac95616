"""Learning rates over a run: the share of the budget done, in [0, 1] -> a factor of the rate."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from lab.catalogue import SCHEDULES, resolve
from lab.config import RunConfig
from lab.errors import InputError
from lab.user_file import UserFile, calling, is_reference

Schedule = Callable[[float], float]


def constant(done: float) -> float:
    """1."""
    return 1.0


def linear(done: float) -> float:
    """Linear decay to zero at the end of the budget."""
    return 1.0 - done


def schedule_of(config: RunConfig) -> Schedule:
    """The configured schedule. Raises InputError when one from an own file is not usable."""
    return find_schedule(config.optimizer.schedule, config.files)


@lru_cache(maxsize=64)
def find_schedule(name: str, files: tuple[UserFile, ...] = ()) -> Schedule:
    """A schedule by its name in the catalogue, or by `mine.py:NAME` of one of the files."""
    schedule: Schedule = resolve(SCHEDULES, name, files)
    if is_reference(name):
        _require_usable(schedule, name)
    return schedule


def _require_usable(schedule: Schedule, name: str) -> None:
    contract = "it must be a function of the share done, in [0, 1], that returns a factor >= 0"
    if not callable(schedule):
        raise InputError(f"optimizer.schedule {name} is a {type(schedule).__name__}; {contract}")
    for done in (0.0, 0.5, 1.0):
        factor = calling(name, schedule, done)
        is_factor = isinstance(factor, (int, float)) and math.isfinite(factor) and factor >= 0
        if not is_factor:
            raise InputError(f"the schedule {name} returns {factor!r} at {done}; {contract}")
