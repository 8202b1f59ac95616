"""Trust: how far can these numbers be relied on?"""

from lab.record import StudyRecord
from reports.kit.blocks import Section
from reports.sections.trust.trust import trust_blocks
from reports.study.gallery import Album

SECTION: Section[StudyRecord, Album] = Section(
    "trust",
    "Trust",
    "How far can these numbers be relied on?",
    lambda study, _: trust_blocks(study),
)
