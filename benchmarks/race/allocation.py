"""Ways to spend few runs on many configurations, over thousands of studies at once.

Each is shown the same runs and decides by what it has seen of them; none knows how P(stable) is
spread in its world. `seen` below is a `Seen`: how many runs of each configuration, how many of
them stable, and the sum of their scores.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.race.worlds import Array, Runs
from lab.plan.race import Rung

Counts = NDArray[np.int64]


class Seen(NamedTuple):
    """Of each configuration; [studies, configurations]."""

    runs: Counts
    stable: Counts
    score: Array
    """Sum over runs."""

    @property
    def failures(self) -> Counts:
        """Runs that were not stable."""
        return self.runs - self.stable

    @property
    def mean_score(self) -> Array:
        """Zero where there is no run."""
        return np.asarray(self.score / np.maximum(self.runs, 1))

    def studies(self, rows: slice) -> Seen:
        """A copy of some studies."""
        return Seen(self.runs[rows].copy(), self.stable[rows].copy(), self.score[rows].copy())


Merit = Callable[[Seen], Array]
"""Larger is better; [studies, configurations]."""


def lexicographic(seen: Seen) -> Array:
    """The lab's order: share of stable runs, then the mean score (which is at most 1)."""
    return np.asarray((seen.stable + 0.5 * seen.mean_score) / np.maximum(seen.runs, 1))


def by_share_alone(seen: Seen) -> Array:
    """Ties go to the lowest number."""
    return np.asarray(seen.stable / np.maximum(seen.runs, 1))


def score_as_runs(num_runs: float) -> Merit:
    """The mean score counts as the share of so many further runs."""

    def merit(seen: Seen) -> Array:
        stable = seen.stable + num_runs * seen.mean_score
        return np.asarray(stable / (seen.runs + num_runs))

    return merit


def empirical_bayes(seen: Seen) -> Array:
    """Posterior mean of P(stable), shrunk to a line in the score fitted to the study itself.

    The prior's weight by moments (Efron and Morris 1975); ties by the mean score.
    """
    share = by_share_alone(seen)
    score = seen.mean_score
    middle = share.mean(axis=1, keepdims=True)
    within = middle * (1 - middle)
    between = share.var(axis=1, keepdims=True) - within / seen.runs
    weight = np.clip(within / np.maximum(between, 1e-3) - 1, 0.5, 50)
    off = score - score.mean(axis=1, keepdims=True)
    covariance = (off * (share - middle)).mean(axis=1, keepdims=True)
    slope = np.clip(covariance / np.maximum((off**2).mean(axis=1, keepdims=True), 1e-4), 0, 2)
    expected = middle + slope * off
    return np.asarray((seen.stable + weight * expected) / (seen.runs + weight) + 1e-4 * score)


def laplace(seen: Seen) -> Array:
    """Mean of P(stable) under a flat prior, ties by the mean score."""
    return np.asarray((seen.stable + 1) / (seen.runs + 2) + 1e-4 * seen.mean_score)


def best_odds(seen: Seen) -> Array:
    """Stable runs and one over failures and a tenth; ties by the mean score.

    Nearly fewest failures first, then most runs; but one with many stable runs to a failure comes
    before one with few and no fewer failures, which matters where nothing is stable for long.
    """
    return np.asarray((seen.stable + 1) / (seen.failures + 0.1) + 1e-4 * seen.mean_score)


def fewest_failures(seen: Seen) -> Array:
    """Fewest failures, then most runs, then the mean score: the next run goes to the first."""
    return np.asarray(-seen.failures + 1e-3 * seen.runs + 1e-4 * seen.mean_score)


def first_failure_out(seen: Seen) -> Array:
    """Fewest failures, then fewest runs: all that have not failed advance together."""
    return np.asarray(-seen.failures - 1e-3 * seen.runs + 1e-4 * seen.mean_score)


class Raced(NamedTuple):
    """One entry a study."""

    winner: Counts
    num_runs: Counts
    lazy_runs: Counts
    """Without runs of trials that can no longer advance, if fewest failures always ran first."""


def halving(rungs: Sequence[Rung], runs: Runs, merit: Merit = lexicographic) -> Raced:
    """The lab's race, whole: the first rung's width may be less than all configurations."""
    num_studies = runs.stable.shape[0]
    members = np.tile(np.arange(rungs[0].width), (num_studies, 1))
    made = lazy = np.zeros(num_studies, dtype=np.int64)
    before = 0
    for index, (width, num_seeds) in enumerate(rungs):
        left = rungs[index + 1].width if index + 1 < len(rungs) else 1
        rows = np.arange(num_studies)[:, None], members
        stable, score = runs.stable[rows][..., :num_seeds], runs.score[rows][..., :num_seeds]
        num_seen = np.full(members.shape, num_seeds)
        merits = merit(Seen(num_seen, stable.sum(axis=2), score.sum(axis=2)))
        order = np.argsort(-merits, axis=1, kind="stable")
        failed = np.cumsum(~stable, axis=2, dtype=np.int64)
        failures: Counts = np.take_along_axis(failed, order[..., None], axis=1)
        made = made + width * (num_seeds - before)
        lazy = lazy + _lazy_runs(failures, left, before)
        members = np.take_along_axis(members, order[:, :left], axis=1)
        before = num_seeds
    return Raced(members[:, 0], made, lazy)


def _lazy_runs(failures: Counts, left: int, before: int) -> Counts:
    """Runs of a rung when a loser stops once it has failed more often than the last to advance.

    `failures` after each seed, members best first; [studies, members, seeds].
    """
    if before == 0:
        return np.full(len(failures), failures[0, :, 0].size * failures.shape[2])
    allowed = failures[:, left - 1, -1]
    losers = failures[:, left:, before - 1 : -1] <= allowed[:, None, None]
    return np.asarray(left * (failures.shape[2] - before) + losers.sum(axis=(1, 2)))


def one_at_a_time(
    runs: Runs, marks: Collection[int], index: Merit, at_a_time: int = 1
) -> dict[int, Seen]:
    """One seed each, then always a seed to the configurations of highest index; what is seen.

    `marks`: after how many runs to look. `at_a_time` different ones get a seed before the next
    choice.
    """
    num_studies, num, num_seeds = runs.stable.shape
    here = np.arange(num_studies)
    seen = Seen(
        np.ones((num_studies, num), dtype=np.int64),
        runs.stable[..., 0].astype(np.int64),
        runs.score[..., 0].copy(),
    )
    looked: dict[int, Seen] = {}
    used = num
    while used < max(marks):
        values = np.where(seen.runs < num_seeds, index(seen), -np.inf)
        if at_a_time > 1:
            chosen = np.argsort(-values, axis=1, kind="stable")[:, :at_a_time]
        else:
            chosen = values.argmax(axis=1)
        for pick in chosen.reshape(num_studies, -1).T:
            if used < max(marks):
                cell = here, pick, seen.runs[here, pick]
                seen.stable[here, pick] += runs.stable[cell]
                seen.score[here, pick] += runs.score[cell]
                seen.runs[here, pick] += 1
                used += 1
                if used in marks:
                    looked[used] = seen.studies(slice(None))
    return looked


def top_two_thompson(rng: np.random.Generator) -> Merit:
    """Top-two Thompson sampling with a flat prior and even odds (Russo 2016)."""

    def index(seen: Seen) -> Array:
        here = np.arange(len(seen.runs))
        first, second = (rng.beta(seen.stable + 1, seen.failures + 1) for _ in range(2))
        second[here, first.argmax(axis=1)] = -1
        return np.where(rng.random((len(here), 1)) < 0.5, first, second)

    return index
