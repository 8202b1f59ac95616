"""Methods: how are these numbers made, and how are they reproduced?"""

from lab.record import StudyRecord
from reports.kit.blocks import Section
from reports.sections.methods.methods import methods_blocks
from reports.study.gallery import Album

SECTION: Section[StudyRecord, Album] = Section(
    "methods",
    "Methods",
    "How are these numbers made, and how are they reproduced?",
    methods_blocks,
)
