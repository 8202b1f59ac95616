"""Score and stability along every parameter: marginal means over an even sample of the space.

Failures are counted with their finite score. Each mean averages over whatever else was sampled
beside that value: it says what an even sample showed there, not what changing it would cause.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.record import StudyRecord
from reports.kit.axes import Array, Axis
from reports.kit.outcomes import look
from reports.kit.panel import FAINT, Panel, blank, plain, plotly_text
from reports.kit.words import counted, percents
from reports.sections.matters.marginals import axes_of, dependence_rows, sobol_runs
from reports.study.scale import LEAST_TRIALS

MOST_PARAMETERS = 12
SCORE = "#0072B2"
STABLE = look("stable").colour
FLOOR, TALLEST = -0.24, 0.17
"""Of the bars that count runs, below the zero line: their foot, and the highest of them."""


def dependence_panel(study: StudyRecord, order: list[str]) -> Panel | str:
    """Small multiples, those in `order` first; or a sentence that says why there are none."""
    rows = dependence_rows(study)
    if rows.empty:
        num = sobol_runs(study)["trial"].nunique()
        return (
            f"Too few runs: {counted(num, 'Sobol trial')} with a verdict; score and stability "
            f"along each parameter are drawn from {LEAST_TRIALS} on."
        )
    return draw_dependence(rows, axes_of(study), order)


def draw_dependence(rows: pd.DataFrame, axes: dict[str, Axis], order: list[str]) -> Panel:
    """One small figure a parameter: share stable, mean score, and how many runs a bin has."""
    paths = [path for path in order if path in axes] + [p for p in axes if p not in order]
    shown = paths[:MOST_PARAMETERS]
    grid = Grid(len(shown), 4 if len(shown) > 6 else 3)
    figure = blank(grid.height)
    for i, path in enumerate(shown):
        own = rows[rows["parameter"] == path]
        for trace in _traces(own, axes[path]):
            figure.add_trace(trace.update(xaxis=f"x{_suffix(i)}", yaxis=f"y{_suffix(i)}"))
    figure.update_layout(_axes(figure, [axes[path] for path in shown], grid))
    figure.update_layout(annotations=[_key(), *_titles([axes[path] for path in shown])])
    return Panel(
        "dependence",
        figure,
        "Share of stable runs and mean score in bins of each parameter.",
        note=_note(rows, len(paths), len(shown)),
        title="Stability and score along every parameter",
        narrow=_stacked(len(shown)),
        table=_table(rows, axes),
        marks="dependence",
        brush={f"x{_suffix(i)}": axes[path].brush for i, path in enumerate(shown)},
    )


class Grid(NamedTuple):
    """Places of small figures, row by row from the top."""

    num_figures: int
    columns: int

    @property
    def lines(self) -> int:
        return math.ceil(self.num_figures / self.columns)

    @property
    def height(self) -> int:
        return 50 + 190 * self.lines

    def domains(self, i: int) -> tuple[list[float], list[float]]:
        """Horizontal and vertical share of the figure that the i-th takes."""
        column, line = i % self.columns, i // self.columns
        wide, high = 1 / self.columns, (1 - 30 / self.height) / self.lines
        top = 1 - 30 / self.height - line * high
        left = column * wide + (0.018 if column else 0)
        return [left, (column + 1) * wide - 0.012], [top - 0.8 * high, top - 0.12 * high]


def _traces(rows: pd.DataFrame, axis: Axis) -> list[Any]:
    """Bars of how many runs, then the two means; a click on a bin filters to it."""
    middle = ((rows["start"] + rows["end"]) / 2).to_numpy()
    aside = 0.1 * (rows["end"] - rows["start"]).to_numpy()
    share = (rows["stable"] / rows["runs"]).to_numpy(dtype=float)
    tall = TALLEST * rows["runs"] / max(1, int(rows["runs"].max()))
    told = [
        f"{short}<br>{stable} of {runs} stable ({percents(low, high)})"
        for short, stable, runs, low, high in zip(
            map(plotly_text, rows["bin"]), rows["stable"], rows["runs"], rows["low"],
            rows["high"], strict=True,
        )
    ]  # fmt: skip
    scores = [
        f"{plotly_text(label)}<br>mean score {mean:.2f} ({low:.2f}–{high:.2f})"
        for label, mean, low, high in zip(
            rows["bin"], rows["score"], rows["score_low"], rows["score_high"], strict=True
        )
    ]
    bars = go.Bar(
        x=plain(middle, 5), y=plain(tall, 3), base=[FLOOR] * len(rows),
        width=plain(0.86 * (rows["end"] - rows["start"]), 5), hovertext=told,
        hovertemplate="%{hovertext}<extra></extra>",
        marker={"color": "rgba(128,128,128,0.4)", "line": {"width": 0}},
    )  # fmt: skip
    line = not axis.slots
    return [
        bars,
        _curve(middle + aside, rows["score"], rows["score_low"], rows["score_high"], SCORE,
               "diamond", scores, line),
        _curve(middle - aside, share, rows["low"], rows["high"], STABLE, "circle", told, line),
    ]  # fmt: skip


def _curve(
    x: Array, y: Any, low: Any, high: Any, colour: str, symbol: str, told: list[str], line: bool
) -> go.Scatter:
    values, low, high = (np.asarray(part, dtype=float) for part in (y, low, high))
    return go.Scatter(
        x=plain(x, 5),
        y=plain(values, 4),
        mode="lines+markers" if line else "markers",
        line={"color": colour, "width": 1.2, "dash": "solid" if symbol == "circle" else "dot"},
        marker={"color": colour, "symbol": symbol, "size": 7},
        error_y={
            "type": "data", "symmetric": False, "thickness": 1.2, "width": 0, "color": colour,
            "array": plain(high - values, 4), "arrayminus": plain(values - low, 4),
        },
        hovertext=told,
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _axes(figure: go.Figure, axes: list[Axis], grid: Grid) -> dict[str, Any]:
    across, upward = figure.layout.xaxis.to_plotly_json(), figure.layout.yaxis.to_plotly_json()
    found = {}
    for i, axis in enumerate(axes):
        wide, high = grid.domains(i)
        layout = axis.layout()
        layout.pop("title.text")
        every = max(1, math.ceil(sum(map(bool, layout["ticktext"])) / 4))
        if not axis.slots:
            layout["ticktext"] = _thinned(layout["ticktext"], every)
        found[f"xaxis{_suffix(i)}"] = across | layout | {
            "domain": wide, "anchor": f"y{_suffix(i)}", "showgrid": False, "title": {"text": ""},
            "tickfont": {"size": 11}, "automargin": False,
        }  # fmt: skip
        found[f"yaxis{_suffix(i)}"] = upward | {
            "domain": high, "anchor": f"x{_suffix(i)}", "range": [FLOOR - 0.01, 1.04],
            "tickvals": [0, 0.5, 1], "ticktext": ["0", "½", "1"], "tickfont": {"size": 11},
            "gridcolor": FAINT, "showticklabels": i % grid.columns == 0, "fixedrange": True,
        }  # fmt: skip
    return found


def _thinned(labels: list[str], every: int) -> list[str]:
    """Every so many of the labels that are not empty."""
    kept = [i for i, label in enumerate(labels) if label][::every]
    return [label if i in kept else "" for i, label in enumerate(labels)]


def _titles(axes: list[Axis]) -> list[dict[str, Any]]:
    return [
        {
            "xref": f"x{_suffix(i)} domain", "yref": f"y{_suffix(i)} domain", "x": 0, "y": 1.02,
            "text": f"<b>{plotly_text(axis.title)}</b>", "showarrow": False, "xanchor": "left",
            "yanchor": "bottom", "font": {"size": 12.5},
        }
        for i, axis in enumerate(axes)
    ]  # fmt: skip


def _key() -> dict[str, Any]:
    """What the marks are, above the figures."""
    text = (
        f'<span style="color:{STABLE}">●</span> share stable   '
        f'<span style="color:{SCORE}">◆</span> mean score   '
        '<span style="color:#8A8A8A">■</span> runs'
    )
    return {
        "xref": "paper", "yref": "paper", "x": 0, "y": 1, "text": text, "showarrow": False,
        "xanchor": "left", "yanchor": "top", "font": {"size": 12.5},
    }  # fmt: skip


def _stacked(count: int) -> dict[str, Any]:
    """One below the other on a narrow screen."""
    grid = Grid(count, 1)
    changes: dict[str, Any] = {"height": grid.height}
    for i in range(count):
        wide, high = grid.domains(i)
        changes |= {
            f"xaxis{_suffix(i)}.domain": wide,
            f"yaxis{_suffix(i)}.domain": high,
            f"yaxis{_suffix(i)}.showticklabels": True,
        }
    return changes


def _suffix(i: int) -> str:
    return "" if i == 0 else str(i + 1)


def _note(rows: pd.DataFrame, num_parameters: int, num_shown: int) -> str:
    most = int(rows.groupby("parameter")["runs"].sum().max())
    several = (rows["runs"] > rows["trials"]).any()
    said = [
        f"Over {counted(most, 'finished explore run')} of Sobol trials, an even sample of the "
        "space, failures with the finite score they have. Lines: 95% intervals, Wilson's of the "
        "share stable and Student's of the mean score over trials"
        + (", runs of one trial counted as one." if several else "."),
        "Marginal means: beside each value everything else was sampled too, so they show what "
        "such settings gave on average, not what changing that one setting causes.",
    ]
    if num_shown < num_parameters:
        said.append(
            f"Showing {num_shown} of {num_parameters} parameters, the others in the table."
        )
    return " ".join(said)


def _table(rows: pd.DataFrame, axes: dict[str, Axis]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "parameter": rows["parameter"].map({path: axis.title for path, axis in axes.items()}),
            "value": rows["bin"],
            "runs": rows["runs"],
            "stable": rows["stable"],
            "95% low": rows["low"],
            "95% high": rows["high"],
            "mean score": rows["score"],
            "score 95% low": rows["score_low"],
            "score 95% high": rows["score_high"],
        }
    )
