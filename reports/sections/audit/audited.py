"""The audits of a study: audit.json beside the run.json of some runs."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from lab.errors import InputError
from lab.record import AUDIT_FILE, AUDIT_PICTURE, AuditCard, StudyRecord, read_card
from reports.kit.markup import Html
from reports.study.conclusions import finalists_of
from reports.study.gallery import Album


class Audited(NamedTuple):
    """One run's audit."""

    name: str
    """Of the run, as the page has it."""
    card: AuditCard
    picture: Html | None
    """Generated images beside training images; None where the page has no room or no file."""


class Audits(NamedTuple):
    """All audits of a study, those of finalists first."""

    runs: list[Audited]
    damaged: list[str]
    """Files that cannot be read, relative to the study's folder."""


def has_groups_or_audits(study: StudyRecord, album: Album) -> bool:
    """Whether the images have attributes, or a run was audited."""
    return bool(study.card.data.attributes) or bool(_audited_runs(study))


def audits_of(study: StudyRecord, album: Album) -> Audits:
    """Every audit, with its picture as far as the page has room."""
    runs: list[Audited] = []
    damaged: list[str] = []
    for index in _audited_runs(study):
        run = study.runs[index]
        file = run.folder / AUDIT_FILE
        name = f"trial {run.trial}, seed {run.seed}"
        try:
            card = read_card(file, AuditCard)
        except InputError:
            damaged.append(str(file.relative_to(study.folder)))
            continue
        runs.append(Audited(name, card, picture_of(run.folder, name, album)))
    return Audits(runs, damaged)


def picture_of(folder: Path, name: str, album: Album) -> Html | None:
    """The picture of a run's audit."""
    return album.picture(folder / AUDIT_PICTURE, pairs_words(name))


def pairs_words(name: str) -> str:
    """What the picture of pairs is."""
    return f"Pairs of {name}: a generated image, and right of it the nearest training image"


def _audited_runs(study: StudyRecord) -> list[int]:
    """Indexes of the runs with an audit: of finalists, then in order."""
    first = finalists_of(study)
    having = [i for i, run in enumerate(study.runs) if (run.folder / AUDIT_FILE).is_file()]
    return sorted(having, key=lambda i: (study.runs[i].trial not in first, i))
