"""What differs between two studies before any run is looked at, and what may not be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lab.config import NO_LIMITS, StabilityConfig
from lab.record import StudyRecord
from reports.kit.words import MISSING, images, listed, number, setting
from reports.study.tables import config_value, flattened, mapping, parameters_of

PROTOCOL = {
    "extractor": "the extractor of features",
    "extractor_digest": "the extractor's weights",
    "num_samples": "how many images an evaluation draws",
    "nearest_k": "the number of neighbours",
    "reference": "the reference images",
    "kernel": "the kernel distance",
    "frechet": "the Frechet distance",
    "manifold": "the samples of precision and coverage",
}
"""Entries of `metrics` that a distance depends on, and what to call them."""
IN_NUM_SAMPLES = ("kernel", "frechet", "manifold")
"""Entries that differ whenever num_samples does, for they say it again."""
DATA = ("name", "fingerprint", "num_images", "resolution", "channels")
BUDGET, TARGET = "training.budget_images", "stability.target_quality"
LIMITS = tuple(name for name in StabilityConfig.model_fields if name not in NO_LIMITS)
ABSENT = "not recorded"


@dataclass(frozen=True)
class Pair:
    """Two studies, what a reader calls them, and where their records are."""

    first: StudyRecord
    second: StudyRecord
    names: tuple[str, str]
    places: tuple[str, str]

    @property
    def studies(self) -> tuple[StudyRecord, StudyRecord]:
        return self.first, self.second


@dataclass(frozen=True)
class Barriers:
    """Why quantities of the two may not be compared; nothing where they may."""

    quality: tuple[str, ...]
    """Of quality, score and distances."""
    stable: tuple[str, ...]
    """Of shares of stable runs."""


def pair_of(studies: tuple[StudyRecord, StudyRecord], places: tuple[str, str]) -> Pair:
    """Names to tell them apart: those of the studies, or also when each was last written."""
    names = [str(study.study.get("study", study.folder.name)) for study in studies]
    if names[0] == names[1]:
        stamps = [_stamp(study) for study in studies]
        folders = [study.folder.name for study in studies]
        ways = stamps if stamps[0] != stamps[1] else folders
        names = [f"{name} ({way})" for name, way in zip(names, ways, strict=True)]
    if names[0] == names[1]:
        names = [f"{name}, {which}" for name, which in zip(names, ("A", "B"), strict=True)]
    return Pair(*studies, (names[0], names[1]), places)


def same_study(pair: Pair) -> bool:
    """Whether both are one study, seen at two dates: made at the same moment, of one name."""
    keys = [(study.study.get("study"), study.study.get("created")) for study in pair.studies]
    return keys[0] == keys[1] and keys[0][1] is not None


def barriers(pair: Pair) -> Barriers:
    """What makes quality, and what makes P(stable), another quantity in each study."""
    data = _data_barrier(pair)
    changed = [name for name in PROTOCOL if _differs(pair, "metrics", name)]
    if "num_samples" in changed:
        changed = [name for name in changed if name not in IN_NUM_SAMPLES]
    protocol = [PROTOCOL[name] for name in changed]
    budgets = [_base(study, BUDGET) for study in pair.studies]
    budget = (
        [f"the budget ({listed([images(_number(value)) for value in budgets])} images)"]
        if budgets[0] != budgets[1]
        else []
    )
    targets = [_base(study, TARGET) for study in pair.studies]
    target = (
        [f"the target quality ({listed([number(value) for value in targets])})"]
        if targets[0] != targets[1]
        else []
    )
    limits = [name for name in LIMITS if _limit(pair.first, name) != _limit(pair.second, name)]
    judged = [f"limits of the verdicts ({listed(limits)})"] if limits else []
    shared = [*data, *protocol, *budget]
    return Barriers(tuple(shared), (*shared, *target, *judged))


def differences(pair: Pair) -> pd.DataFrame:
    """One row a thing that is not the same in both: group, what, first, second, as words."""
    rows = []
    for group, (one, two) in _groups(pair).items():
        for what in dict.fromkeys([*one, *two]):
            values = [side.get(what, MISSING) for side in (one, two)]
            if values[0] != values[1]:
                rows.append((group, what, *values))
    return pd.DataFrame(rows, columns=["group", "what", "first", "second"])


def alike(pair: Pair) -> list[str]:
    """Groups in which nothing differs."""
    differing = set(differences(pair)["group"])
    return [group for group, sides in _groups(pair).items() if group not in differing and sides[0]]


def _groups(pair: Pair) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Every thing of both studies in words, by group, in the order of the page."""
    found = {}
    for group, read in (
        ("space", _space),
        ("base configuration", lambda study: _flat(mapping(study.study.get("base")))),
        ("search", lambda study: _flat(mapping(study.study.get("settings")))),
        ("data", lambda study: _some(study, "data", DATA)),
        ("metrics", lambda study: _some(study, "metrics", tuple(PROTOCOL))),
        ("versions", lambda study: _flat(mapping(study.study.get("versions")))),
        ("hardware", lambda study: _flat(mapping(study.study.get("hardware")))),
    ):
        found[group] = (read(pair.first), read(pair.second))
    return found


def _space(study: StudyRecord) -> dict[str, str]:
    told = {"space": str(mapping(study.study.get("space")).get("name", ABSENT))}
    for parameter in parameters_of(study):
        if parameter.is_numeric:
            scale = ", logarithmic" if parameter.log else ""
            told[parameter.path] = f"{setting(parameter.low)} to {setting(parameter.high)}{scale}"
        else:
            told[parameter.path] = listed([setting(choice) for choice in parameter.choices])
    return told


def _some(study: StudyRecord, entry: str, names: tuple[str, ...]) -> dict[str, str]:
    values = mapping(study.study.get(entry))
    return {name: _word(values[name]) for name in names if name in values}


def _flat(values: Mapping[str, Any]) -> dict[str, str]:
    """Nested entries by dotted path, in words."""
    return {path: _word(value) for path, value in flattened(values).items()}


def _word(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return listed([_word(item) for item in value])
    return "none" if value is None else setting(value, 6)


def _differs(pair: Pair, entry: str, name: str) -> bool:
    one, two = (mapping(study.study.get(entry)).get(name) for study in pair.studies)
    return bool(one != two)


def _data_barrier(pair: Pair) -> list[str]:
    prints = [mapping(study.study.get("data")).get("fingerprint") for study in pair.studies]
    if None in prints:
        return ["the data, as far as is known: a record has no fingerprint of it"]
    return ["the data"] if prints[0] != prints[1] else []


def _base(study: StudyRecord, path: str) -> Any:
    return config_value(mapping(study.study.get("base")), path)


def _limit(study: StudyRecord, name: str) -> Any:
    """A limit as recorded; its default in records from before it existed."""
    value = _base(study, f"stability.{name}")
    return StabilityConfig.model_fields[name].default if value is None else value


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _stamp(study: StudyRecord) -> str:
    written = str(study.study.get("finished") or study.study.get("created") or ABSENT)
    return written[:16].replace("T", " ")
