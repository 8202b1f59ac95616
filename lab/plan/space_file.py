"""Finding and reading the Python file of a space; an error in it becomes one sentence."""

from __future__ import annotations

import importlib.util
import os
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import optuna

from lab.config import with_values
from lab.errors import InputError, nearest
from lab.plan.presets import PRESETS

NEEDED = ("BASE", "suggest", "KNOWN_POINTS")


@dataclass(frozen=True)
class SpaceContent:
    """What a space file defines."""

    description: str
    base: Mapping[str, Any]
    suggest: Callable[[optuna.Trial], Mapping[str, Any]]
    known: Mapping[str, Mapping[str, Any]]
    presets: Mapping[str, Mapping[str, Any]]
    """Preset -> path -> value over BASE; a file may leave it out."""


@dataclass(frozen=True)
class SpaceFile:
    """A person's file: whatever a call into it raises becomes an InputError with file and line."""

    path: Path

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """`function(*arguments)`; an InputError passes through."""
        try:
            return function(*arguments)
        except InputError as error:
            raise InputError(f"{error} ({self._where(error)})") from None
        except (Exception, SystemExit) as error:
            raise InputError(
                f"{self._where(error)} raises {type(error).__name__}: {error}; mend the file"
            ) from error

    def _where(self, error: BaseException) -> str:
        if isinstance(error, SyntaxError) and error.filename == str(self.path):
            return f"the space file {self.path}, line {error.lineno},"
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(self.path)]
        return f"the space file {self.path}" + (f", line {lines[-1]}," if lines else "")


def named_space_files() -> list[Path]:
    """The files of search_spaces/, in order of name."""
    spec = importlib.util.find_spec("search_spaces")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folders = [Path(location) for location in spec.submodule_search_locations]
    files = [file for folder in folders for file in folder.glob("*.py")]
    return sorted(file for file in files if not file.name.startswith("_"))


def find_space_file(name_or_path: str | Path) -> Path:
    """The absolute path of a space's file; '-' and '_' are the same in a name."""
    text = str(name_or_path)
    if text.endswith(".py") or os.sep in text:
        return _existing(Path(text).expanduser())
    named = {file.stem.replace("_", "-"): file for file in named_space_files()}
    if text.replace("_", "-") not in named:
        known = nearest(text, named) or f"; known are {', '.join(named)}"
        raise InputError(f"the space '{text}' is unknown{known}, or give the path of a .py file")
    return named[text.replace("_", "-")]


def read_space_file(path: Path) -> SpaceContent:
    """Run a space's file and take what it defines.

    Raises InputError when it raises, lacks a name, or defines one as something else.
    """
    # Compiled here and not imported: no __pycache__ in a person's folder, no clash of names.
    module = ModuleType(f"space_{path.stem}")
    module.__file__ = str(path)
    SpaceFile(path).call(_execute, path, module)
    missing = [name for name in NEEDED if not hasattr(module, name)]
    if missing or not (module.__doc__ or "").strip():
        lacking = ", ".join(missing) or "a docstring that describes the space"
        raise InputError(
            f"the space file {path} does not define {lacking}; a space needs a docstring, BASE "
            "(path -> value), suggest(trial), and KNOWN_POINTS ({} for none)"
        )
    content = SpaceContent(
        (module.__doc__ or "").strip(),
        module.BASE,
        module.suggest,
        module.KNOWN_POINTS,
        getattr(module, "PRESETS", {}),
    )
    _check_kinds(content, path)
    return content


def _execute(path: Path, module: ModuleType) -> None:
    try:
        text = path.read_text()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"it cannot be read: {reason}") from None
    exec(compile(text, str(path), "exec"), module.__dict__)


def _existing(path: Path) -> Path:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"the space file {path} {what}; give the path of a Python file")
    return path.resolve()


def _check_kinds(content: SpaceContent, path: Path) -> None:
    points: Any = content.known
    presets: Any = content.presets
    if not isinstance(content.base, Mapping):
        problem = f"BASE is a {type(content.base).__name__}; it must be a dict of path -> value"
    elif not callable(content.suggest):
        kind = type(content.suggest).__name__
        problem = f"suggest is a {kind}; it must be a function of a trial"
    elif not isinstance(points, Mapping) or not all(
        isinstance(point, Mapping) for point in points.values()
    ):
        problem = "KNOWN_POINTS must be a dict of name -> {parameter: value}"
    elif not isinstance(presets, Mapping) or not all(
        name in PRESETS and isinstance(values, Mapping) for name, values in presets.items()
    ):
        problem = f"PRESETS must be a dict of {' or '.join(PRESETS)} -> {{path: value}}"
    else:
        for name, values in {"BASE": content.base, **presets}.items():
            try:
                with_values({}, values)
            except InputError as error:
                where = name if name == "BASE" else f"PRESETS['{name}']"
                raise InputError(f"{error} (in {where} of the space file {path})") from None
        return
    raise InputError(f"in the space file {path} {problem}")
