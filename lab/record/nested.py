"""Nested configurations of the record by dotted path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def value_at(config: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of nested data, or None."""
    node: Any = config
    for part in path.split("."):
        if not isinstance(node, Mapping) or part not in node:
            return None
        node = node[part]
    return node


def flattened(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested data as dotted paths and their values."""
    values: dict[str, Any] = {}
    for key, value in config.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            values |= flattened(value, f"{path}.")
        else:
            values[path] = value
    return values
