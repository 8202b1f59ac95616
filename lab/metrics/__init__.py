"""Images -> features -> metrics, every number with its protocol.

`Evaluator` is for programs outside the lab; `make_evaluator` is the entry point of the lab's own.
torch-fidelity and torchvision are imported on demand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.metrics.classes import Labels
from lab.metrics.evaluator import Examination, PackEvaluator, make_evaluator

if TYPE_CHECKING:
    from lab.metrics.library import Evaluator

__all__ = ["Evaluator", "Examination", "Labels", "PackEvaluator", "make_evaluator"]


def __getattr__(name: str) -> Any:
    """The library's class, imported when it is first asked for: it opens packs as well."""
    if name != "Evaluator":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lab.metrics.library import Evaluator

    return Evaluator
