"""Layouts of figures: small multiples, a strip beneath, a scale of shades, common axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from reports.kit.panel import AXIS, FAINT, plotly_text, style
from reports.kit.words import images

QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
STEPS = 21
RAMP: dict[str, Any] = {
    "z": [[i / (STEPS - 1) for i in range(STEPS)]],
    "x0": 0,
    "dx": 1 / (STEPS - 1),
    "y0": 0,
    "dy": 1,
}
"""The strip's values, from 0 to 1; a restyle of `z` must give them again."""


@dataclass(frozen=True)
class Grid:
    """Small figures in rows from the top, made by plotly's `make_subplots`; sizes in pixels."""

    rows: tuple[int, ...]
    """How many figures each row holds from the left; a row of none is a break between groups."""
    columns: int
    row_height: int
    gap: int
    """Between two rows, for the names and ticks of the figures."""
    margin: tuple[int, int, int, int] = (8, 12, 30, 30)
    """Left, right, top, bottom."""
    spacing: float = 0.03
    """Between two columns, as a share of the width."""

    @property
    def height(self) -> int:
        return self._inner + self.margin[2] + self.margin[3]

    @property
    def _inner(self) -> int:
        return sum(map(self._pixels, self.rows)) + self.gap * (len(self.rows) - 1)

    def figure(self, across: Mapping[str, Any] = {}, upward: Mapping[str, Any] = {}) -> go.Figure:
        """The empty figure in the page's style; settings that all x and all y axes share."""
        margin = dict(zip("lrtb", self.margin, strict=True))
        layout = style(self.height) | {"margin": margin}
        for name, axis in _axes_of(self).items():
            layout[name] = {**axis, **AXIS, **(across if name.startswith("x") else upward)}
        return go.Figure(layout=layout)

    def changes(self) -> dict[str, Any]:
        """What a figure of another grid changes to become this one: for a narrow screen."""
        domains = {f"{name}.domain": axis["domain"] for name, axis in _axes_of(self).items()}
        return {"height": self.height, **domains}

    def starts_row(self) -> list[bool]:
        """Of each figure, whether it is the first of its row."""
        return [column == 0 for count in self.rows for column in range(count)]

    @property
    def row_shares(self) -> list[float]:
        """Heights of the rows as shares of the height inside the margins."""
        return [self._pixels(count) / self._inner for count in self.rows]

    @property
    def gap_share(self) -> float:
        """The gap between two rows as such a share."""
        return self.gap / self._inner if len(self.rows) > 1 else 0

    def _pixels(self, count: int) -> int:
        return self.row_height if count else 1


@cache
def _axes_of(grid: Grid) -> dict[str, dict[str, Any]]:
    """The anchor and the domain of each axis; kept, since it takes 50 ms for nine figures."""
    figure = make_subplots(
        rows=len(grid.rows),
        cols=grid.columns,
        specs=[[{}] * count + [None] * (grid.columns - count) for count in grid.rows],
        row_heights=grid.row_shares,
        vertical_spacing=grid.gap_share,
        horizontal_spacing=grid.spacing,
        figure=go.Figure(layout={"template": None}),
    )
    layout = figure.layout.to_plotly_json()
    return {name: layout[name] for name in layout if name.startswith(("xaxis", "yaxis"))}


def rows_of(count: int, columns: int) -> tuple[int, ...]:
    """The figures of each row, for `count` figures in full rows and a rest: (4, 4, 2)."""
    full, rest = divmod(count, columns)
    return (columns,) * full + ((rest,) if rest else ())


def axes_of_place(index: int) -> dict[str, str]:
    """The axes of a trace in the figure at this index of a grid."""
    suffix = suffix_of(index)
    return {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}


def suffix_of(index: int) -> str:
    return "" if index == 0 else str(index + 1)


def name_above(index: int, text: str, **changes: Any) -> dict[str, Any]:
    """An annotation over the left end of the figure at this index; `text` may hold markup."""
    suffix = suffix_of(index)
    return {
        "xref": f"x{suffix} domain", "yref": f"y{suffix} domain", "x": 0, "y": 1, "text": text,
        "showarrow": False, "xanchor": "left", "yanchor": "bottom", "font": {"size": 12.5},
    } | changes  # fmt: skip


def heading(family: str) -> str:
    """The name of a family of settings, as labels of figures write it above its settings."""
    return f"<b>{plotly_text(family).upper()}</b>"


def add_beneath(figure: go.Figure, share: float, gap: float, **axis: Any) -> None:
    """Make room for a strip below, on the axis y2: `share` of the height, over the same x."""
    figure.update_layout(
        yaxis_domain=[share + gap, 1],
        yaxis2=AXIS | {"domain": [0, share], "fixedrange": True, "anchor": "x"} | axis,
    )


def images_axis(figure: go.Figure, budget: float, reach: float = 1.01, **changes: Any) -> None:
    """An axis of images seen up to the budget, labelled at its quarters."""
    ticks = [share * budget for share in QUARTERS]
    title = {"text": "images seen", "font": {"size": 13}, "standoff": 4}
    figure.update_xaxes(
        {
            "range": [0, budget * reach], "tickvals": ticks, "ticktext": list(map(images, ticks)),
            "title": title,
        } | changes
    )  # fmt: skip


def lanes_axis(figure: go.Figure, names: Sequence[str], **changes: Any) -> None:
    """An axis of lanes at 0, 1, 2, ... from the top, each with its name; names may hold markup."""
    figure.update_yaxes(
        {
            "range": [len(names) - 0.5, -0.5], "tickvals": list(range(len(names))),
            "ticktext": list(names), "showgrid": False,
        } | changes
    )  # fmt: skip


def share_axis(figure: go.Figure, end: float, title: str, start: float = -0.02) -> None:
    """An axis of shares from 0 to 100%, with room for words up to `end`."""
    figure.update_xaxes(
        range=[start, end], tickformat=".0%", tickvals=list(QUARTERS), gridcolor=FAINT,
        title={"text": plotly_text(title), "font": {"size": 12}, "standoff": 6},
    )  # fmt: skip


def narrow_shares(end: float) -> dict[str, Any]:
    """Changes of `share_axis` on a narrow screen, where words need more of it."""
    return {"xaxis.range": [-0.02, end], "xaxis.tickvals": [0, 0.5, 1]}


def add_strip(
    figure: go.Figure,
    shades: list[list[Any]],
    labels: Sequence[str],
    words: str,
    *,
    visible: bool = True,
) -> None:
    """A colour scale above, on axes x2 and y2: `labels` evenly along it, `words` after it."""
    figure.add_trace(
        go.Heatmap(
            **RAMP, xaxis="x2", yaxis="y2", zmin=0, zmax=1, colorscale=shades, showscale=False,
            hoverinfo="skip", visible=visible, meta={"role": "scale"},
        )
    )  # fmt: skip
    bare = {"showgrid": False, "zeroline": False, "ticks": "", "fixedrange": True, "tickangle": 0}
    places = [i / (len(labels) - 1) for i in range(len(labels))]
    figure.update_layout(
        yaxis_domain=[0, 0.9 if visible else 1],
        xaxis2=bare | {"domain": [0, 0.26], "anchor": "y2", "tickvals": places,
                       "ticktext": list(labels), "visible": visible},
        yaxis2=bare | {"domain": [0.965, 0.99], "anchor": "x2", "side": "right", "tickvals": [0],
                       "ticktext": [f" {words}"], "visible": visible},
    )  # fmt: skip


def narrow_strip(words: str) -> dict[str, Any]:
    """Changes of the layout on a narrow screen."""
    return {"xaxis2.domain": [0, 0.33], "yaxis2.ticktext": [f" {words}"]}
