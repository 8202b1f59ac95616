"""Lanes of dots on their intervals: one lane per item, one line per series in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from reports.kit.panel import plain, words_at


@dataclass(frozen=True)
class Style:
    """How the dots and intervals of one series look."""

    colour: str
    symbol: str = "circle"
    size: int = 9
    width: float = 3.0
    """Of the interval's line, in pixels."""
    opacity: float = 0.45
    """Of the interval's line."""


@dataclass(frozen=True)
class LaneSeries:
    """Dots of one style: `at` are their lanes, 0 on top; `lift` separates series within a lane."""

    style: Style
    at: Sequence[float]
    intervals: pd.DataFrame
    """Three columns, one row per dot: its value, the low and the high end of its interval."""
    lift: float = 0.0
    """Above the middle of the lane, in lanes."""
    words: Sequence[str] = ()
    """Text at the right of each dot; may be empty."""
    words_at: float = 0.0
    """Where on the axis the text starts."""
    hover: Sequence[str] = ()
    trials: Sequence[int] = ()
    """The trials that dots stand for, if any: a click leads there."""


def lanes(series: LaneSeries) -> list[go.Scatter]:
    """The intervals as lines with gaps between, the dots on them, and the words."""
    heights = [lane - series.lift for lane in series.at]
    values, low, high = (series.intervals[name].tolist() for name in series.intervals)
    ends = [x for pair in zip(low, high, strict=True) for x in (*pair, None)]
    style = series.style
    is_open = style.symbol.endswith("-open")
    dots = go.Scatter(
        x=plain(values), y=heights, mode="markers",
        marker={
            "size": style.size, "color": style.colour, "symbol": style.symbol,
            "line": {"width": 1.8 if is_open else 0, "color": style.colour},
        },
        hoverinfo=None if series.hover or series.trials else "skip",
    )  # fmt: skip
    if series.hover:
        dots.update(hovertext=list(series.hover), hovertemplate="%{hovertext}<extra></extra>")
    if series.trials:
        dots.update(customdata=list(series.trials), meta={"of": "trials"})
    lines = go.Scatter(
        x=plain(ends), y=[y for height in heights for y in (height, height, None)], mode="lines",
        line={"color": style.colour, "width": style.width}, opacity=style.opacity,
        hoverinfo="skip",
    )  # fmt: skip
    at = [series.words_at] * len(series.words)
    return [lines, dots, *([words_at(at, heights, series.words)] if series.words else [])]
