"""Parts of the record in no figure: unfinished, crashed and pruned runs, damaged files."""

from __future__ import annotations

import numpy as np

from lab.record import StudyRecord
from reports.kit.words import counted, listed
from reports.study.tables import from_elsewhere, run_table

ELSEWHERE = (
    "People chose their settings, and nothing drew them at random: differences between settings "
    "are associations, which may come from whatever else differed, and a share of stable runs is "
    "that of these runs."
)
MOST_NAMED = 5
"""Problems of the record that are named; the others are counted."""


def elsewhere_words(study: StudyRecord) -> str:
    """What no number of a study can show whose runs were trained elsewhere."""
    how = (
        "imported from their logs" if study.card.imported else "recorded by Monitor in their loop"
    )
    return f"The runs were trained elsewhere and {how}. {ELSEWHERE}"


def left_out(study: StudyRecord) -> list[str]:
    """A sentence per kind of entry that could not be shown or counted; one if there is none."""
    runs = run_table(study)
    sentences = []
    errored = (
        "its log cannot be judged (its row of the table has the reason)"
        if from_elsewhere(study)
        else "crashed, which is not the GAN's fault"
    )
    for status, why in (
        ("running", "unfinished; drawn as curves, counted nowhere else"),
        ("errored", f"{errored}; neither stable nor failed"),
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
    sentences += [*_of_logs(study), *_of_own_trainer(study)]
    return sentences or ["Nothing: every trial, run and evaluation of the record is on this page."]


def _of_logs(study: StudyRecord) -> list[str]:
    """The logs that became no run of an imported study."""
    imported = study.card.imported
    if imported is None or not imported.left_out:
        return []
    entries = [f"{entry.name} ({entry.reason})" for entry in imported.left_out[:MOST_NAMED]]
    more = ["more"] if len(imported.left_out) > MOST_NAMED else []
    logs = counted(len(imported.left_out), "log")
    return [f"{logs} left out by the import: {listed([*entries, *more])}."]


def has_own_trainer(study: StudyRecord) -> bool:
    """Whether the runs were trained by a person's own program, and not by the lab."""
    return bool(study.card.base.get("trainer")) or from_elsewhere(study)


def _of_own_trainer(study: StudyRecord) -> list[str]:
    """What a training of a person's own leaves unknown; nothing for the lab's."""
    if from_elsewhere(study):
        return [elsewhere_words(study)]
    if not has_own_trainer(study):
        return []
    return [
        "The training is a program of the study's own: its metric is as that program measured it, "
        "and a run that was interrupted continued from what it had saved, which need not repeat "
        "the numbers of an undisturbed one."
    ]
