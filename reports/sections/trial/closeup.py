"""A trial, close up: the element that the page's script fills, and the pictures it may show."""

from __future__ import annotations

from lab.record import StudyRecord
from reports.kit.blocks import Block, Missing
from reports.kit.families import FAMILY_OF_PART, OTHER
from reports.kit.markup import Html, data_block, element
from reports.study.conclusions import conclusions_of, finalists_of
from reports.study.gallery import Album, Chosen, chosen_runs, pictures_note, samples_row
from reports.study.tables import parameters_of

IDENTITY = "closeup"


def closeup_blocks(study: StudyRecord, album: Album) -> list[Block]:
    """Sample grids to choose a trial by, then the element that shows the chosen trial.

    Takes into `album` the pictures of finalists, the Pareto set and one run of each failure.
    """
    if not study.runs:
        return [Missing("No run yet.")]
    chosen = chosen_runs(study)
    row = samples_row(study, chosen, album)
    album.take(study, chosen)
    note = pictures_note(study, album, chosen)
    return [*([] if row is None else [row]), note, _container(study, chosen)]


def _container(study: StudyRecord, chosen: Chosen) -> Html:
    """What the store does not hold: the roles of trials, and which paths are sampled."""
    concluded = conclusions_of(study)
    trials = {
        "recommended": concluded.recommended,
        "finalists": list(finalists_of(study)),
        "pareto": list(concluded.pareto),
        "shown": list(chosen.first),
        "families": {"of": FAMILY_OF_PART, "other": OTHER},
        "sampled": [parameter.path for parameter in parameters_of(study)],
    }
    return element(
        "div",
        element("p", "The close-up is drawn by the page's script.", class_="empty"),
        data_block("closeup-data", trials),
        id=IDENTITY,
        class_="wide closeup",
    )
