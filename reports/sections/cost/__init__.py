"""What stability costs: what quality can be had for it?"""

from lab.record import StudyRecord
from reports.kit.blocks import Section
from reports.sections.cost.draw import cost_blocks
from reports.study.gallery import Album

SECTION: Section[StudyRecord, Album] = Section(
    "cost",
    "What stability costs",
    "What quality can be had for it?",
    lambda study, _: cost_blocks(study),
)
