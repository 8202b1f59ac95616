"""Which run next: spaces, presets and the planner. Optuna is used here, Ray is not.

Reading order: spaces, suggest, history, race, planner.
"""

from lab.plan.imported import Imported, imported_points
from lab.plan.job import Job, Outcome, trial_card
from lab.plan.mirror import Mirror
from lab.plan.planner import Planner
from lab.plan.presets import PRESETS, Preset, choose_preset, find_preset
from lab.plan.settings import PlanSettings
from lab.plan.space_file import find_space_file
from lab.plan.spaces import (
    Space,
    edited_base,
    file_of_space,
    is_named,
    list_spaces,
    load_space,
    restored_space,
    space_from,
    space_of,
    study_card,
)
from lab.plan.suggest import in_words

__all__ = [
    "PRESETS",
    "Imported",
    "Job",
    "Mirror",
    "Outcome",
    "PlanSettings",
    "Planner",
    "Preset",
    "Space",
    "choose_preset",
    "edited_base",
    "file_of_space",
    "find_preset",
    "find_space_file",
    "imported_points",
    "in_words",
    "is_named",
    "list_spaces",
    "load_space",
    "restored_space",
    "space_from",
    "space_of",
    "study_card",
    "trial_card",
]
