"""A page on a study of version 0.1, whose quality is on today's scale only since."""

from __future__ import annotations

from lab.record import StudyRecord
from reports.kit.words import fixed
from reports.study.tables import ruler_of, target_quality


def rescaled_note(study: StudyRecord) -> str:
    """How its quality was made anew, and what was not; empty for any other study."""
    if not study.is_rescaled:
        return ""
    opening = (
        "This study was made by version 0.1, whose quality was linear in the distance and began "
        "at the untrained generator"
    )
    if ruler_of(study) is None:
        return (
            f"{opening}. Its record lacks the anchors of today's scale, so quality and score are "
            "those of that time and cannot be compared with those of other studies."
        )
    return (
        f"{opening}. Quality and score were made anew from the distances on today's scale; the "
        "verdicts are those given then, by the limits of that time and its target of "
        f"{fixed(target_quality(study))} on the linear scale."
    )
