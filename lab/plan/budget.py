"""Numbers of a search that fit into a number of runs: what is kept, and what is given up first.

Fresh seeds of the confirmation are kept, because P(stable) is estimated from them alone; then the
race; trials take what is left. A smaller budget therefore has fewer trials, down to
LEAST_TRIALS_TO_RACE, then fewer finalists, then fewer rungs, then fewer trials again, down to one.
A larger one has more trials, and as many fresh seeds more in proportion.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from lab.plan.presets import LEAST_TRIALS_TO_RACE
from lab.plan.race import Rules, rungs_of
from lab.plan.settings import FIRST_CONFIRM_SEED
from lab.record.words import in_number


class Numbers(NamedTuple):
    """How many runs of which stage."""

    trials: int
    seeds: tuple[int, ...]
    """Seeds of a trial at each rung of the race."""
    race: int
    """Finalists; 0 without a race."""
    confirm: int
    """Fresh seeds of each finalist."""

    @property
    def num_runs(self) -> int:
        """Of the whole search, if none is made early and not needed."""
        rungs = rungs_of(self.trials, self.seeds, self.race)
        return Rules(rungs, (), tuple(range(self.confirm))).num_runs

    @property
    def in_words(self) -> str:
        """For a person."""
        trials, seeds = in_number(self.trials, "trial"), ",".join(map(str, self.seeds))
        if not self.race:
            return f"{trials}, {in_number(self.seeds[0], 'seed')} each"
        finalists = in_number(self.race, "finalist")
        fresh = in_number(self.confirm, "fresh seed")
        return f"{trials}, seeds {seeds}, {finalists}, {fresh}"


class Held(NamedTuple):
    """Numbers that the person gave; None is to be fitted."""

    trials: int | None = None
    seeds: tuple[int, ...] | None = None
    race: int | None = None
    confirm: int | None = None


def fitted(usual: Numbers, held: Held, most_runs: int, most_trials: int) -> Numbers | None:
    """The numbers to search with in at most so many runs; None where nothing fits.

    `usual`: those of the preset; without finalists there, none race. `most_trials`: settings of
    the space, of which no more trials can be made.
    """
    for seeds, race, least in _steps(usual, held):

        def with_trials(trials: int, seeds: tuple[int, ...] = seeds, race: int = race) -> Numbers:
            return _numbers(usual, held, trials, seeds, race)

        if held.trials is not None:
            one = with_trials(held.trials)
            if race <= held.trials and one.num_runs <= most_runs:
                return one
            continue
        trials = range(1, max(most_trials, least) + 1)
        num_fitting = bisect_right(
            trials, most_runs, lo=least - 1, key=lambda trials: with_trials(trials).num_runs
        )
        if num_fitting >= least:
            return with_trials(num_fitting)
    return None


def least_numbers(usual: Numbers, held: Held) -> Numbers:
    """The numbers of the shortest search that may be fitted."""
    smallest = [
        _numbers(usual, held, held.trials or least, seeds, race)
        for seeds, race, least in _steps(usual, held)
    ]
    return min(smallest, key=lambda numbers: numbers.num_runs)


def _numbers(
    usual: Numbers, held: Held, trials: int, seeds: tuple[int, ...], race: int
) -> Numbers:
    confirm = held.confirm
    if confirm is None:
        grown = round(usual.confirm * trials / usual.trials)
        confirm = min(max(usual.confirm, grown), FIRST_CONFIRM_SEED - 1) if race else 0
    return Numbers(trials, seeds, race, confirm)


def _steps(usual: Numbers, held: Held) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """Seeds, finalists and the fewest trials of each step, from the whole race to none."""
    race = usual.race if held.race is None else held.race
    if race and held.race is None and held.trials is not None:
        race = min(race, held.trials)
    seeds = usual.seeds if held.seeds is None else held.seeds
    seeds = seeds if race else seeds[:1]
    fewer = range(race - 1, 0, -1) if held.race is None else ()
    races = [(seeds, finalists) for finalists in (race, *fewer)]
    shorter = range(len(seeds) - 1, 0, -1) if held.seeds is None and race else ()
    races += [(seeds[:count], races[-1][1]) for count in shorter]
    for index, (of_rungs, finalists) in enumerate(races):
        is_last = index == len(races) - 1
        least = 1 if is_last or not race else LEAST_TRIALS_TO_RACE
        yield of_rungs, finalists, max(least, finalists)
