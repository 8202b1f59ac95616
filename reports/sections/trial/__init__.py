"""A trial, close up: what did it generate, and why this verdict?"""

from lab.record import StudyRecord
from reports.kit.blocks import Section
from reports.sections.trial.closeup import closeup_blocks
from reports.study.gallery import Album

SECTION: Section[StudyRecord, Album] = Section(
    "trial",
    "A trial, close up",
    "What did it generate, and why this verdict?",
    closeup_blocks,
)
