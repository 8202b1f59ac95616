"""Curves: what happened, image by image?"""

from lab.record import StudyRecord
from reports.kit.blocks import Section
from reports.sections.curves.curves import curve_blocks
from reports.study.gallery import Album

SECTION: Section[StudyRecord, Album] = Section(
    "curves",
    "Curves",
    "What happened, image by image?",
    lambda study, _: curve_blocks(study),
)
