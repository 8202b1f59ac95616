"""Studies of version 0.1 on today's scale: their quality was linear in the distance.

The rows' distances stay; quality, score and final quality follow from them. Verdicts stay as they
were given, by the rules and the target of their time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from lab.record.cards import RunCard, StudyCard
from lab.record.columns import IMAGES_SEEN, QUALITY
from lab.record.evaluations import Row
from lab.record.scale import Scale
from lab.record.score import final_quality, score
from lab.record.verdicts import FAILURES

FIRST_ON_THIS_SCALE = 2
"""The first format whose quality is on today's scale."""
FASHION_ANCHOR = 2.608
"""Kernel distance of images of independent pixels of fashion-mini at 32 x 32, extractor
`fashion-v1`, 2,000 samples: the data of the default search of version 0.1."""


def is_rescaled(study: StudyCard) -> bool:
    """Whether the study's quality was on another scale when it was stored."""
    return study.format < FIRST_ON_THIS_SCALE


def scale_of(study: StudyCard, starts: Iterable[float] = ()) -> Scale | None:
    """The scale of a study's kernel distance; None where the record does not have the anchors.

    For a study of version 0.1, which did not measure d_0: that of its default data for its own
    extractor, else the largest of `starts`, the distances that its runs began with.
    """
    names, metrics = study.metrics.columns, study.metrics
    floor = metrics.baseline.get(names.kernel)
    anchor = metrics.anchor.get(names.kernel)
    if anchor is None and is_rescaled(study):
        finite = [start for start in starts if math.isfinite(start)]
        is_default = metrics.family == "fashion"
        anchor = FASHION_ANCHOR if is_default else max(finite, default=None)
    if anchor is None or floor is None:
        return None
    error = metrics.baseline.get(names.kernel_error, 0.0)
    return Scale(anchor, floor, error if math.isfinite(error) else 0.0)


def rescaled_rows(rows: Sequence[Row], column: str, scale: Scale) -> list[Row]:
    """Rows with the quality of their distance, where they have one."""
    qualities = scale.qualities([_number(row.get(column)) for row in rows])
    return [
        row | {QUALITY: float(u)} if QUALITY in row else row
        for row, u in zip(rows, qualities, strict=True)
    ]


def rescaled_run(run: RunCard, rows: Sequence[Row], budget_images: float | None) -> RunCard:
    """A run's card with the score and the final quality of its rescaled rows."""
    budget = run.budget_images or budget_images
    if run.verdict is None or run.score is None or not rows or not budget:
        return run
    failed_at = run.verdict.onset_images if run.verdict.name in FAILURES else None
    onset = None if failed_at is None else round(failed_at)
    quality = [_number(row.get(QUALITY)) for row in rows]
    images = [_number(row.get(IMAGES_SEEN)) for row in rows]
    return run.model_copy(
        update={
            "score": score(images, quality, round(budget), onset),
            "final_quality": final_quality(quality[-1], run.verdict.name),
        }
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan
