"""The safe zone: which settings train stably, over any two parameters.

Shaded cells estimate P(stable) from Sobol runs alone, by the lower bound of its interval. Marks
are explore runs: filled ones are unbiased, chosen before any result (known points, Sobol); hollow
ones were chosen by the optimizer, which returns to good regions, so their density means nothing.
In a large study each cell carries its most frequent failure instead of a mark a run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.record import ParameterCard, StudyRecord
from reports.kit.axes import TURNS, Axis, spread
from reports.kit.blocks import Block, Missing
from reports.kit.families import family_of
from reports.kit.layouts import RAMP, add_strip, narrow_strip
from reports.kit.outcomes import NO_FAILURES, OUTCOMES, VERDICT_NAMES, in_order, look
from reports.kit.panel import Option, Panel, Picker, blank, plain
from reports.kit.words import counted, short_name
from reports.sections.zone.cells import (
    LEAST_IN_A_CELL,
    SHADES,
    blank_cells,
    counts_in_corners,
    hatching,
    shades,
)
from reports.sections.zone.rows import (
    Map,
    cells_of_pairs,
    map_of,
    safe_zone_rows,
    zone_note,
    zone_table,
)
from reports.study.conclusions import leader_word
from reports.study.scale import LEAST_TRIALS, MOST_MARKS, is_small
from reports.study.tables import finished, parameters_of, run_table

RATES = ("optimizer.generator.lr", "optimizer.critic.lr")
LARGEST_GLYPH = 17
MOST_LABELLED = 400
"""Marks beyond which they would hide the counts of the cells; pointing at a cell shows them."""


def safe_zone_blocks(study: StudyRecord) -> list[Block]:
    """The map, or why there is none."""
    if not study.runs:
        return [Missing("No run yet.")]
    parameters = parameters_of(study)
    if not parameters:
        return [Missing("This study samples no parameter, so there is no map.")]
    if is_small(study):
        num_judged = finished(run_table(study))["trial"].nunique()
        return [
            Missing(
                f"Too few runs: {counted(num_judged, 'trial')} with a verdict; a map of the space "
                f"is drawn from {LEAST_TRIALS} on."
            )
        ]
    return [draw_safe_zone(safe_zone_rows(study), parameters, leader_word(study))]


def draw_safe_zone(
    rows: pd.DataFrame,
    parameters: list[ParameterCard],
    leader: str = "best run",
    most_marks: int = MOST_MARKS,
) -> Panel:
    """The map with a picker for either axis; the default is the two rates."""
    drawn = map_of(rows, parameters, most_marks)
    across, upward = _default_axes(drawn)
    pairs = cells_of_pairs(drawn)
    figure = _stage(any(not cells.empty for cells in pairs.values()))
    parts = _groups(drawn)
    for outcome, unbiased, part in parts:
        figure.add_trace(_glyphs(outcome) if drawn.binned else _marks(outcome, unbiased, part))
    figure.add_trace(_best_mark(leader))
    frames = [part for _, _, part in parts] + [drawn.rows[drawn.rows["best"]]]
    options = [
        {path: _option(drawn, frames, path, letter) for path in drawn.axes} for letter in "xy"
    ]
    joint = {f"{x}|{y}": _joint(drawn, parts, cells, x, y) for (x, y), cells in pairs.items()}
    chosen = joint[f"{across}|{upward}"]
    _choose(figure, options[0][across], options[1][upward], chosen)
    return Panel(
        "safe-zone",
        figure,
        f"Map of runs over {short_name(across)} and {short_name(upward)}: cells shaded by the "
        "lower bound of the share stable, runs marked by how they ended.",
        {o: int((drawn.rows["outcome"] == o).sum()) for o in in_order({it for it, *_ in parts})},
        (Picker("Across", options[0], across), Picker("Upward", options[1], upward)),
        joint,
        chosen.note,
        narrow=narrow_strip(_scale_words("<br> ")),
        table=zone_table(drawn, pairs),
        marks="cells" if drawn.binned or drawn.num_left_out else "points",
        brush={"x": drawn.axes[across].brush, "y": drawn.axes[upward].brush},
    )


def _stage(with_scale: bool) -> go.Figure:
    """The empty map: cells, and above them the scale of their shade."""
    figure = blank(580)
    figure.add_trace(blank_cells())
    labels = ["0%", "50%", "100%"]
    add_strip(figure, SHADES, labels, _scale_words(" · "), visible=with_scale)
    return figure


def _scale_words(between: str) -> str:
    return f"lower 95% bound of P(stable){between}hatched: fewer than {LEAST_IN_A_CELL} runs"


def _default_axes(drawn: Map) -> tuple[str, str]:
    """Parameters that every run has before branches, rates first, numbers before choices."""

    def order(path: str) -> tuple[bool, bool, bool]:
        numeric = drawn.axes[path].parameter.is_numeric
        return drawn.absent[path] > 0, path not in RATES, not numeric

    paths = sorted(drawn.axes, key=order)
    return paths[0], paths[min(1, len(paths) - 1)]


def _groups(drawn: Map) -> list[tuple[str, bool, pd.DataFrame]]:
    """Rows by outcome, those that the optimizer chose first so that the unbiased ones lie on top.

    A binned map marks failures alone, each cause once.
    """
    rows, groups = drawn.rows, []
    outcomes = in_order(set(rows["outcome"]))
    if drawn.binned:
        causes = [
            outcome for outcome in outcomes if outcome in VERDICT_NAMES or outcome not in OUTCOMES
        ]
        return [(cause, True, rows[:0]) for cause in causes if cause not in NO_FAILURES]
    for unbiased in (False, True):
        for outcome in outcomes:
            group = rows[(rows["outcome"] == outcome) & (rows["unbiased"] == unbiased)]
            if not group.empty:
                groups.append((outcome, unbiased, group))
    return groups


def _marks(outcome: str, unbiased: bool, group: pd.DataFrame) -> go.Scatter:
    shape = look(outcome)
    hollow = not unbiased and not shape.symbol.endswith("-open")
    few = len(group) < 150
    return go.Scatter(
        mode="markers",
        marker={
            "symbol": shape.symbol + ("-open" if hollow else ""),
            "color": shape.colour,
            "size": (11 if few else 7) - (2 if hollow else 0),
            "opacity": 0.9 if few else 0.75 if unbiased else 0.45,
            "line": {"width": 1.6 if hollow else 0, "color": shape.colour},
        },
        customdata=group.index.tolist(),
        meta={"of": "runs", "outcome": outcome},
    )


def _glyphs(cause: str) -> go.Scatter:
    """One mark in every cell with this most frequent failure; the pair sets position and size."""
    shape = look(cause)
    return go.Scatter(
        mode="markers",
        marker={"symbol": shape.symbol, "color": shape.colour, "line": {"width": 0}},
        hoverinfo="skip",
        meta={"of": "cells", "outcome": cause},
    )


def _best_mark(leader: str) -> go.Scatter:
    return go.Scatter(
        mode="markers+text",
        text=[leader],
        cliponaxis=False,
        textfont={"size": 13, "weight": 600},
        marker={"symbol": "circle-open", "size": 22, "color": "#808080", "line": {"width": 2}},
        hoverinfo="skip",
        meta={"role": "best"},
    )


def _option(drawn: Map, parts: list[pd.DataFrame], path: str, letter: str) -> Option:
    """A parameter on one axis: where the marks lie, the axis, and what a drag along it selects."""
    axis = drawn.axes[path]
    layout = {f"{letter}axis.{key}": value for key, value in axis.layout().items()}
    brush = {letter: axis.brush}
    if drawn.binned:
        return Option(axis.title, {}, layout, brush=brush, group=family_of(path))
    values: list[Any] = [None, None]
    for part in parts:
        position = drawn.positions[path].loc[part.index].to_numpy()
        values.append(plain(position + spread(part["trial"].tolist(), axis, TURNS[letter]), 4))
    restyle: dict[str, Any] = {letter: values}
    if letter == "x":
        restyle["textposition"] = [None] * (len(values) - 1) + [_label_side(values[-1], axis)]
    return Option(axis.title, restyle, layout, brush=brush, group=family_of(path))


def _label_side(best: list[Any], axis: Axis) -> str:
    """Where the best run's label has room: to the left of a mark near the right edge."""
    low, high = axis.edges
    near_edge = any(x is not None and (x - low) > 0.8 * (high - low) for x in best)
    return "top left" if near_edge else "top center"


def _joint(drawn: Map, parts: list[Any], cells: pd.DataFrame, across: str, upward: str) -> Option:
    """Cells, what lies on them, and the note of one pair of parameters."""
    others = [None] * (len(parts) + 1)
    restyle: dict[str, Any] = {
        key: [value, RAMP.get(key), *others] for key, value in shades(cells).items()
    }
    if drawn.binned:
        restyle |= _glyph_positions(drawn, parts, cells, across, upward)
    labels = counts_in_corners(cells) if len(drawn.rows) <= MOST_LABELLED else []
    relayout = {"shapes": hatching(cells), "annotations": labels}
    return Option("", restyle, relayout, zone_note(drawn, cells, across, upward))


def _glyph_positions(
    drawn: Map, parts: list[Any], cells: pd.DataFrame, across: str, upward: str
) -> dict[str, Any]:
    """Centres and sizes of the marks in cells: the area is the share of its runs that failed."""
    x: list[Any] = [None, None]
    y, sizes = x.copy(), x.copy()
    columns = {name: cells[name].to_numpy() for name in cells}
    middle_x, middle_y = (columns["x0"] + columns["x1"]) / 2, (columns["y0"] + columns["y1"]) / 2
    failing = columns["failures"] / np.maximum(columns["total"], 1)
    size = LARGEST_GLYPH * np.sqrt(failing.astype(float))
    for cause, _, _ in parts:
        marked = (columns["cause"] == cause) & ~columns["little"].astype(bool)
        x.append(plain(middle_x[marked], 4))
        y.append(plain(middle_y[marked], 4))
        sizes.append(plain(size[marked], 3))
    best = drawn.positions[drawn.rows["best"]]
    x.append(plain(best[across], 4))
    y.append(plain(best[upward], 4))
    side = _label_side(x[-1], drawn.axes[across])
    return {
        "x": x, "y": y, "marker.size": [*sizes, 22],
        "textposition": [None] * (len(x) - 1) + [side],
    }  # fmt: skip


def _choose(figure: go.Figure, *options: Option) -> None:
    """Draw the figure as the page's script does when these options are picked."""
    for option in options:
        for key, values in option.restyle.items():
            for trace, value in zip(figure.data, values, strict=True):
                if value is not None:
                    trace.update({key.replace(".", "_"): value})
        figure.update_layout(
            {key.replace(".", "_"): value for key, value in option.relayout.items()}
        )
