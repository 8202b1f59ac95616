"""The settings of a run, from the files that programs write beside its log.

Known are StyleGAN's training_options.json, Ray's params.json, MLflow's params/, W&B's
config.yaml, Lightning's hparams.yaml, Hydra's config.yaml, the lab's config.json, and files called
config, args, options or hparams.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lab.json_text import parsed
from lab.record import Scalar

STEMS = ("training_options", "params", "hparams", "hyperparameters", "config", "args", "options")
"""Names of files of settings, without their endings."""
PLACES = (".", "files", ".hydra")
"""Folders of a run that hold them: its own, W&B's and Hydra's."""
ENDINGS = (".json", ".yaml", ".yml")
LONGEST = 200
"""Characters of a text that may be a setting."""
OF_WANDB = {"value", "desc"}
"""W&B's config.yaml has an object with these keys for each setting."""
PRINTED = re.compile(r"> (\{.*\})\s*$")
"""A line of StudioGAN's log that holds a dictionary of settings."""


def is_settings_file(path: Path) -> bool:
    """Whether a file holds settings by its name, and no log."""
    return path.stem in STEMS and path.suffix.lower() in ENDINGS


def settings_of(folder: Path) -> tuple[dict[str, Scalar], list[str]]:
    """The settings in a run's folder by dotted names, and what could not be read, in words.

    Of two files that name one setting, the first counts, in the order of STEMS.
    """
    settings = _of_mlflow(folder / "params")
    notes: list[str] = []
    for stem in STEMS:
        for path in (folder / inner / f"{stem}{end}" for inner in PLACES for end in ENDINGS):
            if not path.is_file():
                continue
            try:
                content = _content(path)
            except (OSError, ValueError) as error:
                lines = str(error).strip().splitlines() or [type(error).__name__]
                notes.append(f"the settings in {path} could not be read: {lines[0]}")
                continue
            settings = {**flat_settings(content), **settings}
    return settings, notes


def flat_settings(content: Any, prefix: str = "") -> dict[str, Scalar]:
    """Nested settings by dotted names; lists as JSON, and long texts left out."""
    if not isinstance(content, Mapping):
        return {}
    settings: dict[str, Scalar] = {}
    for key, value in content.items():
        if str(key).startswith("_"):  # W&B's and Hydra's own entries
            continue
        if isinstance(value, Mapping) and "value" in value and value.keys() <= OF_WANDB:
            value = value["value"]
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            settings |= flat_settings(value, f"{name}.")
        elif isinstance(value, bool | int | float):
            settings[name] = value
        elif isinstance(value, str) and len(value) <= LONGEST:
            settings[name] = as_setting(value)
        elif isinstance(value, list | tuple):
            text = json.dumps(value, default=str)
            settings |= {name: text} if len(text) <= LONGEST else {}
    return settings


def as_setting(text: str) -> Scalar:
    """The value that a text stands for: a truth value, a whole number, a number, or the text."""
    stripped = text.strip()
    if stripped.lower() in ("true", "false"):
        return stripped.lower() == "true"
    for kind in (int, float):
        try:
            return kind(stripped)
        except ValueError:
            continue
    return stripped


def printed_settings(lines: Iterable[str]) -> dict[str, Scalar]:
    """The settings in the dictionaries that StudioGAN prints at its start."""
    settings: dict[str, Scalar] = {}
    for line in lines:
        if (match := PRINTED.search(line)) is None:
            continue
        try:
            settings |= flat_settings(ast.literal_eval(match[1]))
        except (ValueError, SyntaxError, RecursionError):
            continue
    return settings


def _of_mlflow(params: Path) -> dict[str, Scalar]:
    """MLflow's files, one for each parameter, with its value as text."""
    if not params.is_dir():
        return {}
    texts = {
        path.relative_to(params).as_posix(): path.read_text(errors="replace")
        for path in sorted(params.rglob("*"))
        if path.is_file()
    }
    return flat_settings(texts)


def _content(path: Path) -> Any:
    """What a file holds. Raises OSError, and ValueError for damaged content."""
    text = path.read_text()
    if path.suffix.lower() == ".json":
        content = parsed(text)
        is_of_lab = isinstance(content, dict) and content.keys() >= {"format", "config"}
        return content["config"] if is_of_lab else content
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
