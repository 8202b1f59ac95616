"""What stability costs: how do stability and quality trade off?"""

from lab.record import StudyRecord
from reports.kit.blocks import Section
from reports.sections.cost.draw import cost_blocks
from reports.study.gallery import Album

SECTION: Section[StudyRecord, Album] = Section(
    "cost",
    "What stability costs",
    "How do stability and quality trade off?",
    lambda study, _: cost_blocks(study),
)
