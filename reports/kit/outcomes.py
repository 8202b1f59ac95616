"""How each outcome of the record's vocabulary is drawn: its order, colour, shape and meaning."""

from __future__ import annotations

from typing import Any

import pandas as pd

from lab.record.verdicts import UNFINISHED, VERDICTS, OutcomeStyle, OutcomeWord
from reports.kit.markup import Html

_WORDS: dict[str, OutcomeWord] = {word.name: word for word in (*VERDICTS, *UNFINISHED)}
_UNKNOWN = OutcomeStyle("#8A8A8A", "hexagon2", "solid", "M8 1l6 3.5v7L8 15l-6-3.5v-7z")

OUTCOMES = tuple(_WORDS)
VERDICT_NAMES = tuple(word.name for word in VERDICTS)
NO_FAILURES = tuple(word.name for word in VERDICTS if not word.fails)
"""Verdicts of runs in which the game did not fail: stable, and those that the budget ended early.
A verdict that only newer versions have counts as a failure."""

DARK_TEXT, LIGHT_TEXT = "#0d1216", "#ffffff"
_DARK_FILL = 0.18
"""Relative luminance (WCAG 2.2) below which light text has more contrast than dark text."""


def look(outcome: str) -> OutcomeStyle:
    """The style of an outcome; grey for one that only newer versions have."""
    return _WORDS[outcome].style if outcome in _WORDS else _UNKNOWN


def meaning(outcome: str) -> str:
    """What an outcome means; empty for one that only newer versions have."""
    return _WORDS[outcome].meaning if outcome in _WORDS else ""


def in_order(outcomes: set[str]) -> list[str]:
    """Outcomes in the order of the vocabulary, unknown ones last."""
    ordered = [outcome for outcome in OUTCOMES if outcome in outcomes]
    return ordered + sorted(outcomes - set(ordered))


def text_on(outcome: str) -> str:
    """The colour of text on a fill of the outcome's colour, whichever has more contrast."""
    channels = [int(look(outcome).colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return LIGHT_TEXT if luminance < _DARK_FILL else DARK_TEXT


def counts_in_order(outcomes: pd.Series[Any]) -> dict[str, int]:
    """The number of runs of each outcome, in the order of the vocabulary: the key of a figure."""
    counts = outcomes.value_counts()
    return {outcome: int(counts[outcome]) for outcome in in_order(set(counts.index))}


def glyph(outcome: str) -> Html:
    """The outcome's shape in its colour, as inline SVG."""
    style = look(outcome)
    return Html(
        '<svg class="glyph" viewBox="0 0 16 16" aria-hidden="true">'
        f'<path fill="{style.colour}" fill-rule="evenodd" d="{style.path}"/></svg>'
    )
