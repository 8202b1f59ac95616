"""How runs fail: what breaks, where, and when?"""

from lab.record import StudyRecord
from reports.kit.blocks import Section
from reports.sections.failures.failures import failure_blocks
from reports.study.gallery import Album

SECTION: Section[StudyRecord, Album] = Section(
    "failures",
    "How runs fail",
    "What breaks, where, and when?",
    lambda study, _: failure_blocks(study),
)
