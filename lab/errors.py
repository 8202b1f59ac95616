"""The user's mistake as one sentence, and the error for an unknown name."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable


class InputError(ValueError):
    """The user's mistake in one sentence: what was given, what is allowed, what to do."""


def nearest(word: str, allowed: Iterable[str], count: int = 3) -> str:
    """`; did you mean 'a' or 'b'?` for names close to `word`, or an empty string."""
    close = difflib.get_close_matches(word, sorted(allowed), n=count, cutoff=0.5)
    return "; did you mean " + " or ".join(f"'{name}'" for name in close) + "?" if close else ""


def unknown(kind: str, word: str, allowed: Iterable[str]) -> InputError:
    """The error for a name that is not among the allowed ones."""
    names = sorted(allowed)
    suggestion = nearest(word, names) or f"; known are {', '.join(names)}"
    return InputError(f"{kind} '{word}' is unknown{suggestion}")


def printable(name: str) -> str:
    """A path or an argument as text that can be stored: bytes that are no UTF-8 become \\xe9."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
