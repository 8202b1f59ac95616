"""Upper bounds for few runs: choices that know the distribution of P(stable) in their world.

A search does not know it. They bound what any race could reach with as many runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import comb, ndtr

from benchmarks.race.allocation import Counts, Merit, Seen
from benchmarks.race.worlds import NOISE, Array, Draw, Runs
from lab.plan.race import Rung

LOOK_AHEAD = (1, 2, 4, 8, 16)
"""Runs of one configuration whose worth is weighed together."""
_ENDS = np.cumsum([0, *(num + 1 for num in LOOK_AHEAD)])
"""Where the outcomes of each look ahead begin."""


class Prior(NamedTuple):
    """Kinds of configuration; [kinds]."""

    weight: Array
    stable: Array
    """P(stable)."""
    quality: Array

    def log_likelihood(self, stable: NDArray[np.bool_], score: Array) -> Array:
        """Of a run of each study under each kind, up to a constant; [studies, kinds]."""
        off = (self.quality - score[:, None]) / NOISE
        alive = np.log(self.stable) - off**2 / 2
        chance = np.maximum(ndtr(off), 1e-12) / np.maximum(self.quality, score[:, None])
        return np.where(stable[:, None], alive, np.log1p(-self.stable) + np.log(chance))


def prior_of(draw: Draw, num_shares: int = 96, num_qualities: int = 10) -> Prior:
    """Of a world: bins of P(stable), finer towards 1, and of quality within each."""
    truth = draw(np.random.default_rng(99), 5_000, 40)
    order = np.argsort(truth.stable, axis=None)
    stable, quality = truth.stable.ravel()[order], truth.quality.ravel()[order]
    edges = 1 - (1 - np.linspace(0, 1, num_shares + 1)) ** 2
    kinds = []
    for bin_ in np.split(np.arange(stable.size), np.searchsorted(stable, edges[1:-1])):
        by_quality = bin_[np.argsort(quality[bin_])]
        kinds += np.array_split(by_quality, min(num_qualities, max(1, bin_.size)))
    kinds = [kind for kind in kinds if kind.size]
    weight = np.array([kind.size for kind in kinds]) / stable.size
    share = np.array([stable[kind].mean() for kind in kinds])
    return Prior(
        weight,
        np.clip(share, 1e-6, 1 - 1e-6),
        np.array([quality[kind].mean() for kind in kinds]),
    )


class Beliefs:
    """Posterior of every configuration of every study, one run at a time."""

    def __init__(self, prior: Prior, num_studies: int, num: int) -> None:
        share = prior.stable
        counts = [(n, k) for n in LOOK_AHEAD for k in range(n + 1)]
        columns = [comb(n, k) * share**k * (1 - share) ** (n - k) for n, k in counts]
        outcomes = np.stack(columns, axis=1)
        self._prior = prior
        self._moments = np.column_stack([outcomes, outcomes * share[:, None], share]).astype("f4")
        self._log = np.tile(np.log(prior.weight).astype("f4"), (num_studies, num, 1))
        start = prior.weight.astype("f4") @ self._moments
        self._expected = np.tile(start, (num_studies, num, 1))
        self._here = np.arange(num_studies)

    @property
    def mean(self) -> Array:
        """Expected P(stable); [studies, configurations]."""
        return np.asarray(self._expected[..., -1])

    def learn(self, which: Counts, stable: NDArray[np.bool_], score: Array) -> None:
        """A run of one configuration of each study."""
        log = self._log[self._here, which] + self._prior.log_likelihood(stable, score)
        log -= log.max(axis=1, keepdims=True)
        weight = np.exp(log)
        weight /= weight.sum(axis=1, keepdims=True)
        self._log[self._here, which] = log
        self._expected[self._here, which] = weight.astype("f4") @ self._moments

    def worth(self) -> Array:
        """Expected gain in the chosen one's P(stable) per run of each, at the best look ahead.

        The knowledge gradient, KG(*) (Frazier and Powell 2010, section 5).
        """
        mean = self.mean
        best = mean.argmax(axis=1)
        rival = np.tile(mean.max(axis=1, keepdims=True), (1, mean.shape[1]))
        others = mean.copy()
        others[self._here, best] = -1
        rival[self._here, best] = others.max(axis=1)
        chance, share = np.split(self._expected[..., :-1], 2, axis=2)
        gain = np.maximum(share - rival[..., None] * chance, 0)
        certain = np.maximum(mean - rival, 0)
        ahead = [
            (gain[..., start:end].sum(axis=2) - certain) / num
            for num, start, end in zip(LOOK_AHEAD, _ENDS[:-1], _ENDS[1:], strict=True)
        ]
        return np.asarray(np.max(ahead, axis=0))


def knowledge_gradient(prior: Prior, runs: Runs, marks: Sequence[int]) -> dict[int, Counts]:
    """The choice after so many runs, each given where it is worth most."""
    num_studies, num, num_seeds = runs.stable.shape
    here = np.arange(num_studies)
    beliefs = Beliefs(prior, num_studies, num)
    used = np.zeros((num_studies, num), dtype=np.int64)
    chosen: dict[int, Counts] = {}
    for count in range(1, marks[-1] + 1):
        worth = np.where(used < num_seeds, beliefs.worth(), -1)
        pick = worth.argmax(axis=1)
        cell = here, pick, used[here, pick]
        beliefs.learn(pick, runs.stable[cell], runs.score[cell])
        used[here, pick] += 1
        if count in marks:
            chosen[count] = beliefs.mean.argmax(axis=1)
    return chosen


def bayes_halving(prior: Prior, rungs: Sequence[Rung], runs: Runs) -> Counts:
    """Winners of a race whose every cut is by the posterior mean: about the best ranking."""
    num_studies, num, _ = runs.stable.shape
    here = np.arange(num_studies)
    beliefs = Beliefs(prior, num_studies, num)
    members = np.tile(np.arange(num), (num_studies, 1))
    before = 0
    for width, num_seeds in rungs:
        ranks = np.argsort(-beliefs.mean[here[:, None], members], axis=1)
        members = members[here[:, None], ranks[:, :width]]
        for member in members.T:
            for seed in range(before, num_seeds):
                cell = here, member, seed
                beliefs.learn(member, runs.stable[cell], runs.score[cell])
        before = num_seeds
    last = beliefs.mean[here[:, None], members].argmax(axis=1)
    return np.asarray(members[here, last])


def bayes_of_counts(prior: Prior) -> Merit:
    """Posterior mean given stable runs, all runs and the mean score of the stable ones alone."""

    def merit(seen: Seen) -> Array:
        alive = seen.stable[..., None].astype(np.float64)
        log = alive * np.log(prior.stable) + seen.failures[..., None] * np.log1p(-prior.stable)
        off = (prior.quality - (seen.score / np.maximum(seen.stable, 1))[..., None]) / NOISE
        log = log - alive * off**2 / 2 + np.log(prior.weight)
        weight = np.exp(log - log.max(axis=2, keepdims=True))
        return np.asarray(weight @ prior.stable / weight.sum(axis=2))

    return merit
