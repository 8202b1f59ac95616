"""Parts of a section: figures, markup, and sentences that state why something is missing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, ParamSpec

from reports.kit.markup import Html, element
from reports.kit.panel import Panel, render

P = ParamSpec("P")


@dataclass(frozen=True)
class Missing:
    """A sentence that states why something is missing."""

    sentence: str


Block = Panel | Html | Missing


@dataclass(frozen=True)
class Section(Generic[P]):
    """A part of a page that answers one question.

    A section of the report is one folder whose `__init__.py` holds its SECTION, and one line of
    `reports/page.py`. Style sheets in the folder are included.
    """

    identity: str
    """Its anchor on the page."""
    title: str
    question: str
    """The question under the title; may be empty."""
    build: Callable[P, Sequence[Block]]
    """Makes its blocks; defined in the section's folder."""
    applies: Callable[P, bool] | None = None
    """Whether the page has this section; None: always."""

    @property
    def package(self) -> str:
        """The folder of the section as a package."""
        return str(sys.modules[self.build.__module__].__package__)

    def is_part(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Whether the page has this section, by what it is about."""
        return self.applies is None or self.applies(*args, **kwargs)

    def drawn(self, *args: P.args, **kwargs: P.kwargs) -> Html:
        """The section as markup, built from what its page is about."""
        return element(
            "section",
            element("h2", self.title, id=f"{self.identity}-title"),
            element("p", self.question, class_="question") if self.question else None,
            *map(drawn, self.build(*args, **kwargs)),
            id=self.identity,
            aria_labelledby=f"{self.identity}-title",
        )


def drawn(block: Block) -> Html:
    """A block as markup."""
    if isinstance(block, Panel):
        return render(block)
    if isinstance(block, Missing):
        return element("p", block.sentence, class_="empty")
    return block
