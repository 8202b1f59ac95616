"""Fairness and privacy: whom does a generator serve worse than the data, and does it copy?"""

from lab.record import StudyRecord
from reports.kit.blocks import Section
from reports.sections.audit.audit import QUESTION, TITLE, study_blocks
from reports.sections.audit.audited import has_groups_or_audits
from reports.study.gallery import Album

SECTION: Section[StudyRecord, Album] = Section(
    "audit", TITLE, QUESTION, study_blocks, applies=has_groups_or_audits
)
