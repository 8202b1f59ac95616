"""How long runs last by critic norm, penalty and loss: a small curve a level, all runs behind it.

Beneath each curve stand the runs at risk, in line with its axis. Levels with too few runs are
named, not drawn.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.record import StudyRecord, value_at
from lab.statistics import restricted_mean, survival_at, survival_interval
from reports.kit.blocks import Block, Missing
from reports.kit.panel import FAINT, INK, Panel, blank, plotly_text
from reports.kit.words import counted, images, listed, short_name
from reports.sections.failures.survival import (
    Curves,
    curves_of,
    followed,
    risk_rows,
    step,
    survival_rows,
)
from reports.sections.failures.survival_grid import BOTTOM, CURVE, LEFT, LINE, TOP, Layout, grid
from reports.study.comparisons import CHOICES, LEAST_IN_A_LEVEL

MOST_COLUMNS, NARROW_COLUMNS = 5, 2
LOOKS_AT = (0.0, 0.5, 1.0)
"""Shares of the budget at which the small risk tables count."""


class Cell(NamedTuple):
    """One level of a choice, its runs, and their curves."""

    group: str
    level: str
    rows: pd.DataFrame
    curves: Curves


def level_blocks(study: StudyRecord) -> list[Block]:
    """The small curves of every choice with two levels or more that have enough runs."""
    rows = followed(survival_rows(study))
    if rows.empty:
        return []
    levels = level_rows(study, rows)
    enough = [path for path in CHOICES if len(_large_levels(levels[path])) > 1]
    if not enough:
        return [
            Missing(
                f"Too few runs for a curve of each critic norm, penalty or loss: "
                f"{LEAST_IN_A_LEVEL} of each of two levels are needed."
            )
        ]
    return [draw_levels(rows, levels[enough])]


def level_rows(study: StudyRecord, rows: pd.DataFrame) -> pd.DataFrame:
    """The level of every choice for each of these runs; a column a choice, the same index."""
    configs = {trial.number: trial.config for trial in study.trials}
    trials = rows["trial"].unique()
    found = pd.DataFrame(
        {path: [value_at(configs.get(int(t), {}), path) for t in trials] for path in CHOICES},
        index=trials,
        dtype=object,
    )
    levels: pd.DataFrame = found.loc[rows["trial"]].set_axis(rows.index)
    return levels


def draw_levels(rows: pd.DataFrame, levels: pd.DataFrame) -> Panel:
    """A line of small curves a choice, each over its own risk table, all runs in grey behind."""
    budget = float(rows["budget"].max())
    everyone = curves_of(rows, budget)
    cells = [
        Cell(str(path), level, chosen, curves_of(chosen, budget))
        for path in levels
        for level in _large_levels(levels[path])
        for chosen in [rows[(levels[path] == level).to_numpy()]]
    ]
    num_lines = 3 + int(rows["pruned"].any())
    groups = [cell.group for cell in cells]
    most = max(len(_large_levels(levels[path])) for path in levels)
    wide = grid(groups, min(MOST_COLUMNS, max(3, most)), num_lines)
    narrow = grid(groups, NARROW_COLUMNS, num_lines)
    figure = blank(wide.height)
    figure.update_layout(margin={"l": LEFT, "r": 20, "t": TOP, "b": BOTTOM})
    for number, cell in enumerate(cells):
        _add_cell(figure, cell, number, everyone, budget, num_lines)
    figure.update_layout(_placed(wide))
    figure.update_layout(annotations=_annotations(cells, wide))
    return Panel(
        "survival-levels",
        figure,
        "Share of runs not broken over images seen, a small curve for each critic norm, penalty "
        "and loss, with the numbers at risk.",
        note="Blue: runs of the level"
        + (", between its two bounds" if rows["pruned"].any() else " and their 95% band")
        + f"; grey: all {len(rows):,} runs. {_left_out(levels)}",
        narrow={"height": narrow.height, **_flat(_placed(narrow)), **_moved(narrow)},
        table=_table(cells, budget),
        title="How long they last by what was chosen",
    )


def _large_levels(column: pd.Series[Any]) -> list[str]:
    counts = column.dropna().astype(str).value_counts()
    return sorted(counts.index[counts >= LEAST_IN_A_LEVEL])


def _add_cell(
    figure: go.Figure, cell: Cell, number: int, everyone: Curves, budget: float, num_lines: int
) -> None:
    name = _axis(number)
    for curve in {id(curve): curve for curve in (everyone.lower, everyone.upper)}.values():
        figure.add_trace(step(curve, curve.survival, budget, width=1.2, colour=INK, axes=name))
    for trace in cell.curves.traces:
        figure.add_trace(
            trace.update(xaxis=f"x{name}", yaxis=f"y{name}", line_width=_width(trace))
        )
    risk = risk_rows(cell.rows, np.array(LOOKS_AT) * budget)
    lines = [
        [images(at) for at in risk["images"]],
        *([f"{n:,}" for n in risk[column]] for column in ("at_risk", "failed", "pruned")),
    ]
    for line, texts in enumerate(lines[:num_lines]):
        figure.add_trace(
            go.Scatter(
                x=[float(at) for at in risk["images"]],
                y=[_depth(line)] * len(texts),
                xaxis=f"x{name}",
                yaxis=f"y{name}",
                mode="text",
                text=texts,
                textfont={"size": 11},
                hoverinfo="skip",
                cliponaxis=False,
            )
        )
    _add_axes(figure, name, budget, num_lines)


def _add_axes(figure: go.Figure, name: str, budget: float, num_lines: int) -> None:
    bare = {"zeroline": False, "showline": False, "ticks": "", "fixedrange": True}
    labels = ["at risk", "failed", "pruned"][: num_lines - 1]
    figure.update_layout(
        {
            f"xaxis{name}": {
                **bare,
                "range": [0, budget * 1.02],
                "tickvals": [share * budget for share in LOOKS_AT],
                "showgrid": False,
                "showticklabels": False,
                "anchor": f"y{name}",
            },
            f"yaxis{name}": {
                **bare,
                "range": [_depth(num_lines - 0.5), 1.04],
                "tickvals": [0, 0.5, 1, *(_depth(line) for line in range(1, num_lines))],
                "ticktext": ["0%", "50%", "100%", *labels],
                "tickfont": {"size": 11},
                "ticklabelstandoff": 20,
                "gridcolor": FAINT,
                "anchor": f"x{name}",
            },
        }
    )


def _depth(line: float) -> float:
    """Where a line of the risk table stands under the curve, on its axis."""
    return -LINE * (line + 0.5) / CURVE


def _axis(number: int) -> str:
    return "" if number == 0 else str(number + 1)


def _width(trace: go.Scatter) -> float:
    return 2.0 if trace.line.width else 0.0


def _placed(layout: Layout) -> dict[str, dict[str, Any]]:
    """The domains of all axes; only the first cell of a line names the rows of its table."""
    placed: dict[str, dict[str, Any]] = {}
    for number, place in enumerate(layout.places):
        name = _axis(number)
        placed[f"xaxis{name}"] = {"domain": [place.left, place.right]}
        placed[f"yaxis{name}"] = {
            "domain": [max(0.0, place.bottom), place.top],
            "showticklabels": place.first,
        }
    return placed


def _flat(placed: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {f"{axis}.{key}": value for axis, keys in placed.items() for key, value in keys.items()}


def _annotations(cells: list[Cell], layout: Layout) -> list[dict[str, Any]]:
    """Headings of the choices first, then the title of each cell."""
    groups = list(dict.fromkeys(cell.group for cell in cells))
    plain_text = {"showarrow": False, "xanchor": "left", "x": 0}
    headings = [
        {**plain_text, "text": f"<b>by {plotly_text(short_name(group))}</b>", "xref": "paper",
         "yref": "paper", "y": y, "yanchor": "top", "xshift": 8 - LEFT}
        for group, y in zip(groups, layout.headings, strict=True)
    ]  # fmt: skip
    titles = [
        {**plain_text, "text": f"<b>{plotly_text(cell.level)}</b>  {len(cell.rows):,}",
         "xref": f"x{_axis(number)} domain", "yref": f"y{_axis(number)} domain", "y": 1,
         "yanchor": "bottom", "yshift": 1}
        for number, cell in enumerate(cells)
    ]  # fmt: skip
    return [*headings, *titles]


def _moved(layout: Layout) -> dict[str, Any]:
    return {f"annotations[{i}].y": y for i, y in enumerate(layout.headings)}


def _left_out(levels: pd.DataFrame) -> str:
    small = []
    for path in levels:
        counts = levels[path].dropna().astype(str).value_counts()
        few = [f"{level} ({n})" for level, n in counts.items() if n < LEAST_IN_A_LEVEL]
        small += [f"{short_name(str(path))} {listed(sorted(few))}"] if few else []
    if not small:
        return "Every level is drawn."
    return f"Fewer than {counted(LEAST_IN_A_LEVEL, 'run')}, not drawn: {'; '.join(small)}."


def _table(cells: list[Cell], budget: float) -> pd.DataFrame:
    found = []
    for cell in cells:
        low, high = _at_the_end(cell, budget)
        found.append(
            {
                "Choice": short_name(cell.group),
                "Level": cell.level,
                "Runs": len(cell.rows),
                "Failed": int(cell.rows["failed"].sum()),
                "Pruned": int(cell.rows["pruned"].sum()),
                "Mean life, images, at least": restricted_mean(cell.curves.lower, budget),
                "Mean life, images, at most": restricted_mean(cell.curves.upper, budget),
                "Not broken at the budget, low": low,
                "Not broken at the budget, high": high,
            }
        )
    return pd.DataFrame(found)


def _at_the_end(cell: Cell, budget: float) -> tuple[float, float]:
    """The 95 % band at the budget; with pruned runs the band's ends at the two bounds."""
    curves = cell.curves
    low = curves.lower._replace(survival=survival_interval(curves.lower).low)
    high = curves.upper._replace(survival=survival_interval(curves.upper).high)
    return float(survival_at(low, [budget])[0]), float(survival_at(high, [budget])[0])
