"""A finding: a claim that the runs support, with the numbers and limits behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reports.kit.markup import Html, element

TOPICS = {
    "end": "The leader",
    "holds": "What holds",
    "fails": "What fails",
    "effects": "What decides",
    "untested": "What is open",
    "search": "The search",
}
"""Kinds of findings in reading order, and their headings on the page."""


@dataclass(frozen=True)
class RunQuote:
    """The judge's evidence on one run, quoted as an example."""

    words: str
    """What the run is an example of."""
    trial: int
    seed: int
    evidence: str


@dataclass(frozen=True)
class Finding:
    """A short claim, the sentences that carry its numbers and its limits, and examples."""

    claim: str
    detail: str
    topic: str = "end"
    quotes: tuple[RunQuote, ...] = ()

    def about(self, topic: str) -> Finding:
        """The same words under another topic."""
        return replace(self, topic=topic)


def quoted(quote: RunQuote) -> Html:
    """`A typical diverged run, trial 7, seed 0: a loss was not finite ...`, with a link."""
    link = element("a", f"trial {quote.trial}", href=f"#trial={quote.trial}")
    return element("span", f"{quote.words}, ", link, f", seed {quote.seed}: {quote.evidence}.")
