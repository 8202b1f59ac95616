"""What a space's file names of a trainer of its own: TRAINER or COMMAND, METRIC, and the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import ValidationError

from lab.config import ClockConfig, MetricConfig, TrainerConfig, is_of_lab
from lab.config.template import LATEST, parsed_command, placeholders
from lab.config.trainer import MODULE
from lab.errors import InputError
from lab.user_file import file_of, is_reference

NAMES = ("TRAINER", "COMMAND", "LOG", "RESUME", "METRIC", "CLOCK", "PATIENCE_MINUTES")


def trainer_of(module: ModuleType, path: Path) -> TrainerConfig | None:
    """The trainer that a space's file names, None for the lab's own.

    Raises InputError for one that is incomplete, or of another kind than its name asks for.
    """
    given = {name: getattr(module, name) for name in NAMES if hasattr(module, name)}
    if not given:
        return None
    try:
        return _trainer(given, path)
    except InputError as error:
        raise InputError(f"{error} (in the space file {path})") from None


def require_used(name: str, trainer: TrainerConfig) -> None:
    """Raise InputError for a searched parameter that has no effect on the command."""
    if not trainer.command or is_of_lab(name):
        return
    used = placeholders(trainer.command, "COMMAND")
    if name not in used:
        raise InputError(
            f"suggest asks for '{name}', and COMMAND has no {{{name}}}, so that it would change "
            "nothing; put it into COMMAND, or leave it out of suggest"
        )


def _trainer(given: Mapping[str, Any], path: Path) -> TrainerConfig:
    if ("TRAINER" in given) == ("COMMAND" in given):
        both = "both TRAINER and COMMAND" if "TRAINER" in given else "neither TRAINER nor COMMAND"
        raise InputError(
            f"there is {both} beside {', '.join(given)}; name a function with TRAINER or a "
            "command with COMMAND"
        )
    for name in ("TRAINER", "COMMAND", "LOG", "RESUME"):
        if name in given and not isinstance(given[name], str):
            raise InputError(f"{name} is {given[name]!r}; it must be a text")
    if "METRIC" not in given:
        raise InputError(
            'METRIC is missing; give the distance that is judged, say METRIC = {"name": "fid", '
            '"initial": 400, "floor": 0, "target": 20}'
        )
    metric = _section(MetricConfig, "METRIC", given["METRIC"])
    _check_metric(metric)
    for name in ("LOG", "RESUME", "CLOCK"):
        if "TRAINER" in given and name in given:
            raise InputError(f"{name} belongs to COMMAND; a function calls run.report instead")
    patience = given.get(
        "PATIENCE_MINUTES", TrainerConfig.model_fields["patience_minutes"].default
    )
    if isinstance(patience, bool) or not isinstance(patience, (int, float)) or not patience > 0:
        raise InputError(f"PATIENCE_MINUTES is {patience!r}; give a number above 0")
    shared = {"metric": metric, "patience_minutes": patience, "home": str(path.parent)}
    if "TRAINER" in given:
        return TrainerConfig(function=_function(given["TRAINER"], path), **shared)
    return TrainerConfig(
        command=given["COMMAND"],
        log=_log(given),
        resume=given.get("RESUME", ""),
        clock=_section(ClockConfig, "CLOCK", given["CLOCK"]) if "CLOCK" in given else None,
        **shared,
    )


def _function(text: str, path: Path) -> str:
    """A reference to a function, whose file is looked for beside the space's."""
    if is_reference(text):
        name = text.removeprefix(file_of(text))
        return str(path.parent / Path(file_of(text)).expanduser()) + name
    if MODULE.fullmatch(text):
        return text
    raise InputError(f"TRAINER is {text!r}; write module:function or path/to/mine.py:function")


def _log(given: Mapping[str, Any]) -> str:
    log: str = given.get("LOG", "")
    if not log:
        raise InputError(
            "LOG is missing; give the pattern of the log that the command writes below {folder}, "
            'say LOG = "**/metric-fid50k_full.jsonl"'
        )
    if Path(log).is_absolute() or ".." in Path(log).parts:
        raise InputError(f"LOG is {log!r}; give a pattern below {{folder}}, without its path")
    names = placeholders(given["COMMAND"], "COMMAND")
    if LATEST in names:
        raise InputError(
            "COMMAND has {latest:...}, which belongs to RESUME: at first there is none"
        )
    if "folder" not in names:
        raise InputError(
            "COMMAND has no {folder}; let it write there, so that every run has a log of its own"
        )
    if given.get("RESUME"):
        parsed_command(given["RESUME"], "RESUME")
    return log


def _section(kind: type[Any], name: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise InputError(
            f"{name} is {value!r}; it must be a dict of {', '.join(kind.model_fields)}"
        )
    try:
        return kind(**value)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "value_error":
            raise InputError(str(first["ctx"]["error"])) from None
        key = ".".join(map(str, first["loc"]))
        allowed = first["msg"][:1].lower() + first["msg"][1:]
        raise InputError(
            f"{name} has {key!r}: {allowed}; it may have {', '.join(kind.model_fields)}"
        ) from None
    except TypeError:
        raise InputError(f"{name} is {value!r}; its keys must be texts") from None


def _check_metric(metric: MetricConfig) -> None:
    if metric.column in ("quality", "u", "images_seen", "step"):
        raise InputError(
            f"METRIC names '{metric.name}', which the record uses itself; give a distance to real "
            "images"
        )
