"""TPE that reads its trials as arrays; its proposals are those of Optuna's sampler, bit for bit.

Optuna's walks over the trials that it is given several times for each group of parameters. Here a
trial is a row of a table, and what a group needs of all trials is a few indexing operations.
Densities, draws and the choice among them are Optuna's own.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from enum import IntEnum, auto
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import TPESampler

# Private, as is `_sample` below: nothing public makes the densities of arrays.
# tests/plan/test_tpe.py compares every proposal with that of the public sampler.
from optuna.samplers._tpe.sampler import default_gamma
from optuna.study import Study
from optuna.trial import FrozenTrial

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


class Standing(IntEnum):
    """What TPE makes of a trial."""

    RUNNING = auto()
    COMPLETE = auto()
    INFEASIBLE = auto()
    PRUNED = auto()
    FAILED = auto()
    """Never seen."""


class Seen(NamedTuple):
    """The trials that TPE sees for a proposal, in order of number."""

    columns: Mapping[str, int]
    parameters: Array
    """Shape (trials, columns), in Optuna's internal representation; NaN where not sampled."""
    good: Indices
    """Rows of the trials that the next one is to be like."""
    others: Indices

    def observations(self, names: Sequence[str], rows: Indices) -> dict[str, Array]:
        """Values of these parameters, of those of the rows that have all of them."""
        if any(name not in self.columns for name in names):  # a branch that no trial has taken
            return {name: np.empty(0) for name in names}
        columns = np.array([self.columns[name] for name in names], dtype=np.int64)
        values = self.parameters[np.ix_(rows, columns)]
        whole = values[~np.isnan(values).any(axis=1)]
        return dict(zip(names, whole.T, strict=True))


class Table:
    """Every trial of a search as a row of numbers, by number."""

    def __init__(self, sign: int) -> None:
        """`sign`: 1 where larger objectives are better, else -1."""
        self._sign = sign
        self._num_trials = 0
        self._columns: dict[str, int] = {}
        self._branches: dict[frozenset[str], int] = {}
        """Sets of parameters, by their index."""
        self._parameters = np.full((64, 8), np.nan)
        self._gains = np.zeros(64)
        self._standings = np.zeros(64, dtype=np.int64)
        self._branch_of = np.zeros(64, dtype=np.int64)

    def add(
        self, parameters: Mapping[str, Any], distributions: Mapping[str, BaseDistribution]
    ) -> None:
        """Enter the next trial, which runs."""
        number = self._num_trials
        self._num_trials += 1
        for name in parameters:
            self._columns.setdefault(name, len(self._columns))
        self._make_room()
        for name, value in parameters.items():
            internal = distributions[name].to_internal_repr(value)
            self._parameters[number, self._columns[name]] = internal
        self._standings[number] = Standing.RUNNING
        branch = self._branches.setdefault(frozenset(parameters), len(self._branches))
        self._branch_of[number] = branch

    def close(self, number: int, standing: Standing, value: float = 0.0) -> None:
        """A trial has ended; `value`: its objective."""
        self._standings[number] = standing
        self._gains[number] = self._sign * value

    def seen(self, numbers: Sequence[int]) -> Seen:
        """Of these trials: the good ones and the others, as TPE divides them.

        Good are the best tenth, at most 25: complete ones by their objective, then pruned, then
        infeasible ones. Running ones are among the others, which keeps parallel proposals apart.
        """
        trials = np.array(numbers, dtype=np.int64)
        trials = trials[self._standings[trials] != Standing.FAILED]
        standings = self._standings[trials]
        running, complete, infeasible, pruned = (
            np.flatnonzero(standings == standing)
            for standing in (
                Standing.RUNNING,
                Standing.COMPLETE,
                Standing.INFEASIBLE,
                Standing.PRUNED,
            )
        )
        gains = self._gains[trials[complete]]
        best_first = complete[np.argsort(-gains, kind="stable")]
        ranked = np.concatenate([best_first, pruned, infeasible])
        num_good = default_gamma(len(ranked))
        return Seen(
            self._columns,
            self._parameters[trials],
            np.sort(ranked[:num_good]),
            np.sort(np.concatenate([ranked[num_good:], running])),
        )

    def first_of_branches(self, numbers: Sequence[int]) -> list[int]:
        """The first complete or pruned trial of these with each set of parameters.

        They alone decide which parameters TPE draws together, in which order.
        """
        trials = np.array(numbers, dtype=np.int64)
        without = (Standing.RUNNING, Standing.FAILED)
        ended = trials[~np.isin(self._standings[trials], without)]
        _, firsts = np.unique(self._branch_of[ended], return_index=True)
        return [int(trial) for trial in ended[np.sort(firsts)]]

    def _make_room(self) -> None:
        """For as many trials and parameters as there are."""
        if self._num_trials > len(self._gains):
            self._gains, self._standings, self._branch_of = (
                np.concatenate([old, np.zeros_like(old)])
                for old in (self._gains, self._standings, self._branch_of)
            )
            more = np.full_like(self._parameters, np.nan)
            self._parameters = np.concatenate([self._parameters, more])
        num_missing = len(self._columns) - self._parameters.shape[1]
        if num_missing > 0:
            more = np.full((len(self._parameters), num_missing), np.nan)
            self._parameters = np.hstack([self._parameters, more])


class ArraySampler(TPESampler):
    """Optuna's TPE, with one objective or several; with one its trials come as arrays."""

    def __init__(self, seed: int, seen: Seen | None) -> None:
        """`seen`: None with several objectives, whose trials Optuna divides."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)  # `group` is, since Optuna 2.8
            # The design is the start-up; constant_liar keeps parallel proposals apart.
            super().__init__(
                n_startup_trials=0, multivariate=True, group=True, constant_liar=True, seed=seed
            )
        self._seen = seen

    def _sample(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        if self._seen is None:
            return super()._sample(study, trial, search_space)  # type: ignore[no-any-return]
        names = list(search_space)
        good, others = (
            self._parzen_estimator_cls(
                self._seen.observations(names, rows),
                search_space,
                self._parzen_estimator_parameters,
            )
            for rows in (self._seen.good, self._seen.others)
        )
        drawn = good.sample(self._rng.rng, self._n_ei_candidates)
        best = self._compare(drawn, self._compute_acquisition_func(drawn, good, others))
        return {name: to.to_external_repr(best[name]) for name, to in search_space.items()}
