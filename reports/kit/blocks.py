"""What a section is made of: figures, markup, and sentences that say why something is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reports.kit.markup import Html, element
from reports.kit.panel import Panel, render


@dataclass(frozen=True)
class Missing:
    """Why something is not here, in a sentence."""

    sentence: str


Block = Panel | Html | Missing


@dataclass(frozen=True)
class Section:
    """A part of the page that answers one question; `build` makes its blocks."""

    identity: str
    title: str
    question: str
    build: Callable[[], Sequence[Block]]


def drawn(block: Block) -> Html:
    """A block as markup."""
    if isinstance(block, Panel):
        return render(block)
    if isinstance(block, Missing):
        return element("p", block.sentence, class_="empty")
    return block
