"""Two studies in one figure: lanes of shares, curves of survival and of quality."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.statistics import kaplan_meier, survival_bounds, survival_interval
from reports.compare.card import Pair
from reports.compare.rows import quality_rows
from reports.kit.panel import FAINT, Panel, blank, plain, plotly_text
from reports.kit.words import counted, images
from reports.sections.failures.survival import survival_rows
from reports.study.comparisons import LEAST_IN_A_LEVEL

COLOURS = ("#0072B2", "#D55E00")
SHADES = ("rgba(0,114,178,0.13)", "rgba(213,94,0,0.13)")
SYMBOLS, DASHES = ("circle", "diamond"), ("solid", "dash")
LIFT = 0.19
"""Of a lane's two lines above and below its middle; lanes are 1 apart."""


def draw_lanes(rows: pd.DataFrame, names: tuple[str, str], identity: str, about: str) -> Panel:
    """A lane a level, in it a line a study: its share as a dot on its Wilson interval.

    `rows` has choice, level, study (0 or 1), stable, total, low, high.
    """
    fewest = rows.groupby(["choice", "level"])["total"].transform("min")
    shown = rows[(fewest >= LEAST_IN_A_LEVEL) | (rows["choice"] == rows["level"])]
    groups = list(dict.fromkeys(zip(shown["choice"], shown["level"], strict=True)))
    left_out = rows.groupby(["choice", "level"], sort=False).ngroups - len(groups)
    place, at, last = {}, 0.0, None
    for choice, level in groups:
        at -= 0.7 if last not in (None, choice) else 0.0
        place[choice, level] = at
        at, last = at - 1, choice
    figure = blank(round(70 + 44 * -at))
    for which in range(len(names)):
        own = shown[shown["study"] == which]
        heights = [place[key] + (LIFT if which == 0 else -LIFT)
                   for key in zip(own["choice"], own["level"], strict=True)]  # fmt: skip
        for trace in _lane(own, heights, which):
            figure.add_trace(trace)
    figure.update_xaxes(range=[-0.02, 1.3], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1],
                        title={"text": about, "font": {"size": 12}, "standoff": 6})  # fmt: skip
    figure.update_yaxes(
        range=[at + 0.4, 0.6], showgrid=False, tickvals=[place[key] for key in groups],
        ticktext=[plotly_text(_lane_name(*key)) for key in groups],
    )  # fmt: skip
    table = rows.assign(study=[names[which] for which in rows["study"]])
    return Panel(
        identity,
        figure,
        f"{about} of {names[0]} and of {names[1]}, each with its 95% interval.",
        note="A line a study: the share as a mark on its Wilson 95% interval. Runs that no "
        "optimiser chose, one a trial. Intervals that overlap may still differ, and of many "
        "lanes some differ by luck."
        + (
            f" {counted(left_out, 'level')} with fewer than {LEAST_IN_A_LEVEL} runs in one of "
            "them: in the table alone."
            if left_out
            else ""
        ),
        narrow={"xaxis.range": [-0.02, 1.6], "xaxis.tickvals": [0, 0.5, 1]},
        table=table.rename(columns={"stable": "count", "total": "of"}),
    )


def survival_panel(pair: Pair) -> Panel | None:
    """Kaplan and Meier's curve of each study's runs that no optimiser chose; None for too few."""
    frames = [survival_rows(study) for study in pair.studies]
    frames = [rows[rows["unbiased"]] for rows in frames]
    if any(rows.empty for rows in frames):
        return None
    figure = blank(340)
    tables = []
    for which, rows in enumerate(frames):
        steps = survival_steps(rows)
        tables.append(steps.assign(study=pair.names[which]))
        figure.add_trace(_step(steps["images"], steps["low"], which, width=0))
        figure.add_trace(_step(steps["images"], steps["high"], which, width=0, filled=True))
        figure.add_trace(_step(steps["images"], steps["survival"], which))
        figure.add_trace(_name_at_end(steps["images"], steps["survival"], which, pair.names))
    most = float(max(rows["budget"].max() for rows in frames))
    _finish(figure, most, "share not broken yet", percent=True)
    pruned = sum(int(rows["pruned"].sum()) for rows in frames)
    return Panel(
        "survival-overlay",
        figure,
        "Share of runs that had not broken, over images seen, a curve a study.",
        note="Kaplan and Meier's estimate over explore runs that no optimiser chose, with its "
        "pointwise 95% band. A stalled run never broke and counts as alive."
        + (f" {counted(pruned, 'pruned run')} taken as broken when pruned." if pruned else ""),
        narrow={"xaxis.range": [0, most * 1.55]},
        table=pd.concat(tables, ignore_index=True),
    )


def survival_steps(rows: pd.DataFrame) -> pd.DataFrame:
    """images, survival, low, high from 0 to the budget; pruned runs as failed when pruned."""
    when, failed, pruned = (rows[name].to_numpy() for name in ("images", "failed", "pruned"))
    budget = float(rows["budget"].max())
    curve = kaplan_meier(when.astype(float), failed.astype(bool))
    if pruned.any():
        curve = survival_bounds(when, failed, pruned, budget).worst
    band = survival_interval(curve)
    ends = {
        "images": np.concatenate([[0.0], curve.times, [budget]]),
        "survival": np.concatenate([[1.0], curve.survival, curve.survival[-1:]]),
        "low": np.concatenate([[1.0], band.low, band.low[-1:]]),
        "high": np.concatenate([[1.0], band.high, band.high[-1:]]),
    }
    return pd.DataFrame(ends)


def quality_panel(pair: Pair) -> Panel | None:
    """Interquartile mean of the quality of each study over images seen; None for too few runs."""
    frames = [quality_rows(study) for study in pair.studies]
    if any(rows.empty for rows in frames):
        return None
    figure = blank(340)
    for which, rows in enumerate(frames):
        figure.add_trace(
            go.Scatter(x=plain(rows["images"]), y=plain(rows["quality"]), mode="lines",
                       line=_line(which, 2.5), hoverinfo="skip")
        )  # fmt: skip
        figure.add_trace(_name_at_end(rows["images"], rows["quality"], which, pair.names))
    most = float(max(rows["images"].max() for rows in frames))
    _finish(figure, most, "quality u", percent=False)
    tables = [rows.assign(study=name) for rows, name in zip(frames, pair.names, strict=True)]
    return Panel(
        "quality-overlay",
        figure,
        "Interquartile mean of the quality over images seen, a curve a study.",
        note="Interquartile mean over explore runs that no optimiser chose; a failed run counts "
        "as 0 from its failure on.",
        narrow={"xaxis.range": [0, most * 1.55]},
        table=pd.concat(tables, ignore_index=True),
    )


def _lane(rows: pd.DataFrame, heights: list[float], which: int) -> list[go.Scatter]:
    ends = [end for low, high in zip(rows["low"], rows["high"], strict=True)
            for end in (low, high, None)]  # fmt: skip
    words = [f"{row['stable']} of {row['total']}" for row in rows.to_dict("records")]
    marker = {"size": 9, "color": COLOURS[which], "symbol": SYMBOLS[which]}
    shares = rows["stable"] / rows["total"]
    return [
        go.Scatter(x=plain(ends), y=[y for height in heights for y in (height, height, None)],
                   mode="lines", line={"color": COLOURS[which], "width": 3}, opacity=0.45,
                   hoverinfo="skip"),
        go.Scatter(x=plain(shares), y=heights, mode="markers", marker=marker, hoverinfo="skip"),
        go.Scatter(x=[1.06] * len(rows), y=heights, mode="text", text=words, hoverinfo="skip",
                   textposition="middle right", textfont={"size": 12}),
    ]  # fmt: skip


def _lane_name(choice: str, level: str) -> str:
    return level if choice in (level, "how runs ended") else f"{choice} {level}"


def _step(
    x: pd.Series[float],
    y: pd.Series[float],
    which: int,
    width: float = 2.5,
    *,
    filled: bool = False,
) -> go.Scatter:
    return go.Scatter(
        x=plain(x), y=plain(y), mode="lines", line={**_line(which, width), "shape": "hv"},
        fill="tonexty" if filled else None, fillcolor=SHADES[which] if filled else None,
        hoverinfo="skip",
    )  # fmt: skip


def _name_at_end(
    x: pd.Series[float], y: pd.Series[float], which: int, names: tuple[str, str]
) -> go.Scatter:
    """The study's name at its curve's end, the first above and the second beneath."""
    return go.Scatter(
        x=[float(x.iloc[-1])], y=[float(y.iloc[-1])], mode="markers+text", hoverinfo="skip",
        text=[f" {plotly_text(_short(names[which]))}"], textfont={"size": 13, "weight": 600},
        textposition="top right" if which == 0 else "bottom right",
        marker={"size": 9, "color": COLOURS[which], "symbol": SYMBOLS[which]},
    )  # fmt: skip


def _line(which: int, width: float) -> dict[str, object]:
    return {"color": COLOURS[which], "width": width, "dash": DASHES[which]}


def _short(name: str, most: int = 16) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _finish(figure: go.Figure, most: float, title: str, *, percent: bool) -> None:
    ticks = np.linspace(0, most, 5)
    figure.update_xaxes(range=[0, most * 1.26], title_text="images seen", tickvals=ticks.tolist(),
                        ticktext=[images(float(tick)) for tick in ticks])  # fmt: skip
    figure.update_yaxes(range=[-0.05, 1.12], tickformat=".0%" if percent else None,
                        title_text=title, gridcolor=FAINT)  # fmt: skip
