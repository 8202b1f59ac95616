"""Race and confirm: halving over seeds, then fresh seeds. Pure: no Optuna, no clock.

Rung r holds `width` trials with `num_seeds` seeds each, common to all; its best continue to rung
r + 1 (sequential halving: Karnin et al. 2013). The first `num_seeds` seeds alone decide which,
so the outcome is that of a race which waits at every rung, whatever the order in which runs end.
It does not wait, though: a trial that no unfinished one can displace continues at once, and when
nothing is certain the likeliest next run is made early. An early run that turns out not to be
needed costs time and changes no choice.

Every member of the last rung is a finalist and is trained again on fresh seeds, on which no choice
was made. The recommended trial is the winner of the race, named before any of those runs: their
share of stable runs estimates its P(stable) without bias.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lab.record import Stage
from lab.record.words import in_number
from lab.statistics import pareto_front


class Result(NamedTuple):
    """What a race uses of a run that has its verdict."""

    stable: bool
    values: tuple[float, ...]
    """Of each objective, larger is better, finite for failures too."""


class Rung(NamedTuple):
    """`width` trials with `num_seeds` seeds each."""

    width: int
    num_seeds: int


@dataclass(frozen=True)
class Rules:
    """How a study races and confirms."""

    rungs: tuple[Rung, ...]
    """Wider before narrower, fewer seeds before more; the first is the explore stage."""
    seeds: tuple[int, ...]
    """Seeds of the race in order, as many as the last rung has."""
    confirm_seeds: tuple[int, ...]
    """Fresh seeds of each finalist; none without confirmation."""

    @property
    def raced(self) -> bool:
        """Whether any trial is chosen over another."""
        return len(self.rungs) > 1

    @property
    def num_runs(self) -> int:
        """Runs of the whole study when none is made early and not needed."""
        made = before = 0
        for width, num_seeds in self.rungs:
            made += width * (num_seeds - before)
            before = num_seeds
        return made + self.num_finalists * len(self.confirm_seeds)

    @property
    def in_words(self) -> str:
        """The rungs and the number of runs, for a person."""
        first = self.rungs[0]
        words = "1 seed each" if first.num_seeds == 1 else f"{first.num_seeds} seeds each"
        if self.raced:
            widths = ", ".join(f"{rung.width} with {rung.num_seeds}" for rung in self.rungs[1:])
            words += f"; then the best race: {widths}"
        if self.num_finalists and self.confirm_seeds:
            words += f"; confirmed on {len(self.confirm_seeds)} fresh seeds each"
        return f"{words}; {in_number(self.num_runs, 'run')} in all"

    @property
    def num_finalists(self) -> int:
        """Trials of the last rung, where trials are chosen at all."""
        return self.rungs[-1].width if self.raced else 0


def rungs_of(num_trials: int, seeds: Sequence[int], finalists: int) -> tuple[Rung, ...]:
    """Rungs with these numbers of seeds; widths fall geometrically from all to the finalists.

    With one number the finalists are the best by those seeds; without finalists nothing races.
    """
    if finalists == 0:
        return (Rung(num_trials, seeds[0]),)
    if len(seeds) == 1:
        seeds = (*seeds, *seeds)
    last = len(seeds) - 1
    shrink = finalists / num_trials
    widths = [round(num_trials * math.pow(shrink, i / last)) for i in range(last + 1)]
    return tuple(map(Rung, widths, seeds))


def halved(num_trials: int, num_rungs: int) -> int:
    """Finalists when the better half continues at each rung."""
    return max(1, -(-num_trials // (1 << (num_rungs - 1))))


class Wanted(NamedTuple):
    """A run to make next."""

    trial: int
    seed: int
    stage: Stage
    certain: bool
    """Whether it is needed however the others end."""


class Standing(NamedTuple):
    """A trial by the seeds of one rung."""

    trial: int
    stable_share: float
    """Stable runs over those that have a verdict."""
    means: tuple[float, ...]
    """Mean of each objective over those runs."""


class Race:
    """The results so far, and which run is wanted next."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._results: dict[tuple[int, int], Result | None] = {}
        self._ended: list[dict[int, Standing | None]] = [{} for _ in rules.rungs]
        """Of each rung: trials of which all its seeds have ended, None without any verdict."""
        self._settled: list[list[int]] = []
        """Members of the rungs after the first that no run can change any more."""
        self._cached_members: list[_Members] | None = None

    def tell(self, trial: int, seed: int, result: Result | None) -> None:
        """A run has ended; None without a verdict (crashed for good, or pruned)."""
        self._results[trial, seed] = result
        self._cached_members = None
        for rung, ended in zip(self.rules.rungs, self._ended, strict=True):
            seeds = self.rules.seeds[: rung.num_seeds]
            if all((trial, seed) in self._results for seed in seeds):
                ended[trial] = self.standing(trial, rung.num_seeds)

    @property
    def num_ended(self) -> int:
        """Runs that have ended for good."""
        return len(self._results)

    def wanted(self, taken: Collection[tuple[int, int]]) -> Iterator[Wanted]:
        """Runs to make, the certain ones first, less those taken (asked for, ended or not)."""
        members = self._members()
        for certain in (True, False):
            for run in self._runs_of(members, certain):
                if (run.trial, run.seed) not in taken:
                    yield run

    def finalists(self) -> list[int] | None:
        """Trials of the last rung, the winner first; None until the race is over."""
        if not self.rules.raced:
            return []
        last = self._members()[-1]
        settled = len(self._settled) == last.rung
        if not settled or any(trial not in self._ended[-1] for trial in last.likely):
            return None
        return self._ranked(last.rung, last.likely)

    def confirmed(self, trial: int) -> tuple[int, int]:
        """How many of a trial's fresh seeds were stable, of how many that have a verdict."""
        results = self._results_of(trial, self.rules.confirm_seeds)
        return sum(result.stable for result in results), len(results)

    def standing(self, trial: int, num_seeds: int) -> Standing | None:
        """A trial by its first `num_seeds` seeds; None when none of them has a verdict."""
        results = self._results_of(trial, self.rules.seeds[:num_seeds])
        if not results:
            return None
        share = sum(result.stable for result in results) / len(results)
        columns = zip(*(result.values for result in results), strict=True)
        return Standing(trial, share, tuple(math.fsum(c) / len(c) for c in columns))

    def _results_of(self, trial: int, seeds: Iterable[int]) -> list[Result]:
        """Of the runs that have a verdict."""
        results = (self._results.get((trial, seed)) for seed in seeds)
        return [result for result in results if result is not None]

    def _ranked(self, rung: int, trials: Iterable[int]) -> list[int]:
        """Those of the trials that have a verdict at this rung, best first."""
        standings = (self._ended[rung].get(trial) for trial in trials)
        return best_first([standing for standing in standings if standing is not None])

    def _members(self) -> list[_Members]:
        if self._cached_members is None:
            first = range(self.rules.rungs[0].width)
            members = [_Members(0, list(first), list(first))]
            for index in range(1, len(self.rules.rungs)):
                members.append(self._promoted(members[-1], index))
            self._cached_members = members
        return self._cached_members

    def _promoted(self, below: _Members, index: int) -> _Members:
        """Members of rung `index`, given those of the rung below."""
        if index <= len(self._settled):
            settled = self._settled[index - 1]
            return _Members(index, settled, settled)
        ended = self._ended[index - 1]
        likely = [trial for trial in below.likely if trial in ended]
        sure = [trial for trial in below.certain if trial in ended]
        num_open = self.rules.rungs[index - 1].width - len(sure)
        if len(likely) == len(below.likely) == len(sure) and len(self._settled) == index - 1:
            num_open = 0  # fewer than the width where runs crashed or were pruned
        width = self.rules.rungs[index].width
        certain = self._ranked(index - 1, sure)[: max(0, width - num_open)]
        if num_open == 0 and len(self._settled) == index - 1:
            self._settled.append(certain)
        return _Members(index, self._ranked(index - 1, likely)[:width], certain)

    def _runs_of(self, members: Sequence[_Members], certain: bool) -> Iterator[Wanted]:
        for at in members[len(self._settled) :]:
            stage: Stage = "explore" if at.rung == 0 else "race"
            seeds = self.rules.seeds[: self.rules.rungs[at.rung].num_seeds]
            trials = at.certain if certain else at.likely
            yield from (Wanted(t, seed, stage, certain) for seed in seeds for t in trials)
        if self.rules.raced:
            trials = members[-1].certain if certain else members[-1].likely
            seeds = self.rules.confirm_seeds
            yield from (Wanted(t, seed, "confirm", certain) for seed in seeds for t in trials)


class _Members(NamedTuple):
    """Trials of a rung, as far as the ended runs decide."""

    rung: int
    likely: list[int]
    """As if the unfinished runs below came last; holds every certain one."""
    certain: list[int]
    """However the unfinished runs end."""


def best_first(standings: Sequence[Standing]) -> list[int]:
    """Trials in order of merit: share of stable runs, then the mean objective, then number.

    With several objectives non-dominated trials come before the dominated (Deb et al. 2002),
    among those that were ever stable; then as with one.
    """
    fronts = _fronts(standings) if standings and len(standings[0].means) > 1 else {}

    def merit(standing: Standing) -> tuple[float, ...]:
        front = fronts.get(standing.trial, math.inf if fronts else 0)
        worse_first = (-standing.stable_share, *(-mean for mean in standing.means))
        return (float(front), *worse_first, float(standing.trial))

    return [standing.trial for standing in sorted(standings, key=merit)]


def _fronts(standings: Sequence[Standing]) -> Mapping[int, int]:
    """Front of each trial that was ever stable, 0 for the Pareto set."""
    left = [standing for standing in standings if standing.stable_share > 0]
    fronts: dict[int, int] = {}
    front = 0
    while left:
        best = pareto_front(np.array([standing.means for standing in left]), maximise=True)
        fronts |= {one.trial: front for one, is_best in zip(left, best, strict=True) if is_best}
        left = [one for one, is_best in zip(left, best, strict=True) if not is_best]
        front += 1
    return fronts
