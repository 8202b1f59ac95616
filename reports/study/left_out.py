"""Parts of the record in no figure: unfinished, crashed and pruned runs, damaged files."""

from __future__ import annotations

import numpy as np

from lab.record import StudyRecord
from reports.kit.words import counted, listed
from reports.study.tables import run_table

MOST_NAMED = 5
"""Problems of the record that are named; the others are counted."""


def left_out(study: StudyRecord) -> list[str]:
    """A sentence per kind of entry that could not be shown or counted; one if there is none."""
    runs = run_table(study)
    sentences = []
    for status, why in (
        ("running", "unfinished; drawn as curves, counted nowhere else"),
        ("errored", "crashed, which is not the GAN's fault; neither stable nor failed"),
        ("pruned", "stopped by choice; neither stable nor failed"),
    ):
        count = int((runs["outcome"] == status).sum())
        if count:
            sentences.append(f"{counted(count, 'run')} {status}: {why}.")
    if study.num_torn_rows:
        rows = counted(study.num_torn_rows, "torn or damaged row")
        sentences.append(f"{rows} of evaluations could not be read.")
    if study.problems:
        names = [str(problem) for problem in study.problems[:MOST_NAMED]]
        more = ["more"] if len(study.problems) > MOST_NAMED else []
        files = counted(len(study.problems), "file or folder", "files or folders")
        sentences.append(f"{files} missing or damaged: {listed([*names, *more])}.")
    no_rows = int((np.diff(study.evaluations.first) == 0).sum())
    if no_rows:
        sentences.append(f"{counted(no_rows, 'run')} without any evaluation: no curve.")
    sentences += _of_own_trainer(study)
    return sentences or ["Nothing: every trial, run and evaluation of the record is on this page."]


def has_own_trainer(study: StudyRecord) -> bool:
    """Whether the runs were trained by a person's own program, and not by the lab."""
    return bool(study.card.base.get("trainer"))


def _of_own_trainer(study: StudyRecord) -> list[str]:
    """What a training of a person's own leaves unknown; nothing for the lab's."""
    if not has_own_trainer(study):
        return []
    return [
        "The training is a program of the study's own: its metric is as that program measured it, "
        "and a run that was interrupted continued from what it had saved, which need not repeat "
        "the numbers of an undisturbed one."
    ]
