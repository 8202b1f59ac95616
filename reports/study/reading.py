"""The record as the report reads it: parts of another kind than they should be are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.record import STUDY_FILE, TRIAL_FILE, StudyRecord, read_study, trial_folder
from reports.study.tables import mapping

OBJECTS = (
    "space", "parameters", "base", "settings", "data", "versions", "hardware", "metrics",
    "conclusions", "pilot", "detector",
)  # fmt: skip
"""Entries of study.json that are objects where they are there at all."""


def read_for_report(folder: Path) -> StudyRecord:
    """A study with every part of the kind that figures expect; what was not is in `missing`.

    Raises InputError when `folder` is no study, or was made by a newer format.
    """
    study = read_study(folder)
    missing = list(study.missing)
    card = _objects(study.study, OBJECTS, STUDY_FILE, missing)
    parameters = mapping(card.get("parameters"))
    wrong = [path for path, entry in parameters.items() if not _is_parameter(entry)]
    missing += [f"{STUDY_FILE}: parameters.{path}" for path in wrong]
    card["parameters"] = {path: it for path, it in parameters.items() if path not in wrong}
    metrics = dict(mapping(card.get("metrics")))
    card["metrics"] = _objects(metrics, ("names", "baseline"), f"{STUDY_FILE}: metrics", missing)
    trials = []
    for trial in study.trials:
        place = (trial_folder(folder, trial["number"]) / TRIAL_FILE).relative_to(folder)
        whole = _objects(trial, ("parameters", "config"), str(place), missing)
        trials.append(whole | {"parameters": _scalars(whole, str(place), missing)})
    return replace(study, study=card, trials=trials, missing=missing)


def _objects(
    whole: Mapping[str, Any], names: tuple[str, ...], where: str, missing: list[str]
) -> dict[str, Any]:
    """The entries, less those of `names` that are no object; these are added to `missing`."""
    wrong = [
        name for name in names
        if whole.get(name) is not None and not isinstance(whole[name], Mapping)
    ]  # fmt: skip
    missing += [f"{where}: {name}" for name in wrong]
    absent = [name for name in names if name in whole and whole[name] is None]
    return {name: value for name, value in whole.items() if name not in (*wrong, *absent)}


def _scalars(trial: Mapping[str, Any], where: str, missing: list[str]) -> dict[str, Any]:
    """A trial's parameters, less those whose value is a list or an object."""
    parameters = mapping(trial.get("parameters"))
    wrong = [path for path, value in parameters.items() if isinstance(value, (list, Mapping))]
    missing += [f"{where}: parameters.{path}" for path in wrong]
    return {path: value for path, value in parameters.items() if path not in wrong}


def _is_parameter(entry: Any) -> bool:
    """Whether an entry says what a parameter may be: a range, or choices."""
    if not isinstance(entry, Mapping):
        return False
    if entry.get("kind") in ("float", "int"):
        low, high = entry.get("low"), entry.get("high")
        return isinstance(low, (int, float)) and isinstance(high, (int, float)) and low <= high
    return isinstance(entry.get("choices"), list)
