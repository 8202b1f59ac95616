"""A `RunConfig` from outside data, or one sentence; and its entries in the record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lab.config.paths import config_paths, no_section, with_values
from lab.config.sections import RunConfig
from lab.errors import InputError, unknown
from lab.user_file import stored_files


def make_config(data: Mapping[str, Any], values: Mapping[str, Any] | None = None) -> RunConfig:
    """A validated configuration from nested data and values at dotted paths.

    Raises InputError with one sentence that names the path, what came and what is allowed.
    """
    nested = with_values(data, values or {})
    try:
        return RunConfig.model_validate(nested)
    except ValidationError as error:
        raise InputError(_sentence(error)) from None


def change_config(config: RunConfig, values: Mapping[str, Any]) -> RunConfig:
    """The configuration with values at dotted paths replaced, validated again."""
    return make_config(config.model_dump(), values)


def stored_config(config: RunConfig) -> dict[str, Any]:
    """The entries `config` and `files` of a JSON file of the record."""
    data = config.model_dump(mode="json", exclude={"files"})
    return {"config": data, **({"files": stored_files(config.files)} if config.files else {})}


def restored_config(entries: Mapping[str, Any]) -> RunConfig:
    """The configuration that `stored_config` stored, with the text of its files as it was then.

    Raises InputError as `make_config` does.
    """
    return make_config({**entries["config"], "files": entries.get("files", ())})


def read_config(path: Path) -> RunConfig:
    """A configuration from a JSON file, nested or by dotted paths, or a trial.json's `config`."""
    try:
        data = json.loads(path.read_text())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"the config file {path} cannot be read: {reason}") from None
    except ValueError as error:
        raise InputError(f"the config file {path} is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise InputError(f"the config file {path} holds {type(data).__name__}; write an object")
    config = data.get("config", data)
    if not isinstance(config, dict):
        raise InputError(f"the config file {path} has the config {config!r}; write an object")
    values = {path: value for path, value in config.items() if "." in path}
    nested = {key: to for key, to in config.items() if key not in values}
    return make_config({**nested, "files": data.get("files", ())}, values)


def parse_setting(text: str) -> tuple[str, Any]:
    """`path=value` with a JSON value (bare words are strings) -> (path, value)."""
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise InputError(f"--set got '{text}'; write path=value, say optimizer.critic.lr=0.0002")
    try:
        return path.strip(), json.loads(value)
    except ValueError:
        return path.strip(), value


def _sentence(error: ValidationError) -> str:
    """The first problem of a validation, in our words, and how many more there are."""
    problems = error.errors()
    first = problems[0]
    path = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    kind, came = first["type"], first["input"]
    if kind == "unknown_name":
        return f"{path} is {came!r}{first['ctx']['problem']}{more}"
    if kind == "extra_forbidden":
        return str(unknown("the configuration path", path, config_paths())) + more
    if kind == "model_type":
        return f"{no_section(path, came)}{more}"
    if kind == "value_error":
        return str(first["ctx"]["error"]) + more
    allowed = first["msg"][:1].lower() + first["msg"][1:]
    allowed = allowed.replace("input should be", "it must be")
    return f"{path} is {came!r}; {allowed}{more}"
