"""What matters: which settings decide?"""

from lab.record import StudyRecord
from reports.kit.blocks import Section
from reports.sections.matters.matters import matters_blocks
from reports.study.gallery import Album

SECTION: Section[StudyRecord, Album] = Section(
    "matters",
    "What matters",
    "Which settings decide?",
    lambda study, _: matters_blocks(study),
)
