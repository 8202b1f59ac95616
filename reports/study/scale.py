"""Sizes of studies: too few runs to support a statement, and too many to draw each of them."""

from __future__ import annotations

from lab.record import StudyRecord
from reports.study.tables import finished, run_table

LEAST_TRIALS = 12
"""Trials with a verdict below which importances and maps are noise: intervals replace them."""
MOST_MARKS = 2_000
"""Most runs for which each has a mark and a curve of its own."""
LEAST_CONFIGURATIONS = 10
"""Paired configurations from which their effect is drawn and stated: bootstrap intervals over
fewer are too narrow (benchmarks/race/study.py)."""
NUM_SHUFFLES = 19
"""Shuffles of the outcomes: chance exceeds the largest of 19 in one case of 20."""


def is_small(study: StudyRecord) -> bool:
    """Too few trials with a verdict for a map of the space."""
    return int(finished(run_table(study))["trial"].nunique()) < LEAST_TRIALS


def is_large(study: StudyRecord) -> bool:
    """Too many runs for a mark each: figures bin them and draw the selection on top."""
    return len(study.runs) > MOST_MARKS
