"""A finding: what may be said, and the numbers and limits that it rests on."""

from __future__ import annotations

from dataclasses import dataclass, replace

TOPICS = {
    "end": "The leader",
    "holds": "What holds",
    "fails": "What fails",
    "effects": "What decides",
    "untested": "What is open",
    "search": "The search",
}
"""Kinds of findings in reading order, and the words that the page sets beside them."""


@dataclass(frozen=True)
class Finding:
    """A short claim and the sentences that carry its numbers and its limits."""

    claim: str
    detail: str
    topic: str = "end"

    def about(self, topic: str) -> Finding:
        """The same words under another topic."""
        return replace(self, topic=topic)
