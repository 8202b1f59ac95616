"""All parameters at once: parallel coordinates, a line for each outcome of a trial.

Race and confirm runs repeat a trial, so one line per run would cover the space with the raced
trials; one line per trial would hide that one of its seeds failed. Hence one line for each outcome
of a trial, for its explore run where that had the outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from lab.record import ParameterCard, StudyRecord
from reports.kit.axes import Axis, Ruler, axis_for, quality_ticks, spread
from reports.kit.blocks import Block, Missing
from reports.kit.families import with_headings
from reports.kit.layouts import heading
from reports.kit.outcomes import in_order, look
from reports.kit.panel import Panel, blank, plain, plotly_text
from reports.kit.words import counted, shortened
from reports.sections.parameters.trial_table import table_block
from reports.study.tables import parameters_of, ruler_of, run_table, trial_table

MOST_LINES = 1_500
FEW_LINES = 200
SEED = 0
NUM_STOPS = 60
"""Unlabelled ticks of an axis: a brush snaps to ticks, so these let it end anywhere."""
GREY = "#8A8A8A"
LETTER_PIXELS = 6
NARROW_WIDTH = 940
"""Pixels on a narrow screen, where the figure scrolls: axes need room for their labels."""
AXIS_PIXELS = 92
"""Between two axes of a figure that scrolls."""
MOST_WITHOUT_SCROLLING = 14
MEASURED = ("quality", "score")
IDENTITY = "parallel"


def parameter_blocks(study: StudyRecord) -> list[Block]:
    """Parallel coordinates of the space, then the table of all runs."""
    if not study.runs:
        return [Missing("No run has started yet.")]
    parameters = parameters_of(study)
    if not parameters:
        reason = "This study samples no parameters, so there are no axes to draw."
        return [Missing(reason), table_block(study)]
    rows = parallel_rows(study)
    return [draw_parallel(rows, parameters, ruler_of(study)), table_block(study)]


@dataclass(frozen=True)
class TrialLines:
    """The lines drawn, one per row of `rows`, and how many there are in all."""

    rows: pd.DataFrame
    num_all: int


def parallel_rows(study: StudyRecord, most: int = MOST_LINES) -> TrialLines:
    """One row per line: run (its index), trial, outcome, score, quality and every parameter.

    At most `most` lines, sampled by `stratified` with a fixed seed.
    """
    runs = run_table(study)
    table = pd.DataFrame(
        {
            "run": runs.index.to_numpy(),
            "trial": runs["trial"].to_numpy(),
            "outcome": runs["outcome"].to_numpy(),
            "score": runs["score"].to_numpy(),
            "quality": runs["final_quality"].to_numpy(),
            "later": (runs["stage"] != "explore").to_numpy(),
        }
    )
    table = table.sort_values(["trial", "later"], kind="stable")
    table = table.drop_duplicates(["trial", "outcome"]).sort_values("run", ignore_index=True)
    chosen = stratified(table["outcome"].to_numpy(dtype=str), most, np.random.default_rng(SEED))
    lines = table.iloc[chosen].drop(columns="later")
    values = trial_table(study).drop(columns=["origin", "unbiased"])
    return TrialLines(lines.join(values, on="trial").reset_index(drop=True), len(table))


def stratified(
    outcomes: NDArray[np.str_], most: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Ascending row numbers of a sample of `most` that keeps every outcome.

    Half of the sample is divided equally between outcomes, the other half in proportion to their
    counts, together with what an outcome cannot fill of its equal part.
    """
    if len(outcomes) <= most:
        return np.arange(len(outcomes))
    names, code, counts = np.unique(outcomes, return_inverse=True, return_counts=True)
    equal = np.minimum(counts, most // (2 * len(names)))
    left = counts - equal
    share = (most - equal.sum()) * left / left.sum()
    whole = np.floor(share).astype(np.int64)
    # Largest remainders: the rows that are left after rounding down.
    whole[np.argsort(whole - share, kind="stable")[: most - equal.sum() - whole.sum()]] += 1
    chosen = [
        rng.choice(np.flatnonzero(code == i), size=count, replace=False)
        for i, count in enumerate(equal + whole)
    ]
    return np.sort(np.concatenate(chosen))


def draw_parallel(
    lines: TrialLines, parameters: Sequence[ParameterCard], ruler: Ruler | None = None
) -> Panel:
    """The panel; its script colours lines by the page's filter and writes brushes to it."""
    rows, num_all = lines.rows, lines.num_all
    outcomes = in_order(set(rows["outcome"]))
    families = dict(with_headings(parameter.path for parameter in parameters))
    axes = [
        _under(families[parameter.path], _parameter_axis(rows, parameter, i))
        for i, parameter in enumerate(parameters)
    ]
    axes += [_measured_axis(rows, name, ruler) for name in MEASURED]
    axes.append(_verdict_axis(rows, outcomes))
    width = AXIS_PIXELS * len(axes)
    left = 16 + LETTER_PIXELS * max(map(len, axes[0].dimension["ticktext"]))
    figure = blank(460, margin={"l": left, "r": 30, "t": 64, "b": 18})
    if len(axes) > MOST_WITHOUT_SCROLLING:
        figure.update_layout(width=width)
    figure.add_trace(_trace(axes, rows["outcome"].tolist(), outcomes))
    subset = (
        f"Showing {len(rows):,} of {counted(num_all, 'line')}: " if num_all > len(rows) else ""
    )
    sample = "a sample with every cause of failure. " if subset else ""
    return Panel(
        IDENTITY,
        figure,
        f"Parallel coordinates of {counted(len(rows), 'line')} over "
        f"{counted(len(axes), 'axis', 'axes')}; the last axis is the verdict. "
        "The table beneath holds the same runs.",
        note=f"{subset}{sample}One line for each verdict of a trial: seeds with the same "
        "verdict share a line, that of the explore run if it is one of them. Drag along an axis "
        "to filter the page, click the axis to clear it. A parameter that a trial did not sample "
        "is drawn below its axis.",
        narrow={"width": max(NARROW_WIDTH, width)},
        table=_table(rows, parameters),
        extra={
            "axes": [axis.scripted for axis in axes],
            "runs": rows["run"].tolist(),
            "outcomes": outcomes,
            "of": [outcomes.index(outcome) + 1 for outcome in rows["outcome"]],
        },
    )


def _trace(
    axes: Sequence[Dimension], each: Sequence[str], outcomes: Sequence[str]
) -> go.Parcoords:
    """Lines in the colour of their outcome, as printed; the page greys those filtered out."""
    opacity = 0.15 if len(each) < FEW_LINES else 0.04
    stops = np.linspace(0, 1, max(2, len(outcomes)))
    colours = [look(outcome).colour for outcome in outcomes]
    return go.Parcoords(
        dimensions=[axis.dimension for axis in axes],
        line={
            "color": [outcomes.index(outcome) for outcome in each],
            "colorscale": list(zip(stops, (colours * 2)[: len(stops)], strict=True)),
            "cmin": 0,
            "cmax": max(1, len(outcomes) - 1),
        },
        unselected={"line": {"color": GREY, "opacity": opacity}},
        labelfont={"size": 12},
        tickfont={"size": 11},
        rangefont={"size": 1, "color": "rgba(0,0,0,0)"},
    )


@dataclass(frozen=True)
class Dimension:
    """One axis: what Plotly draws, and what the page's script needs to read a brush."""

    dimension: dict[str, Any]
    scripted: dict[str, Any]


def _table(rows: pd.DataFrame, parameters: Sequence[ParameterCard]) -> pd.DataFrame:
    """One row per line, with the column titles of the page."""
    titles = {"trial": "trial", "outcome": "verdict", "score": "score", "quality": "final quality"}
    titles |= {parameter.path: parameter.path for parameter in parameters}
    return rows[list(titles)].rename(columns=titles)


def _parameter_axis(rows: pd.DataFrame, parameter: ParameterCard, index: int) -> Dimension:
    values = rows[parameter.path].tolist()
    axis = axis_for(parameter, values)
    scale = "slots" if axis.slots else "log10" if parameter.log else "linear"
    positions = axis.positions(values)
    positions = positions + 0.5 * spread(rows["trial"].tolist(), axis, _turn(index))
    return _dimension(axis, positions, parameter.path, scale, "not sampled")


def _under(family: str, axis: Dimension) -> Dimension:
    """The first axis of a family has the family's name above its own: room is for two lines."""
    if not family:
        return axis
    name = axis.dimension["label"].replace("<br>", " ")
    label = f"{heading(family)}<br>{name}"
    return replace(axis, dimension=axis.dimension | {"label": label})


def _measured_axis(rows: pd.DataFrame, name: str, ruler: Ruler | None) -> Dimension:
    values = rows[name].tolist()
    axis = axis_for(ParameterCard(path=name, kind="float", low=0.0, high=1.0), values)
    ticks = quality_ticks(ruler, *axis.edges) if name == "quality" else None
    if ticks is not None:
        axis = replace(axis, ticks=tuple(ticks[0]), labels=tuple(ticks[1]))
    drawn = _dimension(axis, axis.positions(values), name, "linear", "none")
    if ruler is None or ticks is None:
        return drawn
    label = f"{drawn.dimension['label']}<br>· {plotly_text(ruler.name)}"
    return replace(drawn, dimension=drawn.dimension | {"label": label})


def _verdict_axis(rows: pd.DataFrame, outcomes: Sequence[str]) -> Dimension:
    """The axis of verdicts, stable on top."""
    axis = axis_for(ParameterCard(path="verdict", choices=tuple(reversed(outcomes))), [])
    positions = axis.positions(rows["outcome"].tolist())
    positions = positions + spread(rows["trial"].tolist(), axis, _turn(99))
    return _dimension(axis, positions, "verdict", "slots", "none")


def _dimension(
    axis: Axis, positions: NDArray[np.float64], column: str, scale: str, absent: str
) -> Dimension:
    low, high = axis.edges
    missing = low - 0.14 * (high - low)
    is_absent = np.isnan(positions)
    bottom = missing if is_absent.any() else low
    ticks = dict(zip(axis.ticks, (shortened(label) for label in axis.labels), strict=True))
    if not axis.slots:
        ticks = dict.fromkeys(np.linspace(low, high, NUM_STOPS).tolist(), "") | ticks
    if is_absent.any():
        ticks[missing] = absent
    tick_positions = sorted(ticks)
    return Dimension(
        {
            "name": column,
            "multiselect": bool(axis.slots),
            "label": "<br>".join(map(plotly_text, _wrapped(axis.title))),
            "values": plain(np.where(is_absent, missing, positions), 5),
            "range": plain([bottom, high]),
            "tickvals": plain(tick_positions),
            "ticktext": _unique([ticks[position] for position in tick_positions]),
        },
        {
            "column": column,
            "scale": scale,
            "slots": [str(slot) for slot in axis.slots],
            "low": low,
            "high": high,
            "missing": missing if is_absent.any() else None,
        },
    )


def _unique(texts: Sequence[str]) -> list[str]:
    """Plotly identifies ticks by their text: each blank one gets different invisible digits."""
    digits = "\u200b\u200c\u200d"
    return [
        text or "".join(digits[i // 3**digit % 3] for digit in range(5))
        for i, text in enumerate(texts)
    ]


def _wrapped(title: str) -> list[str]:
    """A title in two lines where it has two words or more."""
    first, _, rest = title.rpartition(" ")
    return [shortened(line) for line in (first, rest) if line]


def _turn(index: int) -> float:
    """An irrational turn for each axis: lines that overlap at one choice separate at the next."""
    return float(np.sqrt(2 + 3 * index) % 1)
