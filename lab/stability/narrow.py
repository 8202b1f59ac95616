"""Narrow: samples that look real, of a part of the data that the generator never had.

A distance passes near-real images of few classes as good. Only samples that look real can be
narrow: low coverage with low precision is a blur, which is a matter of quality.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lab.record.columns import CLASS_SHARE_PREFIX
from lab.record.words import brief, kimg
from lab.stability.history import Onset, RunHistory, number
from lab.statistics import wilson_interval

LOOKS_REAL = 0.75
"""Precision over that of real images from which a class that is missing is missed: real images
under noise of 12 / 255, or blurred by a Gaussian of one pixel, have .77 to .86 of it."""
NEARLY_REAL = 0.9
"""From this precision on coverage and recall are asked for too. Below it young runs of all classes
cover less than blurs do: .1 at .8."""
MISSING = 0.1
"""A class is missing below this share of its share among real images ..."""
CERTAINLY = 0.5
"""... where the upper bound of its Wilson interval is below this share of it: of 500 samples 4
of a class that has 50."""
FULL_DIVERSITY = (
    (0.76, 0.37), (0.80, 0.43), (0.90, 0.68), (0.97, 0.82), (1.0, 0.95),
)  # fmt: skip
"""(precision, coverage) over those of real images, of all 10 classes of fashion-mini under noise
and blur of growing strength; recall lies no lower (2,000 samples)."""
FAR_BELOW = {"coverage": 0.4, "recall": 0.25}
"""Shares of what full diversity has at the same precision; less, twice in a row, is far below.
Near-real images of 3 of 10 classes have .42 and .38. Of eight conditional DCGANs after 8 kimg one
lacked a class; the others had at least .53 and .42 in the better of their last two evaluations,
but .25 of recall in a single one: trained generators have less recall than noisy real images."""


def never_had(history: RunHistory) -> Onset | None:
    """At the budget, samples that look real lack classes, or cover far too little, twice in a row.

    Onset: the budget, where the target is judged too, as no event precedes it.
    """
    if not history.ended:
        return None
    last = len(history.rows) - 1
    rows = [row for row in (last - 1, last) if row >= 0 and history.images[row] > 0]
    if not rows or not all(_looks_real(history, row) for row in rows):
        return None
    clauses = [*missing_classes(history, rows), *_covers_little(history, rows)]
    if not clauses:
        return None
    precision = history.value(last, history.names.precision)
    assert precision is not None, "samples look real by their precision"
    return Onset(
        last,
        history.budget_images,
        f"never had: {'; '.join(clauses)} at {kimg(history.images[last])}, while samples look "
        f"real (precision {brief(precision)})",
    )


def _relative(history: RunHistory, row: int, column: str) -> float | None:
    """A value over that of real images."""
    value, real = history.value(row, column), number(history.baseline, column)
    if value is None or real is None or not math.isfinite(real) or real <= 0:
        return None
    return value / real


def _looks_real(history: RunHistory, row: int, share: float = LOOKS_REAL) -> bool:
    precision = _relative(history, row, history.names.precision)
    return precision is not None and precision >= share


def missing_classes(history: RunHistory, rows: Sequence[int]) -> list[str]:
    """A clause on the classes that are missing at all of the rows."""
    if not history.num_samples:
        return []
    real = {
        column: share
        for column in history.baseline
        if column.startswith(CLASS_SHARE_PREFIX) and (share := number(history.baseline, column))
    }
    missing = [
        column
        for column, share in real.items()
        if all(_is_missing(history, row, column, share) for row in rows)
    ]
    if not missing:
        return []
    names = [column.removeprefix(CLASS_SHARE_PREFIX) for column in missing]
    shares = [history.value(rows[-1], column) or 0.0 for column in missing]
    which = "class" if len(names) == 1 else "classes"
    return [
        f"{len(names)} of {len(real)} classes ({which} {', '.join(names)}: at most "
        f"{brief(max(shares))} of samples, of real images at least "
        f"{brief(min(real[column] for column in missing))})"
    ]


def _is_missing(history: RunHistory, row: int, column: str, real: float) -> bool:
    share = history.value(row, column)
    return share is not None and is_missing(share, history.num_samples, real)


def is_missing(share: float, num_samples: int, real: float) -> bool:
    """Whether a class with this share of the samples is missing, at its share of real images."""
    if share >= MISSING * real:
        return False
    return wilson_interval(round(share * num_samples), num_samples).high < CERTAINLY * real


def _covers_little(history: RunHistory, rows: Sequence[int]) -> list[str]:
    """A clause if coverage or recall is far below what the precision gives at full diversity."""
    if not all(_looks_real(history, row, NEARLY_REAL) for row in rows):
        return []
    names = history.names
    for word, column in (("coverage", names.coverage), ("recall", names.recall)):
        limit = FAR_BELOW[word]
        pairs = [
            (value, precision)
            for row in rows
            if (value := _relative(history, row, column)) is not None
            and (precision := _relative(history, row, names.precision)) is not None
        ]
        far = [value < limit * _usual(precision) for value, precision in pairs]
        if len(far) == len(rows) and all(far):
            value, precision = pairs[-1]
            return [
                f"{word} is {brief(value)} of that of real images, where full diversity has "
                f"{brief(_usual(precision))} at this precision"
            ]
    return []


def _usual(precision: float) -> float:
    """Coverage over that of real images at full diversity, by the precision over theirs."""
    x, y = zip(*FULL_DIVERSITY, strict=True)
    return float(np.interp(precision, x, y))
