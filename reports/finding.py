"""A finding: what may be said, and the numbers and limits that it rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A short claim and the sentences that carry its numbers and its limits."""

    claim: str
    detail: str
