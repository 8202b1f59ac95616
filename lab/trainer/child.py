"""The process in which a person's training function runs: `python -m lab.trainer.child FD`.

The described run comes as a line of JSON through the socket FD, reports go back through it.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from lab.errors import InputError, nearest
from lab.trainer.run import Run, TrainingOver

MISTAKEN = 2
"""Exit code after an InputError, whose sentence was sent."""


def main() -> int:
    """Train; returns the exit code. What the function raises ends the process as usual."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    with connection.makefile("rb") as lines:
        described = json.loads(lines.readline())
    try:
        train = load_function(described)
    except InputError as error:
        connection.sendall(json.dumps({"mistake": str(error)}).encode() + b"\n")
        return MISTAKEN
    if described["only_check"]:
        return 0
    try:
        train(Run(described, connection))
    except TrainingOver:
        return 0
    except InputError as error:
        print(error, file=sys.stderr)
        return MISTAKEN
    return 0


def load_function(described: Mapping[str, Any]) -> Callable[[Run], object]:
    """The training function. Raises InputError where its module or name is missing."""
    reference, home = described["function"], described["home"]
    source, _, name = reference.rpartition(":")
    sys.path[:0] = [home] if home else []
    is_file = source.endswith(".py")
    try:
        module = (
            _module_of_file(Path(source), described["text"])
            if is_file
            else importlib.import_module(source)
        )
    except ModuleNotFoundError as error:
        raise InputError(
            f"TRAINER is '{reference}', and there is no module '{error.name}' for it in "
            f"{home or 'the path of Python'}; give a module that can be imported, or a file"
        ) from None
    function = getattr(module, name, None)
    if not callable(function):
        names = [key for key in vars(module) if not key.startswith("_")]
        near = nearest(name, names) or f"; it defines {', '.join(names) or 'nothing'}"
        raise InputError(f"TRAINER is '{reference}', and {source} has no function '{name}'{near}")
    return function  # type: ignore[no-any-return]


def _module_of_file(path: Path, text: str) -> ModuleType:
    """The module of a file's text as it was when the search began, under the file's name.

    Its own folder is on the path, for what it imports from beside it.
    """
    sys.path.insert(0, str(path.parent))
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    # Under its own name, so that processes that are spawned can import what is sent to them.
    sys.modules[path.stem] = module
    exec(compile(text, str(path), "exec"), module.__dict__)
    return module


if __name__ == "__main__":
    sys.exit(main())
