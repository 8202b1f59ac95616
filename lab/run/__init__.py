"""One run: the loop that trains and evaluates, and what it reads and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.run.loop import Evaluation as Evaluation
    from lab.run.loop import run as run

_OF_LOOP = ("Evaluation", "run")


def __getattr__(name: str) -> Any:
    """The loop, imported when it is first asked for.

    Commands that read a finished run need neither it nor the judge, which take seconds to import.
    """
    if name not in _OF_LOOP:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lab.run import loop

    return getattr(loop, name)
