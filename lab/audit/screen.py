"""Audits on a terminal: fairness by attribute, then privacy, the runs beside each other."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lab.record import (
    AuditCard,
    AuditedAttributeCard,
    AuditedGroupCard,
    EstimateCard,
    LostGroupCard,
    PrivacyCard,
)
from lab.record.words import kimg

MOST_GROUPS = 12
"""Groups of an attribute in the table, the worst; the page and --json have all."""
SCORES = {
    "ct": ("C_T", "-2 to 2"),
    "authenticity": ("authenticity", "held-out"),
    "neighbour_ratio": ("nearest-neighbour ratio", "1"),
    "near_copies": ("near copies", "held-out"),
    "distance_attack": ("membership by distance, AUC", ".5"),
    "logit_attack": ("membership by the critic's logit, AUC", ".5"),
}


def show_audit(console: Console, name: str, card: AuditCard) -> None:
    """One run."""
    console.print()
    console.rule(f"[bold]{escape(name)}[/bold]", align="left")
    ended = f"; {card.verdict}" if card.verdict else ""
    onset = f" from {kimg(card.onset_images)}" if card.onset_images is not None else ""
    _line(
        console,
        f"{card.num_samples:,} samples, {card.num_train:,} training and {card.num_heldout:,} "
        f"held-out images of {card.data}, extractor {card.extractor}{ended}{onset}",
    )
    for attribute in card.attributes:
        _show_attribute(console, attribute)
    if card.fairness_note:
        _line(console, card.fairness_note)
    if card.privacy is not None:
        _show_privacy(console, card.privacy)


def _show_attribute(console: Console, attribute: AuditedAttributeCard) -> None:
    title = f"{attribute.name}: classifier right for {attribute.accuracy:.0%}"
    if attribute.total_variation is not None:
        equal = attribute.total_variation_of_equal or 0.0
        apart = estimate(attribute.total_variation)
        title += f", total variation {apart}, {equal:.2f} of equal shares"
    table = Table(title=escape(title), title_justify="left")
    table.add_column("worst first", overflow="fold")
    for head in ("data", "samples (95 %)", "precision/real", "coverage/real", "right"):
        table.add_column(head, justify="right", no_wrap=True)
    for group in attribute.groups[:MOST_GROUPS]:
        table.add_row(escape(group.name), *_cells(group))
    console.print(table)
    if len(attribute.groups) > MOST_GROUPS:
        _line(console, f"  and {len(attribute.groups) - MOST_GROUPS} more groups in --json")
    if attribute.merged:
        _line(console, f"  other: {len(attribute.merged)} rare values together")
    for sentence in lost_sentences(attribute):
        _line(console, f"  {sentence}")


def _cells(group: AuditedGroupCard) -> list[str]:
    share = group.share
    return [
        f"{group.data:.1%}",
        f"{share.value:.1%} ({percents(share.low, share.high)})",
        f"{_percent(_value_of(group.precision))}/{_percent(group.precision_real)}",
        f"{_percent(_value_of(group.coverage))}/{_percent(group.coverage_real)}",
        f"{group.right:.0%}",
    ]


def lost_sentences(attribute: AuditedAttributeCard) -> list[str]:
    """Which groups were lost, and when; one sentence where none was, none without a source."""
    if not attribute.lost_by:
        return []
    if not attribute.lost:
        return [f"no group was lost, by {attribute.lost_by}"]
    sentences = []
    if never := [one.group for one in attribute.lost if one.never_had]:
        sentences.append(f"never had: {', '.join(never)}")
    if gone := [lost_words(one) for one in attribute.lost if not one.never_had]:
        sentences.append(f"lost: {', '.join(gone)}")
    return [f"{'; '.join(sentences)}; by {attribute.lost_by}"]


def lost_words(one: LostGroupCard) -> str:
    """`Flags from 48 kimg to the end`; of a group that was never there its name."""
    if one.never_had:
        return one.group
    back = "to the end" if one.back_images is None else f"to {kimg(one.back_images)}"
    return f"{one.group} from {kimg(one.since_images)} {back}"


def _show_privacy(console: Console, card: PrivacyCard) -> None:
    table = Table(title="privacy", title_justify="left")
    for head in ("score", "samples", "95 %", "nothing copied"):
        table.add_column(head, justify="left" if head == "score" else "right")
    table.add_column("")
    for name, (title, neutral) in SCORES.items():
        value = getattr(card, name)
        if value is None:
            continue
        real = {"authenticity": card.authenticity_real, "near_copies": card.near_copies_real}
        fresh = f"{real[name]:.1%}" if name in real else neutral
        alarm = "[red]copying[/red]" if name in card.alarms else ""
        table.add_row(title, *_value(value, as_share=name in real), fresh, alarm)
    console.print(table)
    _line(console, f"  {card.logit_note}")


def _value(value: EstimateCard | float, *, as_share: bool) -> tuple[str, str]:
    if not isinstance(value, EstimateCard):
        return f"{value:.1f}", ""
    form = "{:.1%}" if as_share else "{:.3g}"
    return form.format(value.value), f"{form.format(value.low)} to {form.format(value.high)}"


def show_beside(console: Console, names: Sequence[str], cards: Sequence[AuditCard]) -> None:
    """Several runs: total variation of each attribute, lost groups, and the scores of privacy."""
    table = Table(title="the runs beside each other", title_justify="left")
    table.add_column("")
    for name in names:
        table.add_column(escape(name), justify="right", overflow="fold")
    table.add_row("ended", *(card.verdict or "-" for card in cards))
    attributes = dict.fromkeys(one.name for card in cards for one in card.attributes)
    for attribute in attributes:
        each = [_attribute(card, attribute) for card in cards]
        table.add_row(f"total variation, {attribute}", *map(_variation, each))
        if any(one is not None and one.lost_by for one in each):
            table.add_row(f"lost or never had, {attribute}", *map(_lost, each))
    for name, (title, _) in SCORES.items():
        values = [None if card.privacy is None else getattr(card.privacy, name) for card in cards]
        if any(value is not None for value in values):
            table.add_row(title, *(_brief(value) for value in values))
    console.print()
    console.print(table)


def _attribute(card: AuditCard, name: str) -> AuditedAttributeCard | None:
    return next((one for one in card.attributes if one.name == name), None)


def _variation(one: AuditedAttributeCard | None) -> str:
    return "-" if one is None or one.total_variation is None else estimate(one.total_variation)


def _lost(one: AuditedAttributeCard | None) -> str:
    if one is None or not one.lost_by:
        return "-"
    return ", ".join(map(lost_words, one.lost)) or "none"


def _brief(value: EstimateCard | float | None) -> str:
    if value is None:
        return "-"
    return estimate(value) if isinstance(value, EstimateCard) else f"{value:.1f}"


def percents(low: float, high: float) -> str:
    """`8.2-17.0`, of shares."""
    return f"{100 * low:.1f}-{100 * high:.1f}"


def estimate(card: EstimateCard) -> str:
    """`0.12 [0.08, 0.17]`"""
    return f"{card.value:.3g} [{card.low:.2g}, {card.high:.2g}]"


def _value_of(card: EstimateCard | None) -> float | None:
    return None if card is None else card.value


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _line(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, markup=False, highlight=False)
