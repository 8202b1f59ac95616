"""What a space's `suggest` is given: a trial whose answers come from a source.

A source is a function (parameter name, distribution) -> value. So the same `suggest` serves a
known point, a Sobol point, Optuna's sampler and random draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from lab.config import canonical, config_paths, is_settable
from lab.errors import InputError, unknown
from lab.randomness import counted_seed

Source = Callable[[str, BaseDistribution], Any]

CONFIG_PATHS = frozenset(config_paths())


class ByPath(dict[str, Any]):
    """Values by path, which answer to older names of paths as well."""

    def __missing__(self, path: str) -> Any:
        if canonical(path) == path:
            raise KeyError(path)
        return self[canonical(path)]

    def __contains__(self, path: object) -> bool:
        return super().__contains__(canonical(path) if isinstance(path, str) else path)

    def get(self, path: str, default: Any = None) -> Any:
        """As dict.get."""
        return super().get(canonical(path), default)


class SpaceTrial:
    """The part of optuna.Trial that a space needs, with fixed paths left out of the search.

    A parameter whose path is fixed by the person takes that value and is not recorded as sampled.
    """

    def __init__(
        self, source: Source, fixed: Mapping[str, Any], *, any_name: bool = False
    ) -> None:
        """`any_name`: whether names are those of the person's own trainer, not paths."""
        self._source = source
        self._fixed = fixed
        self._any_name = any_name
        self.params = ByPath()
        self.distributions: dict[str, BaseDistribution] = {}

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """As optuna.Trial.suggest_float."""
        value: float = self._suggest(name, FloatDistribution(low, high, log=log, step=step))
        return value

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """As optuna.Trial.suggest_int."""
        value: int = self._suggest(name, IntDistribution(low, high, log=log, step=step))
        return value

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """As optuna.Trial.suggest_categorical."""
        return self._suggest(name, CategoricalDistribution(choices))

    def _suggest(self, name: str, distribution: BaseDistribution) -> Any:
        if self._any_name and canonical(name) != name:
            raise InputError(f"the parameter '{name}' is an older name of '{canonical(name)}'")
        name = canonical(name)
        if not self._any_name and not is_settable(name):
            wrong = unknown("the parameter", name, CONFIG_PATHS)
            raise InputError(f"{wrong}; a parameter's name is the configuration path it sets")
        if name in self._fixed:
            return self._fixed[name]
        before = self.distributions.setdefault(name, distribution)
        if before != distribution:
            raise two_ranges(name, before, distribution)
        if name not in self.params:
            self.params[name] = self._source(name, distribution)
        return self.params[name]


def two_ranges(name: str, one: BaseDistribution, other: BaseDistribution) -> InputError:
    """The error for a parameter whose range changes between calls or between draws."""
    return InputError(
        f"the parameter '{name}' is suggested as {in_words(one)} and as {in_words(other)}; "
        "a parameter must have the same range wherever it is suggested"
    )


def num_values(distribution: BaseDistribution, most: int) -> int:
    """How many values a parameter can have, at most `most`."""
    match distribution:
        case CategoricalDistribution(choices=choices):
            return min(most, len(choices))
        case IntDistribution(low=low, high=high, step=step):
            return min(most, (high - low) // step + 1)
        case FloatDistribution(low=low, high=high, step=step) if step is not None or low == high:
            return 1 if low == high else min(most, round((high - low) / (step or 1.0)) + 1)
    return most


def nth_value(distribution: BaseDistribution, index: int) -> Any:
    """The value at an index below `num_values`; of a continuous range, any so many."""
    match distribution:
        case CategoricalDistribution(choices=choices):
            return choices[index]
        case IntDistribution(low=low, step=step):
            return low + index * step
        case FloatDistribution(low=low, step=step) if step is not None:
            return low + index * step
        case FloatDistribution(low=low, high=high):
            return low + (high - low) / (index + 1)
    raise AssertionError(distribution)


def from_given(values: Mapping[str, Any]) -> Source:
    """Answers from a mapping; InputError for a value that is missing or outside its range."""

    def source(name: str, distribution: BaseDistribution) -> Any:
        if name not in values:
            raise InputError(f"the parameter '{name}' has no value; give {in_words(distribution)}")
        if not contains(distribution, values[name]):
            raise InputError(
                f"the parameter '{name}' is {values[name]!r}; it must be {in_words(distribution)}"
            )
        return values[name]

    return source


def from_trial(trial: optuna.Trial) -> Source:
    """Answers from Optuna's sampler, recorded in its study."""

    def source(name: str, distribution: BaseDistribution) -> Any:
        match distribution:
            case FloatDistribution(low=low, high=high, step=step, log=log):
                return trial.suggest_float(name, low, high, step=step, log=log)
            case IntDistribution(low=low, high=high, step=step, log=log):
                return trial.suggest_int(name, low, high, step=step, log=log)
            case CategoricalDistribution(choices=choices):
                return trial.suggest_categorical(name, choices)
        raise AssertionError(distribution)

    return source


def from_unit(coordinates: Mapping[str, float], otherwise: Source) -> Source:
    """Answers from coordinates in [0, 1), one a parameter; `otherwise` where one is missing."""

    def source(name: str, distribution: BaseDistribution) -> Any:
        if name not in coordinates:
            return otherwise(name, distribution)
        return at_unit(distribution, coordinates[name])

    return source


class SobolDesign:
    """A scrambled Sobol sequence over all parameters of a space, in order of name.

    A conditional parameter has a dimension to itself, used where its branch is taken.
    """

    def __init__(self, names: Sequence[str], num_points: int, seed: int) -> None:
        self._names = names
        self._num_points = num_points
        self._seed = seed

    def source(self, index: int) -> Source:
        """Answers from point `index`."""
        otherwise = from_random(self._seed, "sobol", index)
        return from_unit(dict(zip(self._names, self._points[index], strict=True)), otherwise)

    @cached_property
    def _points(self) -> list[list[float]]:
        """Shape (a power of two >= num_points, number of parameters), in [0, 1)."""
        from scipy.stats import qmc  # half a second that most commands need not wait for

        if not self._names:
            return [[]] * self._num_points
        seed = counted_seed(self._seed, "sobol", 0)
        design = qmc.Sobol(len(self._names), scramble=True, rng=seed)
        num_bits = (self._num_points - 1).bit_length()
        points: list[list[float]] = design.random_base2(num_bits).tolist()
        return points


def from_random(seed: int, purpose: str, index: int) -> Source:
    """Counted uniform answers: they depend on (seed, purpose, index) and the parameter's name."""

    def source(name: str, distribution: BaseDistribution) -> Any:
        return at_unit(distribution, counted_seed(seed, f"{purpose}/{name}", index) / 2**63)

    return source


def at_unit(distribution: BaseDistribution, u: float) -> Any:
    """The value at quantile u in [0, 1) of the uniform or log-uniform distribution."""
    match distribution:
        case CategoricalDistribution(choices=choices):
            return choices[int(u * len(choices))]
        case FloatDistribution(low=low, high=high, step=None, log=True):
            value = math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
            return min(max(value, low), high)
        case FloatDistribution(low=low, high=high, step=None):
            return min(low + u * (high - low), high)
        case FloatDistribution(low=low, high=high, step=float(step)):
            return min(low + int(u * (round((high - low) / step) + 1)) * step, high)
        case IntDistribution(low=low, high=high, log=True):
            start, end = math.log(low - 0.5), math.log(high + 0.5)
            return min(max(round(math.exp(start + u * (end - start))), low), high)
        case IntDistribution(low=low, high=high, step=step):
            return low + int(u * ((high - low) // step + 1)) * step
    raise AssertionError(distribution)


def contains(distribution: BaseDistribution, value: Any) -> bool:
    """Whether a value lies in a distribution's range and is of its kind."""
    match distribution:
        case CategoricalDistribution(choices=choices):
            return any(type(choice) is type(value) and choice == value for choice in choices)
        case _ if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        case IntDistribution(low=low, high=high, step=step):
            return low <= value <= high and (value - low) % step == 0
        case FloatDistribution(low=low, high=high, step=None):
            return low <= value <= high
        case FloatDistribution(low=low, high=high, step=float(step)):
            steps = (value - low) / step
            return low <= value <= high and abs(steps - round(steps)) < 1e-8
    raise AssertionError(distribution)


def in_words(distribution: BaseDistribution) -> str:
    """The range as a person reads it: `a number from 0.1 to 100.0 (log)`."""
    match distribution:
        case CategoricalDistribution(choices=choices):
            return f"one of {', '.join(repr(choice) for choice in choices)}"
        case FloatDistribution(low=low, high=high, step=step, log=log):
            words = f"a number from {low} to {high}"
        case IntDistribution(low=low, high=high, step=step, log=log):
            words = f"a whole number from {low} to {high}"
        case _:
            raise AssertionError(distribution)
    return words + (f" in steps of {step}" if step not in (None, 1) else "") + " (log)" * log
