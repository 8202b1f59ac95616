"""How the records of two studies differ, their runs aside, and what must not be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lab.config import NO_LIMITS, StabilityConfig, flattened, value_at
from lab.record import DataCard, MetricsCard, StudyRecord
from lab.record.scale import Scale
from reports.kit.axes import Ruler
from reports.kit.words import MISSING, images, listed, number
from reports.study.tables import parameters_of, ruler_of

PROTOCOL = {
    "extractor": "the feature extractor",
    "extractor_digest": "the extractor's weights",
    "num_samples": "the number of images per evaluation",
    "nearest_k": "the number of neighbours",
    "reference": "the reference images",
    "kernel": "the kernel distance",
    "frechet": "the Frechet distance",
    "manifold": "the samples of precision and coverage",
}
"""Entries of `metrics` that a distance depends on, and their names on the page."""
IN_NUM_SAMPLES = ("kernel", "frechet", "manifold")
"""Entries that contain num_samples, and so differ whenever it does."""
DATA = ("name", "fingerprint", "num_images", "resolution", "channels")
LIMITS = tuple(name for name in StabilityConfig.model_fields if name not in NO_LIMITS)
ABSENT = "not recorded"
SAME_SCALE = 0.02
"""Share of the way within which the anchors of two studies are taken for the same."""


@dataclass(frozen=True)
class StudyPair:
    """Two studies, their names on the page, and their folders or URLs."""

    first: StudyRecord
    second: StudyRecord
    names: tuple[str, str]
    sources: tuple[str, str]

    @property
    def studies(self) -> tuple[StudyRecord, StudyRecord]:
        return self.first, self.second


@dataclass(frozen=True)
class Barriers:
    """Reasons why quantities of the two must not be compared; empty where they may be."""

    quality: tuple[str, ...]
    """For quality, scores and distances."""
    stable: tuple[str, ...]
    """For shares of stable runs."""


def pair_of(studies: tuple[StudyRecord, StudyRecord], sources: tuple[str, str]) -> StudyPair:
    """The pair under distinct names: the studies' own, extended where those are equal."""
    names = [study.name for study in studies]
    if names[0] == names[1]:
        stamps = [_stamp(study) for study in studies]
        folders = [study.folder.name for study in studies]
        suffixes = stamps if stamps[0] != stamps[1] else folders
        names = [f"{name} ({suffix})" for name, suffix in zip(names, suffixes, strict=True)]
    if names[0] == names[1]:
        names = [f"{name}, {which}" for name, which in zip(names, ("A", "B"), strict=True)]
    return StudyPair(*studies, (names[0], names[1]), sources)


def same_study(pair: StudyPair) -> bool:
    """Whether both are one study at two dates: equal in name and time of creation."""
    one, two = (study.card for study in pair.studies)
    return (one.study, one.created) == (two.study, two.created) and one.created != ""


def barriers(pair: StudyPair) -> Barriers:
    """What makes quality, and what makes P(stable), a different quantity in each study."""
    data = _data_barrier(pair)
    one, two = (study.card.metrics for study in pair.studies)
    changed = [name for name in PROTOCOL if getattr(one, name) != getattr(two, name)]
    if "num_samples" in changed:
        changed = [name for name in changed if name not in IN_NUM_SAMPLES]
    protocol = [PROTOCOL[name] for name in changed]
    budgets = [study.card.budget_images for study in pair.studies]
    budget = (
        [f"the budget ({listed([images(value) for value in budgets])} images)"]
        if budgets[0] != budgets[1]
        else []
    )
    targets = [study.card.target_quality for study in pair.studies]
    target = (
        [f"the target quality ({listed([number(value) for value in targets])})"]
        if targets[0] != targets[1]
        else []
    )
    limits = [name for name in LIMITS if _limit(pair.first, name) != _limit(pair.second, name)]
    verdict_limits = [f"limits of the verdicts ({listed(limits)})"] if limits else []
    shared = [*data, *protocol, *budget]
    rules = _rules_barrier(pair)
    return Barriers((*shared, *_scale_barrier(pair)), (*shared, *target, *verdict_limits, *rules))


def shared_ruler(pair: StudyPair) -> Ruler | None:
    """Quality beside distance, where it means the same in both studies."""
    one, two = (ruler_of(study) for study in pair.studies)
    if one is None or two is None or one.column != two.column:
        return None
    return one if _alike(one.scale, two.scale) else None


def _alike(one: Scale, two: Scale) -> bool:
    """Whether a distance has about the same quality on both, say for other samples of one data."""
    apart = (one.anchor, two.anchor), (one.floor, two.floor)
    return all(abs(a - b) <= SAME_SCALE * one.anchor for a, b in apart)


def _scale_barrier(pair: StudyPair) -> list[str]:
    rulers = [ruler_of(study) for study in pair.studies]
    both = [ruler for ruler in rulers if ruler is not None]
    if len(both) == 2 and not _alike(both[0].scale, both[1].scale):
        return ["the scale of quality (its anchors)"]
    rescaled = {study.is_rescaled for study in pair.studies}
    return ["the scale of quality (version 0.1)"] if len(both) < 2 and len(rescaled) > 1 else []


def _rules_barrier(pair: StudyPair) -> list[str]:
    rescaled = {study.is_rescaled for study in pair.studies}
    return ["the rules of the verdicts (one study is of version 0.1)"] if len(rescaled) > 1 else []


def differences(pair: StudyPair) -> pd.DataFrame:
    """One row per entry that differs: group, what, first and second, as text."""
    rows = []
    for group, (one, two) in _groups(pair).items():
        for what in dict.fromkeys([*one, *two]):
            values = [side.get(what, MISSING) for side in (one, two)]
            if values[0] != values[1]:
                rows.append((group, what, *values))
    return pd.DataFrame(rows, columns=["group", "what", "first", "second"])


def identical_groups(pair: StudyPair) -> list[str]:
    """Groups in which no entry differs."""
    differing = set(differences(pair)["group"])
    return [group for group, sides in _groups(pair).items() if group not in differing and sides[0]]


def _groups(pair: StudyPair) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Every entry of both studies as text, by group, in the order of the page."""
    groups = {}
    for group, read in (
        ("space", _space),
        ("base configuration", lambda study: _flat(study.card.base)),
        ("search", lambda study: _flat(study.card.settings.stored())),
        ("data", lambda study: _some(study.card.data, DATA)),
        ("metrics", lambda study: _some(study.card.metrics, (*PROTOCOL, "anchor"))),
        ("versions", lambda study: _flat(study.card.versions)),
        ("hardware", lambda study: _flat(study.card.hardware.stored())),
    ):
        groups[group] = (read(pair.first), read(pair.second))
    return groups


def _space(study: StudyRecord) -> dict[str, str]:
    entries = {"space": study.card.space.name or ABSENT}
    for parameter in parameters_of(study):
        if parameter.is_numeric:
            scale = ", logarithmic" if parameter.log else ""
            entries[parameter.path] = f"{number(parameter.low)} to {number(parameter.high)}{scale}"
        else:
            entries[parameter.path] = listed([number(choice) for choice in parameter.choices])
    return entries


def _some(card: DataCard | MetricsCard, names: tuple[str, ...]) -> dict[str, str]:
    values = card.stored()
    return {name: _word(values[name]) for name in names if name in values}


def _flat(values: Mapping[str, Any]) -> dict[str, str]:
    """Nested entries by dotted path, as text."""
    return {path: _word(value) for path, value in flattened(values).items()}


def _word(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return listed([_word(item) for item in value])
    if isinstance(value, Mapping):
        return listed([f"{name} {_word(item)}" for name, item in value.items()])
    return "none" if value is None else number(value, 6)


def _data_barrier(pair: StudyPair) -> list[str]:
    prints = [study.card.data.fingerprint for study in pair.studies]
    if "" in prints:
        return ["the data (assumed, since a record has no fingerprint of it)"]
    return ["the data"] if prints[0] != prints[1] else []


def _limit(study: StudyRecord, name: str) -> Any:
    """A limit as recorded; its default in records older than the limit."""
    value = value_at(study.card.base, f"stability.{name}")
    return StabilityConfig.model_fields[name].default if value is None else value


def _stamp(study: StudyRecord) -> str:
    written = study.card.finished or study.card.created or ABSENT
    return written[:16].replace("T", " ")
