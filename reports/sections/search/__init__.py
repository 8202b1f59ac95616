"""The search itself: what did it cost, and what did stopping save?"""

from lab.record import StudyRecord
from reports.kit.blocks import Section
from reports.sections.search.timeline import search_blocks
from reports.study.gallery import Album
from reports.study.tables import from_elsewhere

SECTION: Section[StudyRecord, Album] = Section(
    "search",
    "The search itself",
    "What did it cost, and what did stopping save?",
    lambda study, _: search_blocks(study),
    applies=lambda study, _: not from_elsewhere(study),
)
