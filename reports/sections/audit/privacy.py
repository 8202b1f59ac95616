"""Scores of privacy, a column a run."""

from __future__ import annotations

from collections.abc import Sequence

from lab.record import EstimateCard, PrivacyCard
from reports.kit.blocks import Block
from reports.kit.markup import Html, element
from reports.kit.table import Cell, Column, table
from reports.kit.words import MISSING, fixed, number
from reports.sections.audit.audited import Audited

SCORES = {
    "ct": ("C_T", "-2 to 2", "far below, samples are nearer to training than held-out images"),
    "authenticity": ("authenticity", "as of held-out", "share that is no near copy"),
    "neighbour_ratio": ("nearest-neighbour ratio", "1", "odds that the nearest image trained"),
    "near_copies": ("near copies", "as of held-out", "share nearer than 99% of held-out images"),
    "distance_attack": ("membership by distance", ".5", "AUC, samples around an image"),
    "logit_attack": ("membership by logit", ".5", "AUC, the critic's logit"),
}
AS_SHARES = ("authenticity", "near_copies")
NOTE = (
    "In brackets 95% intervals. Bold with a mark: the interval lies on the side of copying. "
    "A score without a mark is no proof of privacy: docs/validation.md has the power of each."
)


def privacy_blocks(runs: Sequence[Audited]) -> list[Block]:
    """The heading, the table and what limits it."""
    rows = []
    for name, (title, neutral, meaning) in SCORES.items():
        cells = [_cell(run.card.privacy, name) for run in runs]
        rows.append((Cell([title, element("small", meaning)]), *cells, neutral))
    heads: list[str | Column] = [
        "score",
        *(Column(run.name, is_number=True) for run in runs),
        "nothing copied",
    ]
    blocks: list[Block] = [
        element("h3", "What samples and critic show of the training images"),
        table(rows, heads, kind="stages audit-scores", label="Scores of privacy"),
        element("p", NOTE, class_="note"),
    ]
    return [*blocks, *_logit_notes(runs)]


def _logit_notes(runs: Sequence[Audited]) -> list[Html]:
    notes = [f"{run.name}: {run.card.privacy.logit_note}." for run in runs if run.card.privacy]
    return [element("p", " ".join(notes), class_="note")] if notes else []


def _cell(card: PrivacyCard | None, name: str) -> Cell | str:
    value = None if card is None else getattr(card, name)
    if card is None or value is None:
        return MISSING
    words = _words(value, name)
    if name in AS_SHARES:
        words += f"; held-out {getattr(card, f'{name}_real'):.1%}"
    if name not in card.alarms:
        return words
    return Cell([element("b", f"▲ {words}", title="on the side of copying")])


def _words(value: EstimateCard | float, name: str) -> str:
    if not isinstance(value, EstimateCard):
        return fixed(value, 1)
    if name in AS_SHARES:
        return f"{value.value:.1%} ({value.low:.1%} to {value.high:.1%})"
    return f"{number(value.value)} ({number(value.low)} to {number(value.high)})"
