"""A stored study as an Optuna study, for its dashboard, plots and samplers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState, create_trial

from lab.record import ParameterCard, Scalar

JOURNAL = (".log", ".journal")
"""Endings of Optuna's journal files; any other file is a SQLite database."""


@dataclass(frozen=True)
class ExportedTrial:
    """A trial as Optuna keeps it."""

    parameters: Mapping[str, Scalar]
    value: float | None
    """The objective, which is maximised; None for a trial without one."""
    is_pruned: bool = False
    curve: Mapping[int, float] = field(default_factory=dict)
    """Images seen -> quality."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Its user attributes: verdicts, seeds."""


def write_optuna(
    path: Path,
    name: str,
    parameters: Mapping[str, ParameterCard],
    trials: Sequence[ExportedTrial],
) -> None:
    """Write a file with one study; `path` must not exist yet."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(storage=_storage(path), study_name=name, direction="maximize")
        spaces = {
            path: _distribution(parameter, [trial.parameters.get(path) for trial in trials])
            for path, parameter in parameters.items()
        }
        study.add_trials(_trial(trial, spaces) for trial in trials)
    finally:
        optuna.logging.set_verbosity(before)


def _storage(path: Path) -> BaseStorage:
    if path.suffix in JOURNAL:
        return JournalStorage(JournalFileBackend(str(path)))
    return RDBStorage(f"sqlite:///{path}")


def _trial(trial: ExportedTrial, spaces: Mapping[str, BaseDistribution]) -> FrozenTrial:
    state = TrialState.COMPLETE if trial.value is not None else TrialState.FAIL
    values = {path: to for path, to in trial.parameters.items() if path in spaces}
    others = {path: to for path, to in trial.parameters.items() if path not in spaces}
    return create_trial(
        state=TrialState.PRUNED if trial.is_pruned and trial.value is None else state,
        value=trial.value,
        params=values,
        distributions={path: spaces[path] for path in values},
        user_attrs={**trial.notes, **others},
        intermediate_values=dict(trial.curve),
    )


def _distribution(parameter: ParameterCard, values: Sequence[Scalar]) -> BaseDistribution:
    """The parameter's range or choices, widened to the values that trials have beyond them."""
    if not parameter.is_numeric or parameter.low is None or parameter.high is None:
        given = [*parameter.choices, *(value for value in values if value is not None)]
        choices = {(type(value), value): value for value in given}
        return CategoricalDistribution(tuple(choices.values()))
    numbers = [
        value for value in values if isinstance(value, int | float) and math.isfinite(value)
    ]
    low, high = min([parameter.low, *numbers]), max([parameter.high, *numbers])
    if parameter.kind == "int":
        step = 1 if parameter.log or parameter.step is None else int(parameter.step)
        return IntDistribution(int(low), int(high), log=parameter.log, step=step)
    step_of_float = None if parameter.log else parameter.step
    return FloatDistribution(
        float(low), float(high), log=parameter.log,
        step=None if step_of_float is None else float(step_of_float),
    )  # fmt: skip
