"""A curve of a run with its onset, as an SVG that is readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from lab.record.verdicts import OutcomeStyle

WIDTH, HEIGHT = 520, 220
LEFT, RIGHT, TOP, BOTTOM = 60, 12, 30, 44
GREY, BLUE = "#808080", "#3a86c8"
"""Both have a contrast of about 4 to white and to the dark page."""
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Curve:
    """What is drawn: one column of a run's evaluations, and where its failure began."""

    title: str
    """For readers who cannot see the picture."""
    label: str
    """Of the vertical axis."""
    kimg: Sequence[float]
    values: Sequence[float]
    onset_kimg: float | None
    style: OutcomeStyle
    is_log: bool = True
    levels: Mapping[str, float] = field(default_factory=dict)
    """Horizontal lines with their names, say of a target."""


@dataclass(frozen=True)
class Axis:
    """From values to pixels."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def at(self, value: float) -> float:
        """The pixel of a value."""
        low, high, value = (self._scaled(x) for x in (self.low, self.high, value))
        return self.start + (self.end - self.start) * (value - low) / (high - low)

    def ticks(self, most: int) -> list[float]:
        """At most so many round values between the ends."""
        if self.is_log and self.high > 10 * self.low:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            choices = [
                [step * 10.0**decade for decade in decades[::every] for step in steps]
                for every, steps in ((1, STEPS), (1, (1, 3)), (1, (1,)), (2, (1,)), (4, (1,)))
            ]
        else:
            size = 10.0 ** math.floor(math.log10((self.high - self.low) / most))
            choices = [
                [i * step for i in range(math.ceil(self.low / step), int(self.high / step) + 1)]
                for step in (size * factor for factor in (*STEPS, 10))
            ]
        inside = [[x for x in ticks if self.low <= x <= self.high] for ticks in choices]
        return next((ticks for ticks in inside if len(ticks) <= most), inside[-1])

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.is_log else value


def draw(curve: Curve) -> str:
    """The picture."""
    points = [(x, y) for x, y in zip(curve.kimg, curve.values, strict=True) if math.isfinite(y)]
    heights = [*(y for _, y in points), *curve.levels.values()]
    low, high = min(heights), max(heights)
    margin = (high / low) ** 0.08 if curve.is_log else (high - low) * 0.08
    ends = (low / margin, high * margin) if curve.is_log else (low - margin, high + margin)
    x = Axis(min(curve.kimg), max(curve.kimg), LEFT, WIDTH - RIGHT)
    y = Axis(*ends, HEIGHT - BOTTOM, TOP, curve.is_log)
    pixels = [(x.at(a), y.at(b)) for a, b in points]
    body = [
        *_grid(x, y),
        *_levels(curve, y),
        f'<polyline points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in pixels)}" fill="none" '
        f'stroke="{BLUE}" stroke-width="2" stroke-linejoin="round"/>',
        *(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.5" fill="{BLUE}"/>' for a, b in pixels),
        *_onset(curve, x, y, points),
        _text(LEFT, 16, curve.label, "start"),
        _text(WIDTH - RIGHT, HEIGHT - 6, "images seen, kimg", "end"),
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'font-family="system-ui, sans-serif" font-size="14" fill="{GREY}">',
            f"<title>{escape(curve.title)}</title>",
            *body,
            "</svg>\n",
        ]
    )


def _grid(x: Axis, y: Axis) -> list[str]:
    lines = []
    for value in y.ticks(5):
        at = y.at(value)
        lines.append(_line(LEFT, at, WIDTH - RIGHT, at, 'stroke-opacity=".25"'))
        lines.append(_text(LEFT - 8, at + 4, _number(value), "end"))
    for value in x.ticks(6):
        at = x.at(value)
        lines.append(_line(at, HEIGHT - BOTTOM, at, HEIGHT - BOTTOM + 5))
        lines.append(_text(at, HEIGHT - BOTTOM + 18, f"{value:,g}", "middle"))
    return [*lines, _line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM)]


def _levels(curve: Curve, y: Axis) -> list[str]:
    lines = []
    for name, value in curve.levels.items():
        at = y.at(value)
        lines.append(_line(LEFT, at, WIDTH - RIGHT, at, 'stroke-dasharray="2 4"'))
        lines.append(_text(WIDTH - RIGHT - 8, at - 5, name, "end"))
    return lines


def _onset(curve: Curve, x: Axis, y: Axis, points: Sequence[tuple[float, float]]) -> list[str]:
    onset = curve.onset_kimg
    if onset is None:
        return []
    at = x.at(onset)
    after = [point for point in points if point[0] >= onset] or [points[-1]]
    to, height = x.at(after[0][0]), y.at(after[0][1])
    return [
        _line(at, TOP, at, HEIGHT - BOTTOM, 'stroke-dasharray="5 4"'),
        _text(WIDTH - RIGHT, 16, f"onset {onset:,g} kimg", "end"),
        f'<path transform="translate({to - 8:.1f} {height - 8:.1f})" d="{curve.style.path}" '
        f'fill="{curve.style.colour}" stroke="{GREY}" stroke-width=".75"/>',
    ]


def _line(x1: float, y1: float, x2: float, y2: float, more: str = "") -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{GREY}" {more}/>'
    )


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _number(value: float) -> str:
    return f"{value:,g}" if 1e-3 <= abs(value) < 1e5 or value == 0 else f"{value:.0e}"
