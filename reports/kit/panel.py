"""A figure for the page: a Plotly figure in the page's style, its pickers, and a note beneath.

Colours of text and lines are set by page.css, so that light, dark and print need no redrawing;
only the marks of the verdicts carry colours of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reports.kit.markup import Html, element, joined, json_bytes, packed_block
from reports.kit.outcomes import glyph

INK = "#808080"
"""A grey that is readable on light and dark where no style sheet reaches (exported pictures)."""
FAINT = "rgba(128,128,128,0.22)"
BLUE, ORANGE = "#0072B2", "#D55E00"
"""Colours of everything other than verdicts (Okabe and Ito 2008)."""
BLUE_SHADE = "rgba(0,114,178,0.16)"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
AXIS: dict[str, Any] = {
    "showgrid": True,
    "gridcolor": FAINT,
    "gridwidth": 1,
    "zeroline": False,
    "showline": False,
    "ticks": "",
    "ticklabelstandoff": 6,
    "automargin": True,
    "title": {"standoff": 12},
}
"""An axis in the page's style: a faint grid, no line, no ticks."""


@dataclass(frozen=True)
class Brush:
    """What a drag along an axis selects: a column of the store, and the scale of its positions."""

    column: str
    scale: Literal["linear", "log10", "slots"] = "linear"
    slots: tuple[Any, ...] = ()
    """Of a choice: the value at each whole position."""


@dataclass(frozen=True)
class Option:
    """One choice of a picker: arrays for every trace, and what changes in the layout."""

    label: str
    restyle: dict[str, Any] = field(default_factory=dict)
    relayout: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    brush: dict[str, Brush] = field(default_factory=dict)
    """Changes of what a drag selects, by axis id."""
    group: str = ""
    """The heading that it stands under in the menu, with the options beside it of this group."""


@dataclass(frozen=True)
class Picker:
    """A menu over a figure; the first option that the figure shows is `selected`."""

    label: str
    options: dict[str, Option]
    selected: str


@dataclass(frozen=True)
class Panel:
    """A figure with its name on the page; `joint` holds what depends on all pickers together."""

    identity: str
    figure: go.Figure
    description: str
    """What a reader who cannot see the figure should know."""
    outcomes: dict[str, int] = field(default_factory=dict)
    """The key: outcomes drawn and how many runs each has."""
    pickers: tuple[Picker, ...] = ()
    joint: dict[str, Option] = field(default_factory=dict)
    note: str = ""
    narrow: dict[str, Any] = field(default_factory=dict)
    """Changes of the layout on a narrow screen."""
    table: pd.DataFrame | None = None
    """The figure's rows for reading and for the CSV button, numbers unrounded."""
    marks: str = ""
    """How the selection is drawn: a name among `markers` of the page's script; empty for none."""
    brush: dict[str, Brush] = field(default_factory=dict)
    """What a drag selects, by axis id: `x`, `y`, `x2`."""
    extra: dict[str, Any] = field(default_factory=dict)
    """What the figure's own script needs."""
    title: str = ""
    """What the figure shows, where its section holds several."""


def blank(height: int, **layout: Any) -> go.Figure:
    """An empty figure in the page's style: no box, faint grid, transparent, no legend."""
    # In one piece: `update_layout` takes ten times as long as the constructor.
    return go.Figure(layout=style(height) | layout)


def style(height: int) -> dict[str, Any]:
    """The layout of `blank`."""
    return {
        "template": None,
        "height": height,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 13, "color": INK},
        "margin": {"l": 8, "r": 12, "t": 12, "b": 8},
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {"font": {"family": FONT, "size": 13}, "align": "left"},
        "xaxis": AXIS,
        "yaxis": AXIS,
    }


def words_at(
    x: Iterable[Any],
    y: Iterable[Any],
    words: Sequence[str],
    position: str = "middle right",
    **changes: Any,
) -> go.Scatter:
    """Text in the figure, at coordinates of its axes."""
    return go.Scatter(
        {
            "x": plain(x), "y": plain(y), "mode": "text", "text": list(words),
            "textposition": position, "textfont": {"size": 12}, "hoverinfo": "skip",
            "cliponaxis": False,
        } | changes
    )  # fmt: skip


def plotly_text(value: object) -> str:
    """Text for a label of Plotly, which would interpret markup in a name."""
    return str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(values: Iterable[Any], digits: int = 6) -> list[Any]:
    """Values for JSON: non-finite numbers are None (a gap), the others keep `digits` digits."""
    return [_plain(value, digits) for value in values]


def render(panel: Panel) -> Html:
    """The figure as markup: pickers, key, frame, note, table, and its data."""
    pickers = [_picker(panel.identity, i, picker) for i, picker in enumerate(panel.pickers)]
    key = [_key_entry(outcome, count) for outcome, count in panel.outcomes.items()]
    return element(
        "figure",
        element("h3", panel.title) if panel.title else None,
        element("div", *pickers, class_="pickers") if pickers else None,
        element("div", *key, class_="key", role="group", aria_label="Show or hide outcomes")
        if key
        else None,
        element(
            "div",
            element("p", "The figure is drawn by the page's script.", class_="waiting"),
            class_="frame",
            id=f"{panel.identity}-figure",
            role="group",
            aria_label=panel.description,
            style=f"min-height:{panel.figure.layout.height}px",
        ),
        element("figcaption", panel.note, class_="note", hidden=not panel.note),
        _table_place(panel) if panel.table is not None else None,
        packed_block(f"{panel.identity}-data", json_bytes(_data(panel))),
        class_="panel wide",
        data_panel=panel.identity,
        data_webgl=any(trace.type == "parcoords" for trace in panel.figure.data),
    )


def _table_place(panel: Panel) -> Html:
    """Where the script writes the figure's table when it is opened, and its CSV button."""
    button = element(
        "button", "CSV", type="button", class_="csv", data_csv=panel.identity,
        aria_label=f"Download the table of the figure {panel.identity} as CSV",
    )  # fmt: skip
    opened = element("details", element("summary", "Table"), element("div", class_="rows"))
    return element("div", opened, button, class_="figure-table")


def _data(panel: Panel) -> dict[str, Any]:
    drawn = panel.figure.to_plotly_json()
    return {
        "data": drawn["data"],
        "layout": drawn["layout"],
        "pickers": [
            {key: _option(option) for key, option in picker.options.items()}
            for picker in panel.pickers
        ],
        "joint": {key: _option(option) for key, option in panel.joint.items()},
        "note": panel.note,
        "narrow": _finite(panel.narrow),
        "table": None if panel.table is None else _columns(panel.table),
        "marks": panel.marks,
        "brush": _brushes(panel.brush),
        "extra": _finite(panel.extra),
    }


def _columns(table: pd.DataFrame) -> dict[str, list[Any]]:
    return {str(name): plain(table[name].tolist(), 12) for name in table.columns}


def _brushes(brushes: Mapping[str, Brush]) -> dict[str, Any]:
    """Slots as the store writes a choice: 0.0 is "0.0" there, and would be 0 in a script."""
    return {
        axis: asdict(brush) | {"slots": [str(slot) for slot in brush.slots]}
        for axis, brush in brushes.items()
    }


def _option(option: Option) -> dict[str, Any]:
    return {
        "restyle": _finite(option.restyle),
        "relayout": _finite(option.relayout),
        "note": option.note,
        "brush": _brushes(option.brush),
    }


def _picker(identity: str, index: int, picker: Picker) -> Html:
    groups = [
        (group, [_choice(key, option, picker.selected) for key, option in options])
        for group, options in groupby(picker.options.items(), lambda item: item[1].group)
    ]
    menu = [
        element("optgroup", *choices, label=group)
        if group and len(groups) > 1
        else joined(choices)
        for group, choices in groups
    ]
    return element(
        "label",
        element("span", picker.label),
        element("select", *menu, id=f"{identity}-picker-{index}", data_index=index),
    )


def _choice(key: str, option: Option, selected: str) -> Html:
    return element("option", option.label, value=key, selected=key == selected)


def _key_entry(outcome: str, count: int) -> Html:
    return element(
        "button",
        glyph(outcome),
        element("span", outcome),
        element("b", f"{count:,}"),
        type="button",
        aria_pressed="true",
        data_outcome=outcome,
    )


def _plain(value: Any, digits: int) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bool, int, np.integer)):
        return int(value)
    number = float(value)
    return float(f"{number:.{digits}g}") if math.isfinite(number) else None


def _finite(value: Any) -> Any:
    """Nested data with non-finite numbers as None, the way Plotly marks a gap."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return _plain(value, 6) if isinstance(value, (float, np.floating)) else value
