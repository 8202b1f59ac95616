"""Finding and reading the Python file of a space; an error in it becomes one sentence."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import optuna

from lab.config import TrainerConfig, canonical_values, with_values
from lab.config.trainer import DATA
from lab.errors import InputError, nearest
from lab.plan.presets import PRESETS
from lab.plan.space_trainer import trainer_of
from lab.user_file import SourceFile, read_source, run_source

NEEDED = ("BASE", "suggest", "KNOWN_POINTS")
SIZE_FIELDS = ("trials", "seeds", "race", "confirm")
"""Fields of a preset that SIZES may replace."""


@dataclass(frozen=True)
class SpaceContent:
    """What a space file defines."""

    text: str
    """The whole file."""
    description: str
    base: Mapping[str, Any]
    suggest: Callable[[optuna.Trial], Mapping[str, Any]]
    known_points: Mapping[str, Mapping[str, Any]]
    presets: Mapping[str, Mapping[str, Any]]
    """Preset -> path -> value over BASE; a file may leave it out."""
    sizes: Mapping[str, Mapping[str, Any]]
    """Preset -> how many runs of which stage; a file may leave it out."""
    question: str
    """Path of the setting that the space asks about; empty where it asks about none."""
    trainer: TrainerConfig | None = None
    """The person's own training; None for the lab's."""


def space_source(path: Path) -> SourceFile:
    """A space's file as errors name it."""
    return SourceFile(f"the space file {path}", str(path))


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
        hint = nearest(text, named) or f"; known are {', '.join(named)}"
        raise InputError(f"the space '{text}' is unknown{hint}, or give the path of a .py file")
    return named[text.replace("_", "-")]


def read_space_file(path: Path) -> SpaceContent:
    """Run a space's file and take what it defines.

    Raises InputError when it raises, lacks a name, or defines one as something else.
    """
    module, text = ModuleType(f"space_{path.stem}"), read_source(path)
    if str(path.parent) not in sys.path:  # for modules beside it, which suggest may import later
        sys.path.append(str(path.parent))
    space_source(path).call(run_source, text, str(path), module)
    missing = [name for name in NEEDED if not hasattr(module, name)]
    if missing or not (module.__doc__ or "").strip():
        lacking = ", ".join(missing) or "a docstring that describes the space"
        raise InputError(
            f"the space file {path} does not define {lacking}; a space needs a docstring, BASE "
            "(path -> value), suggest(trial), and KNOWN_POINTS ({} for none)"
        )
    content = SpaceContent(
        text,
        (module.__doc__ or "").strip(),
        module.BASE,
        module.suggest,
        module.KNOWN_POINTS,
        getattr(module, "PRESETS", {}),
        getattr(module, "SIZES", {}),
        getattr(module, "QUESTION", ""),
        trainer_of(module, path),
    )
    _check_kinds(content, path)
    base = canonical_values(content.base)
    if content.trainer is not None and isinstance(base.get(DATA), str):
        beside = path.parent / Path(base[DATA]).expanduser()
        base[DATA] = str(beside) if beside.exists() else base[DATA]
    return replace(
        content,
        base=base,
        known_points={
            name: canonical_values(point) for name, point in content.known_points.items()
        },
        presets={name: canonical_values(values) for name, values in content.presets.items()},
        question="".join(canonical_values({content.question: None})),
    )


def _existing(path: Path) -> Path:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"the space file {path} {what}; give the path of a Python file")
    return path.resolve()


def _check_kinds(content: SpaceContent, path: Path) -> None:
    points: Any = content.known_points
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
    elif not _are_sizes(content.sizes):
        problem = (
            f"SIZES must be a dict of {' or '.join(PRESETS)} -> a dict of some of "
            f"{', '.join(SIZE_FIELDS)}, whole numbers (seeds: a tuple of them)"
        )
    elif not isinstance(content.question, str):
        problem = f"QUESTION is {content.question!r}; it must be the path of a setting"
    else:
        # In a space with its own trainer names are the person's own: a draw checks the others.
        for name, values in {"BASE": content.base, **presets}.items():
            if content.trainer is not None:
                break
            try:
                with_values({}, values)
            except InputError as error:
                where = name if name == "BASE" else f"PRESETS['{name}']"
                raise InputError(f"{error} (in {where} of the space file {path})") from None
        return
    raise InputError(f"in the space file {path} {problem}")


def _are_sizes(sizes: Any) -> bool:
    """Whether SIZES is of the kinds of a preset's fields; the search itself checks the numbers."""
    if not isinstance(sizes, Mapping):
        return False
    of_presets = [(name, of) for name, of in sizes.items() if isinstance(of, Mapping)]
    return len(of_presets) == len(sizes) and all(
        name in PRESETS and field in SIZE_FIELDS and isinstance(value, _kind(field))
        for name, of in of_presets
        for field, value in of.items()
    )


def _kind(field: str) -> type:
    return tuple if field == "seeds" else int
