"""A person's own Python file: read once, kept as text with its digest, run from that text.

A configuration names what a file defines as `path/to/mine.py:NAME`. The text travels with the
configuration and is kept in the record, so that a worker on another node, a resumed study and
`lab.evaluate` need no file. Whatever the file raises becomes one sentence with its line.
"""

from __future__ import annotations

import hashlib
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict

from lab.errors import InputError, nearest

REFERENCE = re.compile(r"(?P<file>.*\.py):(?P<name>[A-Za-z_]\w*)")
HOW_TO_REFER = "path/to/mine.py:NAME"


class UserFile(BaseModel):
    """A file as it was when the configuration was made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """The path as the configuration writes it."""
    sha256: str
    """Digest of the text, in hex."""
    text: str

    @property
    def changed(self) -> bool:
        """Whether the file is still on disk, with another text."""
        try:
            return digest(Path(self.name).expanduser().read_text()) != self.sha256
        except (OSError, ValueError):
            return False

    def change(self, what: str) -> str:
        """The sentence for a file that changed since `what`, say `the study`, began."""
        return (
            f"{self.name} has changed since {what} began; {what} continues with the text in its "
            f"record (sha256 {self.sha256[:12]})"
        )


def digest(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_reference(value: object) -> bool:
    """Whether a value has the form `path/to/mine.py:NAME`."""
    return isinstance(value, str) and REFERENCE.fullmatch(value) is not None


def file_of(reference: str) -> str:
    """The file of a reference, as it is written there."""
    matched = REFERENCE.fullmatch(reference)
    assert matched is not None, reference
    return matched["file"]


Kept = Iterable[UserFile | Mapping[str, str]] | Mapping[str, Mapping[str, str]]
"""Files, their fields, or a record's `files`."""


def files_for(references: Iterable[str], kept: Kept) -> tuple[UserFile, ...]:
    """The files of these references in order of name: the kept text, else the one on disk.

    Raises InputError for a file that cannot be read, and for a text that is not the kept one.
    """
    if isinstance(kept, Mapping):
        kept = [{"name": name, **entry} for name, entry in kept.items()]
    texts = {file.name: file for file in map(_whole, kept)}
    names = sorted({file_of(reference) for reference in references})
    return tuple(texts[name] if name in texts else read_user_file(name) for name in names)


def _whole(entry: UserFile | Mapping[str, str]) -> UserFile:
    if isinstance(entry, UserFile):
        return entry
    name, text = str(entry.get("name")), str(entry.get("text"))
    if digest(text) != entry.get("sha256"):
        raise InputError(
            f"the text of {name} in the record does not match its sha256; restore the record, or "
            "start a new run from the file"
        )
    return UserFile(name=name, sha256=digest(text), text=text)


def stored_files(files: Sequence[UserFile]) -> dict[str, dict[str, str]]:
    """Files as the record keeps them: name -> sha256 and text."""
    return {file.name: {"sha256": file.sha256, "text": file.text} for file in files}


def read_user_file(name: str) -> UserFile:
    """A file from disk. Raises InputError when it cannot be read."""
    text = read_source(Path(name).expanduser())
    return UserFile(name=name, sha256=digest(text), text=text)


def read_source(path: Path) -> str:
    """The text of a Python file. Raises InputError when it cannot be read."""
    try:
        return path.read_text()
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except ValueError:
        reason = "it is not UTF-8 text"
    raise InputError(f"{path} cannot be read: {reason}; give the path of a Python file")


def attribute_of(reference: str, files: Sequence[UserFile]) -> Any:
    """What a reference names, from the text in `files`.

    Raises InputError when the file raises or does not define the name.
    """
    matched = REFERENCE.fullmatch(reference)
    assert matched is not None, reference
    (file,) = (file for file in files if file.name == matched["file"])
    module = _module_of(file)
    if hasattr(module, matched["name"]):
        return getattr(module, matched["name"])
    names = [name for name in vars(module) if not name.startswith("_")]
    near = nearest(matched["name"], names) or f"; it defines {', '.join(names) or 'nothing'}"
    raise InputError(f"{file.name} does not define {matched['name']}{near}")


def calling(reference: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """`function(*arguments)` of the file of a reference.

    Raises InputError with the line of whatever it raises, a wrong signature included.
    """
    return SourceFile(reference, file_of(reference)).call(function, *arguments)


@lru_cache(maxsize=64)
def _module_of(file: UserFile) -> ModuleType:
    module = ModuleType(f"user_file_{file.sha256[:16]}")
    # Dataclasses and pickle look a class's module up by its name.
    sys.modules[module.__name__] = module
    SourceFile(file.name, file.name).call(run_source, file.text, file.name, module)
    return module


def run_source(text: str, path: str, module: ModuleType) -> None:
    """Run a file's text as a module.

    Compiled here and not imported: no __pycache__ in a person's folder, no clash of names.
    """
    module.__file__ = path
    exec(compile(text, path, "exec"), module.__dict__)


@dataclass(frozen=True)
class SourceFile:
    """A person's file under execution: what it raises becomes an InputError with its line."""

    title: str
    """What an error calls it, say `the space file mine.py`."""
    path: str
    """The path that its code was compiled with."""

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """`function(*arguments)`; an InputError passes through, with the line added."""
        try:
            return function(*arguments)
        except InputError as error:
            raise InputError(f"{error} ({self._where(error)})") from None
        except (Exception, SystemExit) as error:
            raise InputError(
                f"{self._where(error)} raises {type(error).__name__}: {error}; correct the file"
            ) from error

    def _where(self, error: BaseException) -> str:
        if isinstance(error, SyntaxError) and error.filename == self.path:
            return f"{self.title}, line {error.lineno},"
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == self.path]
        return self.title + (f", line {lines[-1]}," if lines else "")
