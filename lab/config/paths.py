"""Settings by dotted path, and the names that paths had before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from lab.errors import InputError

_OLDER_PATHS = {
    f"optimizer.{player}_{name}": f"optimizer.{player}.{name}"
    for player in ("generator", "critic")
    for name in ("lr", "beta1", "beta2")
}

_NO_LONGER = {"stability": ("degraded_drawdown", "oscillation_swing")}
"""Settings of older records that no rule reads any more: limits in quality, now in factors."""


def canonical(path: str) -> str:
    """Today's name of a path: `optimizer.generator_lr` -> `optimizer.generator.lr`."""
    return _OLDER_PATHS.get(path, path)


def canonical_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by dotted path under today's names of the paths."""
    return {canonical(path): value for path, value in values.items()}


def canonical_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Nested data, say a record's `config`, under today's names. The input is not changed."""
    data = dict(data)
    for section, leaves in _NO_LONGER.items():
        if isinstance(settings := data.get(section), Mapping):
            data[section] = {key: to for key, to in settings.items() if key not in leaves}
    optimizer = data.get("optimizer")
    if not isinstance(optimizer, Mapping):
        return data
    renamed: dict[str, Any] = {}
    older: dict[str, Any] = {}
    for key, value in optimizer.items():
        (renamed if canonical(f"optimizer.{key}") == f"optimizer.{key}" else older)[key] = value
    for key, value in older.items():
        _, player, leaf = canonical(f"optimizer.{key}").split(".")
        section = renamed.get(player, {})
        if isinstance(section, Mapping):  # anything else is refused when it is validated
            renamed[player] = {leaf: value, **section}
    return {**data, "optimizer": renamed}


def canonical_record(entries: Mapping[str, Any]) -> dict[str, Any]:
    """A study.json or trial.json under today's names; parts of another kind stay as they are."""
    result = dict(entries)
    for key, rename in (
        ("parameters", canonical_values),
        ("config", canonical_data),
        ("base", canonical_data),
    ):
        if isinstance(entries.get(key), Mapping):
            result[key] = rename(entries[key])
    space = entries.get("space")
    if isinstance(space, Mapping):
        result["space"] = dict(space)
        if isinstance(space.get("fixed"), Mapping):
            result["space"]["fixed"] = canonical_values(space["fixed"])
        if isinstance(points := space.get("known"), Mapping):
            result["space"]["known"] = {
                name: canonical_values(point) if isinstance(point, Mapping) else point
                for name, point in points.items()
            }
    return result


def value_at(data: Any, path: str) -> Any:
    """The value at a path of nested data, of sections or of both, or None.

    Data of a record may be damaged: whatever stands where a section belongs has no value.
    """
    for part in path.split("."):
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, BaseModel):
            data = getattr(data, part, None)
        else:
            return None
    return data


def flattened(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested data as dotted paths and their values."""
    values: dict[str, Any] = {}
    for key, value in data.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            values |= flattened(value, f"{path}.")
        else:
            values[path] = value
    return values


def no_section(path: str, came: Any) -> InputError:
    """The error for a value where a section belongs."""
    return InputError(f"{path} is {came!r}; it must be an object of settings")
