"""How long runs last by critic norm, penalty and loss: a small curve per level over that of all.

Beneath each curve are the runs at risk, aligned with its axis. Levels with too few runs are named
in the note, not drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.config import value_at
from lab.record import StudyRecord
from lab.statistics import restricted_mean, survival_at, survival_interval
from reports.kit.blocks import Block, Missing
from reports.kit.layouts import Grid, axes_of_place, name_above, rows_of, suffix_of
from reports.kit.panel import INK, Panel, plotly_text, words_at
from reports.kit.words import counted, images, listed, short_name
from reports.sections.failures.survival import (
    Curves,
    curves_of,
    followed,
    risk_rows,
    step,
    survival_rows,
)
from reports.study.comparisons import CHOICES, LEAST_IN_A_LEVEL

MOST_COLUMNS, NARROW_COLUMNS = 5, 2
LEFT, HEADING, TITLE, CURVE, LINE, GAP = 80, 52, 22, 116, 17, 40
"""Pixels: left of the first curve, for the names of the risk table's lines; above the first row;
above a curve; of a curve; of a line of its table; between two rows."""
LOOKS_AT = (0.0, 0.5, 1.0)
"""Shares of the budget at which the small risk tables count."""


class LevelCell(NamedTuple):
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
                "Too few runs for a curve of each critic norm, penalty or loss: two levels of one "
                f"choice with at least {LEAST_IN_A_LEVEL} runs each are needed."
            )
        ]
    return [draw_levels(rows, levels[enough])]


def level_rows(study: StudyRecord, rows: pd.DataFrame) -> pd.DataFrame:
    """The level of every choice for each of these runs; one column per choice, the same index."""
    configs = {trial.number: trial.config for trial in study.trials}
    trials = rows["trial"].unique()
    by_trial = pd.DataFrame(
        {path: [value_at(configs.get(int(t), {}), path) for t in trials] for path in CHOICES},
        index=trials,
        dtype=object,
    )
    levels: pd.DataFrame = by_trial.loc[rows["trial"]].set_axis(rows.index)
    return levels


def draw_levels(rows: pd.DataFrame, levels: pd.DataFrame) -> Panel:
    """A row of small curves per choice, each over its own risk table, all runs in grey behind."""
    budget = float(rows["budget"].max())
    everyone = curves_of(rows, budget)
    cells = [
        LevelCell(str(path), level, chosen, curves_of(chosen, budget))
        for path in levels
        for level in _large_levels(levels[path])
        for chosen in [rows[(levels[path] == level).to_numpy()]]
    ]
    num_lines = 3 + int(rows["pruned"].any())
    counts = [len(_large_levels(levels[path])) for path in levels]
    wide = _grid(counts, min(MOST_COLUMNS, max(3, *counts)), num_lines)
    narrow = _grid(counts, NARROW_COLUMNS, num_lines)
    figure = wide.figure(*_axes(budget, num_lines))
    for number, cell in enumerate(cells):
        _add_cell(figure, cell, number, everyone, budget, num_lines)
    figure.update_layout(_only_first(wide), annotations=_headings(cells))
    return Panel(
        "survival-levels",
        figure,
        "Share of runs not broken over images seen, a small curve for each critic norm, penalty "
        "and loss, with the numbers at risk.",
        note="Blue: runs of the level"
        + (", between its two bounds" if rows["pruned"].any() else " and their 95% band")
        + f"; grey: all {len(rows):,} runs. {_left_out(levels)}",
        narrow=narrow.changes() | _only_first(narrow),
        table=_table(cells, budget),
        title="How long runs last, by choice",
    )


def _large_levels(column: pd.Series[Any]) -> list[str]:
    counts = column.dropna().astype(str).value_counts()
    return sorted(counts.index[counts >= LEAST_IN_A_LEVEL])


def _grid(counts: Sequence[int], columns: int, num_lines: int) -> Grid:
    """Rows of small curves, a break between two choices."""
    rows: tuple[int, ...] = ()
    for count in counts:
        rows += (0, *rows_of(count, columns)) if rows else rows_of(count, columns)
    spacing = (0.26 if columns < 3 else 0.14) / columns
    return Grid(rows, columns, CURVE + LINE * num_lines, GAP, (LEFT, 20, HEADING, 10), spacing)


def _only_first(grid: Grid) -> dict[str, Any]:
    """Only the first curve of a row names the lines of its risk table."""
    return {
        f"yaxis{suffix_of(index)}.showticklabels": is_first
        for index, is_first in enumerate(grid.starts_row())
    }


def _add_cell(
    figure: go.Figure,
    cell: LevelCell,
    number: int,
    everyone: Curves,
    budget: float,
    num_lines: int,
) -> None:
    axes = axes_of_place(number)
    for curve in {id(curve): curve for curve in (everyone.lower, everyone.upper)}.values():
        figure.add_trace(step(curve, curve.survival, budget, width=1.2, colour=INK).update(axes))
    for trace in cell.curves.traces:
        figure.add_trace(trace.update(axes, line_width=2.0 if trace.line.width else 0.0))
    risk = risk_rows(cell.rows, np.array(LOOKS_AT) * budget)
    at = risk["images"].tolist()
    lines = [
        list(map(images, at)),
        *([f"{n:,}" for n in risk[column]] for column in ("at_risk", "failed", "pruned")),
    ]
    for line, texts in enumerate(lines[:num_lines]):
        depths = [_depth(line)] * len(texts)
        figure.add_trace(words_at(at, depths, texts, "middle center", textfont_size=11, **axes))


def _axes(budget: float, num_lines: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of all x and of all y axes; under the curve y counts the lines of the table."""
    across = {
        "range": [0, budget * 1.02], "tickvals": [share * budget for share in LOOKS_AT],
        "showgrid": False, "showticklabels": False, "fixedrange": True,
    }  # fmt: skip
    labels = ["at risk", "failed", "pruned"][: num_lines - 1]
    upward = {
        "range": [_depth(num_lines - 0.5), 1.04],
        "tickvals": [0, 0.5, 1, *(_depth(line) for line in range(1, num_lines))],
        "ticktext": ["0%", "50%", "100%", *labels],
        "tickfont": {"size": 11}, "ticklabelstandoff": 20, "fixedrange": True, "automargin": False,
    }  # fmt: skip
    return across, upward


def _depth(line: float) -> float:
    """Where a line of the risk table stands under the curve, on its axis."""
    return -LINE * (line + 0.5) / CURVE


def _headings(cells: list[LevelCell]) -> list[dict[str, Any]]:
    """The title of each curve, and of each choice above its first."""
    headings = []
    for number, cell in enumerate(cells):
        title = f"<b>{plotly_text(cell.level)}</b>  {len(cell.rows):,}"
        headings.append(name_above(number, title, yshift=1, font={}))
        if number == 0 or cells[number - 1].group != cell.group:
            choice = f"<b>by {plotly_text(short_name(cell.group))}</b>"
            headings.append(name_above(number, choice, yshift=TITLE, xshift=8 - LEFT, font={}))
    return headings


def _left_out(levels: pd.DataFrame) -> str:
    small = []
    for path in levels:
        counts = levels[path].dropna().astype(str).value_counts()
        few = [f"{level} ({n})" for level, n in counts.items() if n < LEAST_IN_A_LEVEL]
        small += [f"{short_name(str(path))} {listed(sorted(few))}"] if few else []
    if not small:
        return "Every level is drawn."
    return f"Fewer than {counted(LEAST_IN_A_LEVEL, 'run')}, not drawn: {'; '.join(small)}."


def _table(cells: list[LevelCell], budget: float) -> pd.DataFrame:
    table_rows = []
    for cell in cells:
        low, high = _at_the_end(cell, budget)
        table_rows.append(
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
    return pd.DataFrame(table_rows)


def _at_the_end(cell: LevelCell, budget: float) -> tuple[float, float]:
    """The 95 % band at the budget; with pruned runs the band's ends at the two bounds."""
    curves = cell.curves
    low = curves.lower._replace(survival=survival_interval(curves.lower).low)
    high = curves.upper._replace(survival=survival_interval(curves.upper).high)
    return float(survival_at(low, [budget])[0]), float(survival_at(high, [budget])[0])
