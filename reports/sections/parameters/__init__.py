"""All parameters: which settings gave which outcome?"""

from lab.record import StudyRecord
from reports.kit.blocks import Section
from reports.sections.parameters.parallel import parameter_blocks
from reports.study.gallery import Album

SECTION: Section[StudyRecord, Album] = Section(
    "parameters",
    "All parameters",
    "Which settings gave which outcome?",
    lambda study, _: parameter_blocks(study),
)
