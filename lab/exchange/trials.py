"""Runs as trials: equal settings are seeds of one trial, and settings that differ the space."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.errors import InputError, nearest
from lab.exchange.judging import JudgedRun
from lab.record import ParameterCard, Scalar

SEEDS = ("seed", "randomseed", "manualseed", "globalseed", "rngseed")
"""Names of the setting that holds the seed, by their last part, without case and separators."""
NAMES = re.compile(
    r"run_?dir|run_?name|run_?id|name|id|(out|output|log|save|work|result|checkpoint|ckpt)s?_?"
    r"(dir|path|folder)?|host(name)?|timestamp|date|time|port|pid|command|desc(ription)?",
    re.IGNORECASE,
)
"""Settings that name a run, by their last part, where they differ between all runs."""
MANY = 5
"""From so many runs on, a text that differs between all of them is taken for a name of theirs."""
LOG_FACTOR = 20.0
"""Positive numbers that span more than this factor are compared by their logarithm."""
MAX_SEED = 2**31
TAKEN = {
    "trial", "seed", "stage", "status", "outcome", "onset_images", "evidence", "score",
    "final_quality", "quality_alive", "life", "images_seen", "budget_images", "frechet", "kernel",
    "coverage", "seconds", "images_per_second", "error", "folder", "confidence", "flags",
    "not_judged", "cost", "started", "ended", "attempts", "host", "origin", "unbiased", "best",
}  # fmt: skip
"""Columns of the report's tables of runs; a setting of such a name is called `setting.<name>`."""


@dataclass(frozen=True)
class ImportedTrial:
    """The runs of one setting, by seed."""

    parameters: dict[str, Scalar]
    """Those of the space; one that no log of the trial has is absent."""
    runs: dict[int, JudgedRun]


@dataclass(frozen=True)
class Trials:
    """All trials, and the space that their settings span."""

    trials: list[ImportedTrial]
    space: dict[str, ParameterCard]
    base: dict[str, Scalar]
    """Settings that all runs share."""
    notes: list[str]


def trials_of(
    runs: Sequence[JudgedRun], seed_column: str | None = None, ignore: Sequence[str] = ()
) -> Trials:
    """The runs by equal settings, in order of the runs' names.

    `seed_column` names the setting that holds the seed; without it and without a known name, the
    runs of a trial are numbered. Settings in `ignore`, and texts that name a run, are left out.
    A run without any setting is a trial of its own.
    Raises InputError for names that no run has, and for two runs of one setting and seed.
    """
    every = list(dict.fromkeys(name for run in runs for name in run.log.settings))
    asked = [seed_column] if seed_column else []
    for option, names in (("seed-column", asked), ("ignore", ignore)):
        for name in names:
            if name not in every:
                raise _unknown(option, name, every)
    notes: list[str] = []
    seed_names = asked or [name for name in every if _is_seed(name)]
    without = {*ignore, *seed_names}
    without |= _naming([name for name in every if name not in without], runs, notes)
    settings = [
        {_apart(name): to for name, to in run.log.settings.items() if name not in without}
        for run in runs
    ]
    base = _shared(settings)
    varied = [{name: to for name, to in of_one.items() if name not in base} for of_one in settings]
    is_seeded = any(_seed(run, seed_names) is not None for run in runs)
    if len(runs) > 1 and not any(varied) and not is_seeded:
        notes.append(
            "no settings were found that differ between the runs: each is a trial of its own; "
            "give --settings or --pattern to state which belong together"
        )
        groups = [[run] for run in runs]
        return Trials([_trial({}, group, []) for group in groups], {}, base, notes)
    by_setting: dict[tuple[Any, ...], list[JudgedRun]] = {}
    parameters: dict[tuple[Any, ...], dict[str, Scalar]] = {}
    for run, values in zip(runs, varied, strict=True):
        key = tuple(sorted((name, *map(str, _plain(to))) for name, to in values.items()))
        if not run.log.settings:  # nothing is known of what it shares with others
            key = ((run.log.name,),)
        by_setting.setdefault(key, []).append(run)
        parameters.setdefault(key, values)
    space = {
        name: _parameter([of.get(name) for of in varied if name in of])
        for name in dict.fromkeys(name for of in varied for name in of)
    }
    trials = [_trial(parameters[key], group, seed_names) for key, group in by_setting.items()]
    return Trials(_of_kinds(trials, space), space, base, notes)


def _unknown(option: str, name: str, every: Sequence[str]) -> InputError:
    close = nearest(name, every) or f"; known are {', '.join(every[:12]) or 'none'}"
    return InputError(f"--{option} names the setting '{name}', which no run has{close}")


def _key(name: str) -> str:
    """The last part of a dotted name without case and separators."""
    return re.sub(r"[\s_\-]+", "", re.split(r"[./]", name)[-1].lower())


def _apart(name: str) -> str:
    """The name of a setting, which must differ from any column of the report's tables of runs."""
    return f"setting.{name}" if name in TAKEN else name


def _is_seed(name: str) -> bool:
    return _key(name) in SEEDS


def _naming(names: Iterable[str], runs: Sequence[JudgedRun], notes: list[str]) -> set[str]:
    """Texts and identities that name a run instead of setting it, which a note lists."""
    left_out = set()
    for name in names:
        values = [run.log.settings.get(name) for run in runs]
        is_unique = len(runs) > 1 and len({_plain(value) for value in values}) == len(runs)
        texts = all(isinstance(value, str) for value in values)
        named = NAMES.fullmatch(re.split(r"[./]", name)[-1]) is not None
        if is_unique and (named or (texts and len(runs) >= MANY)):
            left_out.add(name)
    if left_out:
        notes.append(
            f"taken for names of runs and not for settings, as no two runs share one: "
            f"{', '.join(sorted(left_out))}"
        )
    return left_out


def _shared(settings: Sequence[Mapping[str, Scalar]]) -> dict[str, Scalar]:
    """The settings that every run has with one value."""
    first = settings[0] if settings else {}
    return {
        name: value
        for name, value in first.items()
        if all(name in of and _plain(of[name]) == _plain(value) for of in settings)
    }


def _plain(value: Scalar) -> tuple[str, Scalar]:
    """A key that is equal for values of one meaning: 1 is 1.0, and neither is true or '1'."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return type(value).__name__, value
    return ("number", float(value)) if math.isfinite(value) else ("number", str(value))


def _trial(
    parameters: dict[str, Scalar], runs: Sequence[JudgedRun], seed_names: Sequence[str]
) -> ImportedTrial:
    """The runs of one setting by their seeds; those without one get the next free number."""
    by_seed: dict[int, JudgedRun] = {}
    unnumbered: list[JudgedRun] = []
    for run in runs:
        seed = _seed(run, seed_names)
        if seed is None:
            unnumbered.append(run)
        elif seed in by_seed:
            raise InputError(
                f"the runs '{by_seed[seed].log.name}' and '{run.log.name}' have the same "
                f"settings and the seed {seed}; leave one out, or state with --settings or "
                "--pattern in what they differ"
            )
        else:
            by_seed[seed] = run
    for run in unnumbered:
        by_seed[next(i for i in range(len(runs) + 1) if i not in by_seed)] = run
    return ImportedTrial(parameters, dict(sorted(by_seed.items())))


def _seed(run: JudgedRun, names: Sequence[str]) -> int | None:
    """The run's seed, if a setting states one that may be a seed."""
    for name in names:
        value = run.log.settings.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if 0 <= value < MAX_SEED and value == int(value):
            return int(value)
    return None


def _parameter(values: Sequence[Scalar | None]) -> ParameterCard:
    """The range or the choices that a setting's values span."""
    numbers = [
        value for value in values if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    finite = [value for value in numbers if math.isfinite(value)]
    if len(finite) == len(values) and len(set(finite)) > 1:
        low, high = min(finite), max(finite)
        kind = "int" if all(isinstance(value, int) for value in finite) else "float"
        return ParameterCard(
            kind=kind,
            low=low if kind == "int" else float(low),
            high=high if kind == "int" else float(high),
            log=low > 0 and high / low > LOG_FACTOR,
        )
    distinct = {_plain(value): value for value in values}
    order = sorted(distinct, key=lambda key: (isinstance(key[1], str), key[0], key[1]))
    return ParameterCard(kind="categorical", choices=tuple(distinct[key] for key in order))


def _of_kinds(
    trials: Sequence[ImportedTrial], space: Mapping[str, ParameterCard]
) -> list[ImportedTrial]:
    """The trials with whole numbers of a continuous range as numbers of it."""

    floats = {name for name, parameter in space.items() if parameter.kind == "float"}
    return [
        ImportedTrial(
            {
                name: float(value) if name in floats and isinstance(value, int) else value
                for name, value in trial.parameters.items()
            },
            trial.runs,
        )
        for trial in trials
    ]
