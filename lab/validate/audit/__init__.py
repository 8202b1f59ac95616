"""Part 6: audits of generators with planted shares of groups, and of generators that copy."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

from lab.validate.audit import privacy, shares
from lab.validate.audit.features import Pool, pool_of
from lab.validate.part import Part, Say


@dataclass(frozen=True)
class AuditSizes:
    """How much is drawn."""

    num_images: int
    """Images of fashion-mini."""
    generators_a_share: int
    """Generators of each grouping and planted share."""
    num_splits: int
    """Divisions into training and held-out images, each with one generator of every kind."""


QUICK = AuditSizes(num_images=4_000, generators_a_share=12, num_splits=24)
FULL = AuditSizes(num_images=10_000, generators_a_share=60, num_splits=100)


def validate(quick: bool, processes: int, say: Say) -> Part:
    """Coverage of the intervals of shares; power and false alarms of the scores of privacy."""
    started = time.perf_counter()
    sizes = QUICK if quick else FULL
    pool: Pool = pool_of(sizes.num_images, say)
    fairness = shares.measured(pool, sizes.generators_a_share, say)
    copying = privacy.measured(pool, sizes.num_splits, say)
    return Part(
        name="audit",
        question="Are audits right about generators whose shares and copies are planted?",
        checks=[*shares.checks(fairness), *privacy.checks(copying)],
        tables=[shares.table(fairness), privacy.table(copying)],
        seconds=time.perf_counter() - started,
        settings={
            **asdict(sizes),
            "data": "fashion-mini, features of the extractor fashion-v1",
            "planted_shares": shares.PLANTED,
            "generated_images": {"shares": shares.NUM_SAMPLES, "privacy": privacy.NUM_SAMPLES},
            "planted_copies": privacy.COPIED,
            "training_and_heldout_images": (privacy.NUM_MEMBERS, privacy.NUM_HELDOUT),
        },
    )
