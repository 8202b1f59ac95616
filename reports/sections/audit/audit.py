"""The blocks of the section, of a study's runs or of runs alone."""

from __future__ import annotations

from collections.abc import Sequence

from lab.record import StudyRecord
from reports.kit.blocks import Block, Missing
from reports.kit.markup import Html, element
from reports.kit.table import Column, table
from reports.kit.words import counted, images, listed
from reports.sections.audit.audited import Audited, audits_of, pairs_words
from reports.sections.audit.groups import attribute_names, group_rows, groups_panel
from reports.sections.audit.privacy import privacy_blocks
from reports.study.commands import copyable, shown_folder
from reports.study.conclusions import leading_run
from reports.study.gallery import Album

TITLE = "Fairness and privacy"
QUESTION = "Which groups are served worse than the data has them, and are training images copied?"
HOW_SHARES_ARE_DRAWN = (
    "Filled: the share of a group among the generated images with its 95% interval, corrected for "
    "the errors that the classifier makes on held-out images. Hollow: its share of the training "
    "images. The worst group is on top: the lower of its share over the data's and its coverage "
    "over that of held-out real images. Precision and coverage are in the tables."
)
MOST_RUNS = 4
"""Runs beside each other; further ones are named."""


def study_blocks(study: StudyRecord, album: Album) -> list[Block]:
    """The whole section; one sentence with the command where no run was audited."""
    audits = audits_of(study, album)
    sentences: list[Block] = [
        Missing(f"{listed(audits.damaged)} cannot be read; audit that run again.")
        for _ in audits.damaged[:1]
    ]
    if not audits.runs:
        return [*sentences, *_nothing_yet(study)]
    return [*sentences, *audit_blocks(audits.runs)]


def _nothing_yet(study: StudyRecord) -> list[Block]:
    names = listed([str(name) for name in study.card.data.attributes])
    index = leading_run(study)
    run = "RUN" if index is None else shown_folder(study.runs[index].folder)
    return [
        element("p", f"No run was audited. The images have the attributes {names}; this measures "
                "the shares of their values, and what the run shows of its training images:"),
        copyable(f"python -m lab.audit {run}"),
    ]  # fmt: skip


def audit_blocks(runs: Sequence[Audited]) -> list[Block]:
    """What audits measured, at most MOST_RUNS beside each other."""
    drawn = runs[:MOST_RUNS]
    blocks: list[Block] = [_facts(drawn)]
    if attribute_names(drawn):
        blocks.append(element("p", HOW_SHARES_ARE_DRAWN))
    for number, name in enumerate(attribute_names(drawn)):
        panel = groups_panel(f"audit-{number}", name, group_rows(drawn, name), drawn)
        blocks += [panel, _lost(drawn, name)]
    notes = dict.fromkeys(one.card.fairness_note for one in drawn if one.card.fairness_note)
    blocks += [element("p", note, class_="note") for note in notes]
    blocks += privacy_blocks(drawn)
    blocks += _pictures(drawn)
    if len(runs) > MOST_RUNS:
        others = listed([one.name for one in runs[MOST_RUNS:]][:MOST_RUNS])
        count = counted(len(runs) - MOST_RUNS, "further audit")
        sentence = f"{count} not drawn: {others}; audit.json beside each run has them."
        blocks.append(element("p", sentence, class_="note"))
    return [block for block in blocks if block]


def _facts(runs: Sequence[Audited]) -> Html:
    rows = []
    for name, card, _ in runs:
        onset = "" if card.onset_images is None else f" from {images(card.onset_images)}"
        rows.append(
            (
                name,
                f"{card.verdict or 'not recorded'}{onset}",
                f"{card.num_samples:,}",
                f"{card.num_train:,}",
                f"{card.num_heldout:,}",
                card.data,
                card.extractor,
            )
        )
    heads: list[str | Column] = [
        "run",
        "ended",
        Column("samples", is_number=True),
        Column("training images", is_number=True),
        Column("held-out images", is_number=True),
        "data",
        "extractor",
    ]
    return table(rows, heads, kind="stages", label="Audited runs")


def _lost(runs: Sequence[Audited], name: str) -> Html:
    """Which groups each run lost, and when; nothing where no record shows it."""
    sentences = []
    for run, card, _ in runs:
        attribute = next((one for one in card.attributes if one.name == name), None)
        if attribute is None or not attribute.lost_by:
            continue
        words = [
            f"{one.group} (never there)"
            if one.never_had
            else f"{one.group} from {images(one.since_images)} "
            + ("to the end" if one.back_images is None else f"to {images(one.back_images)}")
            for one in attribute.lost
        ]
        gone = f"lost {listed(words)}" if words else "lost no group"
        sentences.append(element("li", f"{run} {gone}, by {attribute.lost_by}."))
    return element("ul", *sentences, class_="audit-lost") if sentences else Html()


def _pictures(runs: Sequence[Audited]) -> list[Block]:
    having = [(run, run.picture) for run in runs if run.picture is not None]
    if not having:
        return [Missing("No picture of pairs is on this page; audit.json was kept without it.")]
    figures = [
        element("figure", picture, element("figcaption", f"{pairs_words(run.name)}. The most "
                "suspicious first, by the distance relative to that of the training image to its "
                "own neighbour."))
        for run, picture in having
    ]  # fmt: skip
    heading = element("h3", "Generated images beside the nearest training images")
    return [heading, element("div", *figures, class_="strip wide audit-pairs")]
