"""The store: data that all figures, the table and the close-up of the page share, written once.

Trials and runs as columns, the curves of every evaluated quantity, the pictures. At 10,000 trials
not all curves fit: the later quantities are then kept for the chosen trials alone, and marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.config import flattened
from lab.record import (
    IMAGES_SEEN,
    QUALITY,
    SECONDS_PREFIX,
    STEP,
    UNBROKEN,
    ParameterCard,
    StudyRecord,
)
from reports.kit.markup import Html, data_block, json_bytes, packed_block
from reports.kit.outcomes import NO_FAILURES, in_order, look, meaning
from reports.kit.panel import plain
from reports.kit.value_ranges import LOG_FROM
from reports.kit.words import short_name
from reports.study.conclusions import leading_trial
from reports.study.gallery import Album, chosen_runs
from reports.study.scale import is_large
from reports.study.tables import (
    names_of,
    parameters_of,
    run_table,
    target_quality,
    trial_table,
)

MOST_CURVE_BYTES = 6_000_000
"""All curves of a page together, as written; what does not fit is kept for chosen trials."""
DIGITS_OF_MANY, DIGITS_OF_ALL = 6, 17
"""Significant digits of what runs measured: all of them unless there are very many runs."""
MANTISSA_BITS = 13
"""Of 23: curves keep about four digits, which no reader can see on a screen."""


def store_blocks(study: StudyRecord, album: Album, now: datetime, source: str) -> list[Html]:
    """The blocks that the page's script reads before anything else; `source` names the record."""
    metrics, curves = _curves(study)
    whole = {
        "study": _study(study, now) | {"folder": source},
        "base": study.card.base,
        "outcomes": _outcomes(study),
        "trials": _trials(study),
        "runs": _runs(study),
        "columns": [*_parameter_columns(study), *_run_columns(study)],
        "first": study.evaluations.first.tolist(),
        "metrics": metrics,
        "filmstrips": album.filmstrips,
        "neighbours": album.neighbours,
    }
    return [
        packed_block("store", json_bytes(whole)),
        *curves,
        data_block("pictures", album.stored()),
    ]


def _study(study: StudyRecord, now: datetime) -> dict[str, Any]:
    card = study.card
    return {
        "name": study.name,
        "status": card.status,
        "made": now.astimezone(UTC).isoformat(timespec="seconds"),
        "budget": card.budget_images,
        "large": is_large(study),
        "logFrom": LOG_FROM,
        "target": target_quality(study),
        "names": names_of(study).model_dump(),
        "leading": leading_trial(study),
        "classes": card.data.class_names,
        "realShares": card.metrics.class_share_real or None,
        "baseline": card.metrics.baseline,
    }


def _outcomes(study: StudyRecord) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "colour": look(name).colour,
            "path": look(name).path,
            "meaning": meaning(name),
            "breaks": name not in UNBROKEN,
            "fails": name not in NO_FAILURES,
        }
        for name in in_order(set(run_table(study)["outcome"]))
    }


def _trials(study: StudyRecord) -> dict[str, list[Any]]:
    base = flattened(study.card.base)
    return {
        "number": [trial.number for trial in study.trials],
        "origin": trial_table(study)["origin"].tolist(),
        "overrides": [_overrides(trial.config, base) for trial in study.trials],
    }


def _overrides(config: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in which a trial's configuration differs from the base."""
    unset = object()
    return {
        path: value for path, value in flattened(config).items() if base.get(path, unset) != value
    }


def _runs(study: StudyRecord) -> dict[str, list[Any]]:
    runs = run_table(study)
    digits = DIGITS_OF_MANY if is_large(study) else DIGITS_OF_ALL
    numbers = {
        "onset": "onset_images", "life": "life", "score": "score", "quality": "final_quality",
        "confidence": "confidence", "frechet": "frechet", "kernel": "kernel",
        "images": "images_seen", "cost": "cost", "started": "started", "ended": "ended",
        "attempts": "attempts",
    }  # fmt: skip
    return {
        "trial": runs["trial"].tolist(),
        "seed": runs["seed"].tolist(),
        **{name: _coded(runs[name]) for name in ("stage", "outcome")},
        **{name: plain(runs[column].tolist(), digits) for name, column in numbers.items()},
        "evidence": runs["evidence"].tolist(),
        "error": runs["error"].tolist(),
        "flags": [[list(flag) for flag in flags] for flags in runs["flags"]],
        "notJudged": [list(reasons) for reasons in runs["not_judged"]],
    }  # type: ignore[dict-item]


def _coded(values: pd.Series[Any]) -> dict[str, list[Any]]:
    """Texts that repeat: a list of levels, and for each value its index in that list."""
    codes, levels = pd.factorize(values)
    return {"codes": codes.tolist(), "levels": [str(level) for level in levels]}


def _parameter_columns(study: StudyRecord) -> list[dict[str, Any]]:
    trials = trial_table(study)
    digits = DIGITS_OF_MANY + 3 if is_large(study) else DIGITS_OF_ALL
    return [
        *(_parameter_column(it, trials[it.path].tolist(), digits) for it in parameters_of(study)),
        _category("origin", "trial", trials["origin"]),
    ]


def _parameter_column(parameter: ParameterCard, values: list[Any], digits: int) -> dict[str, Any]:
    if not parameter.is_numeric:
        texts = pd.Series(
            [None if value is None else str(value) for value in values], dtype=object
        )
        choices = [str(choice) for choice in parameter.choices]
        return _category(parameter.path, "trial", texts, choices)
    numbers = [value if isinstance(value, (int, float)) else None for value in values]
    return _number(parameter.path, "trial", plain(numbers, digits)) | {
        "log": parameter.log, "low": parameter.low, "high": parameter.high,
    }  # fmt: skip


def _run_columns(study: StudyRecord) -> list[dict[str, Any]]:
    """Run-level columns; those that `runs` already has are referenced, not repeated."""
    names = names_of(study)
    return [
        *({"name": name, "title": title, "level": "run", "kind": kind, "of": of}
          for name, title, kind, of in (
            ("verdict", "verdict", "category", "outcome"),
            ("stage", "stage", "category", "stage"),
            ("seed", "seed", "number", "seed"),
            ("score", "score J", "number", "score"),
            ("quality", "final quality u", "number", "quality"),
            ("kernel", names.kernel, "number", "kernel"),
            ("frechet", names.frechet, "number", "frechet"),
            ("onset", "onset, images", "number", "onset"),
            ("cost", "seconds", "number", "cost"),
            ("trial", "trial", "number", "trial"),
        )),
    ]  # fmt: skip


def _number(name: str, level: str, values: list[Any]) -> dict[str, Any]:
    return {
        "name": name, "title": short_name(name), "level": level, "kind": "number", "log": False,
        "values": values,
    }  # fmt: skip


def _category(
    name: str, level: str, values: pd.Series[Any], choices: list[str] | None = None
) -> dict[str, Any]:
    levels = dict.fromkeys([*(choices or ()), *sorted(set(values.dropna()))])
    index = {text: i for i, text in enumerate(levels)}
    return {
        "name": name, "title": short_name(name), "level": level, "kind": "category",
        "levels": list(levels), "values": [index.get(value) for value in values],
    }  # fmt: skip


def _curves(study: StudyRecord) -> tuple[list[dict[str, Any]], list[Html]]:
    """Name and title of each quantity, and its values over all evaluations as a block."""
    rows = study.evaluations
    if rows.num_rows == 0:
        return [], []
    trials = run_table(study)["trial"].to_numpy()
    chosen = np.isin(trials, trials[list(chosen_runs(study).in_turn)])[rows.run]
    left = MOST_CURVE_BYTES
    metrics: list[dict[str, Any]] = []
    curves: list[Html] = []
    for i, name in enumerate(curve_names(study)):
        values = rows.column(name)
        block = Html("")
        if left > 0:
            block = packed_block(f"curve-{i}", packed_numbers(values, exact=name == IMAGES_SEEN))
            left -= len(block)
        partial = left <= 0
        if partial:
            block = packed_block(f"curve-{i}", packed_numbers(np.where(chosen, values, np.nan)))
        metrics.append({"name": name, "title": _title(name), "partial": partial})
        curves.append(block)
    return metrics, curves


def curve_names(study: StudyRecord) -> list[str]:
    """Quantities that have a curve, the most important first: images, quality, metrics, signals.

    The many signals of single layers come last.
    """
    rows, names = study.evaluations, names_of(study)
    first = [IMAGES_SEEN, QUALITY, names.frechet, names.kernel, names.coverage, names.density]
    first += [names.precision, names.recall]
    others = [
        name for name in rows.names if name not in first and not name.startswith(SECONDS_PREFIX)
    ]
    others = [name for name in others if name != STEP]
    of_layers = [name for name in others if name.rsplit("_", 1)[-1].isdigit()]
    ordered = [*first, *(name for name in others if name not in of_layers), *of_layers]
    return [name for name in ordered if np.isfinite(rows.column(name)).any()]


def packed_numbers(values: NDArray[np.float64], *, exact: bool = False) -> bytes:
    """Values as float32, their bytes in four planes (which compress), rounded unless `exact`."""
    with np.errstate(over="ignore"):  # beyond float32 is beyond every axis: infinite
        single = values.astype(np.float32)
    bits = single.view(np.uint32)
    if not exact:
        drop = 23 - MANTISSA_BITS
        finite = np.isfinite(single)
        rounded = (bits + np.uint32(1 << (drop - 1))) & np.uint32(0xFFFFFFFF << drop & 0xFFFFFFFF)
        bits = np.where(finite, rounded, bits).astype(np.uint32)
    planes: bytes = bits.view(np.uint8).reshape(-1, 4).T.tobytes()
    return planes


def _title(name: str) -> str:
    return "quality u" if name == QUALITY else short_name(name)
