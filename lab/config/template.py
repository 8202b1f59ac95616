"""A command of a person's own with placeholders, as words for a process.

`{name}` or `{name:format}` stands for a value, with Python's format; `{{` and `}}` are braces.
`{latest:PATTERN}` is the newest file of the trainer's folder that matches a pattern. The line is
divided into words as a shell does it before any value is put in: a value with a blank is one word.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

from lab.errors import InputError, unknown

LATEST = "latest"


class Piece(NamedTuple):
    """Text, and the placeholder after it, if any."""

    text: str
    name: str | None = None
    format: str = ""


@lru_cache(maxsize=64)
def parsed_command(text: str, what: str) -> tuple[tuple[Piece, ...], ...]:
    """The words of a command line, each in pieces; `what` is its name in an error.

    Raises InputError for quotes or braces that are not closed, and for what is no placeholder.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InputError(f"{what} cannot be divided into words ({error}): {text}") from None
    if not words:
        raise InputError(f"{what} is empty; give a command line")
    return tuple(_pieces(word, what) for word in words)


def _pieces(word: str, what: str) -> tuple[Piece, ...]:
    try:
        parts = list(Formatter().parse(word))
    except ValueError as error:
        raise InputError(
            f"{what} has the word {word!r}, whose braces are no placeholder ({error}); write "
            "{name} or {name:format}, and {{ or }} for a brace"
        ) from None
    pieces = []
    for text, name, spec, conversion in parts:
        if name == "" or conversion:
            raise InputError(
                f"{what} has the word {word!r}; write a placeholder as {{name}} or {{name:format}}"
            )
        pieces.append(Piece(text, name, spec or ""))
    return tuple(pieces)


def placeholders(text: str, what: str) -> set[str]:
    """The names of a command's placeholders."""
    words = parsed_command(text, what)
    return {piece.name for word in words for piece in word if piece.name is not None}


def filled_command(
    text: str, what: str, values: Mapping[str, Any], folder: Path | None = None
) -> list[str] | None:
    """The words of a command with its values.

    With `folder`, `{latest:PATTERN}` is the newest file in it; None where no file matches.
    Raises InputError for a placeholder without a value, and for a format that does not fit.
    """
    words = []
    for word in parsed_command(text, what):
        filled = ""
        for piece in word:
            filled += piece.text
            if piece.name == LATEST:
                if folder is None:
                    raise InputError(f"{what} has {{latest:...}}, which belongs to RESUME")
                newest = newest_file(folder, piece.format)
                if newest is None:
                    return None
                filled += str(newest)
            elif piece.name is not None:
                filled += _formatted(piece, what, values)
        words.append(filled)
    return words


def newest_file(folder: Path, pattern: str) -> Path | None:
    """The file that was written last of those that match a pattern; None without one."""
    files = [(_written(path), path) for path in folder.glob(pattern)]
    return max(files)[1] if files else None


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # it was removed meanwhile
        return -1


def _formatted(piece: Piece, what: str, values: Mapping[str, Any]) -> str:
    assert piece.name is not None
    if piece.name not in values:
        raise InputError(f"in {what}: {unknown('the placeholder', piece.name, values)}")
    value = values[piece.name]
    if value is None:
        raise InputError(f"{what} has {{{piece.name}}}, which has no value here; give it one")
    try:
        return format(value, piece.format)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{what} has {{{piece.name}:{piece.format}}} and the value is {value!r}: {error}"
        ) from None
