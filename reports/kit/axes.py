"""Positions of parameter values on an axis: logarithms, numbers, or one slot per choice; and the
axis of quality, with the distance that each quality stands for.

Everything is drawn on linear axes (a log parameter at its log10), so that cells, marks and labels
of any two parameters share one arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.record import ParameterCard
from lab.record.scale import Scale
from reports.kit.panel import Brush, plotly_text
from reports.kit.words import MISSING, fixed, number, short_name

Array = NDArray[np.float64]
TURNS = {"x": 0.6180339887, "y": 0.7548776662}
"""Inverses of the golden ratio and of the plastic number, whose multiples spread evenly."""
JITTER = 0.3
"""Half-width of the spread of marks that share a choice, in slots."""


@dataclass(frozen=True)
class Axis:
    """One parameter as an axis; `edges` are the range of the space in positions."""

    parameter: ParameterCard
    edges: tuple[float, float]
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    slots: tuple[Any, ...] = ()

    @property
    def title(self) -> str:
        return short_name(self.parameter.path)

    def positions(self, values: Sequence[Any]) -> Array:
        """Where values lie; NaN for a value that is absent or not a number."""
        if self.slots:
            position_of = {_key(slot): float(i) for i, slot in enumerate(self.slots)}
            return np.array(
                [position_of.get(_key(value), math.nan) for value in values], dtype=float
            )
        numbers = np.array([_number(value) for value in values], dtype=float)
        if not self.parameter.log:
            return numbers
        positive = np.where(numbers > 0, numbers, np.nan)
        return np.asarray(np.log10(positive), dtype=float)

    def bins(self, most: int) -> Array:
        """Edges of coarse bins: equal parts of the range, or one bin per slot."""
        if self.slots:
            return np.arange(len(self.slots) + 1, dtype=float) - 0.5
        return np.linspace(*self.edges, most + 1)

    @property
    def brush(self) -> Brush:
        """What a drag along this axis selects."""
        if self.slots:
            return Brush(self.parameter.path, "slots", self.slots)
        return Brush(self.parameter.path, "log10" if self.parameter.log else "linear")

    def spans(self, low: Iterable[float], high: Iterable[float]) -> list[str]:
        """Bins as text, by their edges in positions."""
        return [self._span(*edges) for edges in zip(low, high, strict=True)]

    def layout(self) -> dict[str, Any]:
        """The settings of a Plotly axis, without its name."""
        low, high = self.edges
        pad = 0.0 if self.slots else 0.03 * (high - low)
        return {
            "range": [low - pad, high + pad],
            "tickmode": "array",
            "tickvals": list(self.ticks),
            "ticktext": [plotly_text(label) for label in self.labels],
            "tickangle": None if self.slots else 0,
            "title.text": plotly_text(self.title),
        }

    def _span(self, low: float, high: float) -> str:
        if self.slots:
            return str(self.slots[round((low + high) / 2)])
        ends = (10.0**low, 10.0**high) if self.parameter.log else (float(low), float(high))
        return " to ".join(number(float(f"{end:.6g}")) for end in ends)


@dataclass(frozen=True)
class Ruler:
    """Quality u beside the kernel distance that it stands for."""

    scale: Scale
    column: str
    """The distance's column: `kid_fashion`."""

    @property
    def name(self) -> str:
        """The distance's name in a label: `kid`; a person's own stays whole."""
        kind = self.column.partition("_")[0]
        return kind if kind == "kid" else self.column

    def distance(self, quality: float) -> str:
        """The distance of a quality in two digits: `0.038`."""
        if not math.isfinite(quality):
            return MISSING
        return number(self.scale.distance(min(1.0, max(0.0, quality))), 2)


def quality_words(quality: float, ruler: Ruler | None, sign: str = " = ") -> str:
    """`0.50 = kid 0.038`; the quality alone where its distance is unknown."""
    beside = "" if ruler is None or not math.isfinite(quality) else distance_words(quality, ruler)
    return f"{fixed(quality)}{sign}{beside}" if beside else fixed(quality)


def distance_words(quality: float, ruler: Ruler) -> str:
    """`kid 0.038`, the distance that a quality stands for."""
    return f"{ruler.name} {ruler.distance(quality)}"


def quality_title(ruler: Ruler | None, title: str = "quality u") -> str:
    """The title of an axis of quality: `quality u · kid_fashion`."""
    return title if ruler is None else f"{title} · {ruler.column}"


def quality_ticks(
    ruler: Ruler | None, low: float = 0.0, high: float = 1.0
) -> tuple[list[float], list[str]] | None:
    """Ticks of an axis of quality from `low` to `high` and their labels, `0.4 · 0.064`.

    None where the distance is unknown: then the axis has Plotly's own ticks.
    """
    if ruler is None or not low < high:
        return None
    step = _nice_step(high - low)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = [float(f"{step * i:.6g}") for i in range(first, last + 1) if 0 <= step * i <= 1 + 1e-9]
    return ticks, [f"{number(tick)} · {ruler.distance(tick)}" for tick in ticks]


def axis_for(parameter: ParameterCard, values: Sequence[Any]) -> Axis:
    """The axis of a parameter, wide enough for values outside the space's range (known points)."""
    if not parameter.is_numeric:
        slots = _slots(parameter.choices, values)
        return _slot_axis(parameter, slots)
    if parameter.kind == "int" and not parameter.log and _span(parameter) <= 8:
        low, high = round(parameter.low or 0), round(parameter.high or 0)
        return _slot_axis(parameter, _slots(tuple(range(low, high + 1)), values))
    return _numeric_axis(parameter, values)


def spread(trials: Sequence[int], axis: Axis, turn: float) -> Array:
    """A small fixed offset per trial, so that marks on one slot do not hide each other."""
    return JITTER * weyl(trials, turn) if axis.slots else np.zeros(len(trials))


def weyl(trials: Sequence[int] | Array, turn: float = TURNS["x"]) -> Array:
    """A number from -1 to 1 of each trial: multiples of an irrational fill the range evenly."""
    return 2 * (np.asarray(trials, dtype=float) * turn % 1.0) - 1


def _numeric_axis(parameter: ParameterCard, values: Sequence[Any]) -> Axis:
    numbers = [_number(value) for value in values] + [_number(parameter.low)]
    numbers = [value for value in [*numbers, _number(parameter.high)] if math.isfinite(value)]
    if parameter.log:
        numbers = [value for value in numbers if value > 0]
    low, high = (min(numbers), max(numbers)) if numbers else (0.1, 1.0)
    if low == high:
        low, high = (low / 2, high * 2) if parameter.log else (low - 0.5, high + 0.5)
    if parameter.log:
        edges = (math.log10(low), math.log10(high))
        ticks, labels = _log_ticks(*edges)
        return Axis(parameter, edges, ticks, labels)
    step = _nice_step(high - low)
    count = math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9) + 1
    ticks = tuple(step * (math.ceil(low / step - 1e-9) + i) for i in range(count))
    return Axis(parameter, (low, high), ticks, tuple(number(float(f"{t:.6g}")) for t in ticks))


def _slot_axis(parameter: ParameterCard, slots: tuple[Any, ...]) -> Axis:
    ticks = tuple(float(i) for i in range(len(slots)))
    return Axis(parameter, (-0.5, len(slots) - 0.5), ticks, tuple(map(str, slots)), slots)


def _slots(choices: tuple[Any, ...], values: Sequence[Any]) -> tuple[Any, ...]:
    seen = {_key(choice) for choice in choices}
    extra = {_key(value): value for value in values if value is not None}
    return choices + tuple(value for key, value in extra.items() if key not in seen)


def _log_ticks(low: float, high: float) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Ticks at 1, 2 and 5 of each decade; all labelled on a short axis."""
    ticks, labels = [], []
    for decade in range(math.floor(low), math.ceil(high) + 1):
        for digit in (1, 2, 5):
            tick = decade + math.log10(digit)
            if low - 1e-9 <= tick <= high + 1e-9:
                ticks.append(tick)
                is_labelled = digit == 1 or high - low < 1.6
                labels.append(number(digit * 10.0**decade) if is_labelled else "")
    return tuple(ticks), tuple(labels)


def _nice_step(span: float) -> float:
    """1, 2 or 5 times a power of ten, about a fifth of the span."""
    power = 10.0 ** math.floor(math.log10(span / 5))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= span / 6)


def _span(parameter: ParameterCard) -> float:
    return _number(parameter.high) - _number(parameter.low)


def _number(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return math.nan


def _key(value: Any) -> str:
    """Values of a choice compared as written: True is not 1, 64 is 64.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
