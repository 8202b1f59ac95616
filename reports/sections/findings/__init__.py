"""Findings: the trial the study ends with, and what its runs show about the space."""

from lab.record import StudyRecord
from reports.kit.blocks import Section
from reports.sections.findings.summary import opening
from reports.study.gallery import Album

SECTION: Section[StudyRecord, Album] = Section(
    "findings",
    "Findings",
    "",
    opening,
)
