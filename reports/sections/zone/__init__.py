"""The safe zone: where do runs stay stable?"""

from lab.record import StudyRecord
from reports.kit.blocks import Section
from reports.sections.zone.draw import safe_zone_blocks
from reports.study.gallery import Album

SECTION: Section[StudyRecord, Album] = Section(
    "zone",
    "The safe zone",
    "Where do runs stay stable?",
    lambda study, _: safe_zone_blocks(study),
)
