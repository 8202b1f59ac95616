"""Two studies in one figure: lanes of shares, curves of survival and of quality."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from reports.compare.card import StudyPair, shared_ruler
from reports.compare.rows import quality_rows
from reports.kit.axes import quality_ticks, quality_title
from reports.kit.forest import LaneSeries, Style, lanes
from reports.kit.layouts import images_axis, lanes_axis, narrow_shares, share_axis
from reports.kit.panel import BLUE, BLUE_SHADE, FAINT, ORANGE, Panel, blank, plain, plotly_text
from reports.kit.shares import RunShare
from reports.kit.words import counted, shortened
from reports.sections.failures.survival import curves_of, survival_rows, survival_table
from reports.study.comparisons import LEAST_IN_A_LEVEL

COLOURS = (BLUE, ORANGE)
SHADES = (BLUE_SHADE, "rgba(213,94,0,0.16)")
SYMBOLS, DASHES = ("circle", "diamond"), ("solid", "dash")
STYLES = [Style(*of_study) for of_study in zip(COLOURS, SYMBOLS, strict=True)]
LIFT = 0.19
"""Of a lane's two lines above and below its middle."""


def draw_lanes(rows: pd.DataFrame, names: tuple[str, str], identity: str, about: str) -> Panel:
    """One lane per level, in it one line per study: its share as a dot on its Wilson interval.

    `rows` has choice, level, study (0 or 1), stable, total, low, high.
    """
    fewest = rows.groupby(["choice", "level"])["total"].transform("min")
    drawn = rows[(fewest >= LEAST_IN_A_LEVEL) | (rows["choice"] == rows["level"])]
    groups = list(dict.fromkeys(zip(drawn["choice"], drawn["level"], strict=True)))
    left_out = rows.groupby(["choice", "level"], sort=False).ngroups - len(groups)
    lane_of, at, last = {}, 0.0, None
    for choice, level in groups:
        at += 0.7 if last not in (None, choice) else 0.0
        lane_of[choice, level] = at
        at, last = at + 1, choice
    figure = blank(round(70 + 44 * at))
    for which, style in enumerate(STYLES):
        of_study = drawn[drawn["study"] == which]
        counts = zip(of_study["stable"], of_study["total"], strict=True)
        series = LaneSeries(
            style,
            [lane_of[key] for key in zip(of_study["choice"], of_study["level"], strict=True)],
            of_study.assign(share=of_study["stable"] / of_study["total"])[
                ["share", "low", "high"]
            ],
            lift=LIFT if which == 0 else -LIFT,
            words=[RunShare(stable, total).counts for stable, total in counts],
            words_at=1.06,
        )
        figure.add_traces(lanes(series))
    share_axis(figure, 1.3, about)
    labels = [plotly_text(_lane_name(*key)) for key in groups]
    lanes_axis(figure, labels, range=[at - 0.4, -0.6], tickvals=[lane_of[key] for key in groups])
    table = rows.assign(study=[names[which] for which in rows["study"]])
    return Panel(
        identity,
        figure,
        f"{about} of {names[0]} and of {names[1]}, each with its 95% interval.",
        note="One line per study: the share as a mark on its Wilson 95% interval. Unbiased runs "
        "(no optimizer chose them), one per trial. Shares whose intervals overlap may still "
        "differ, and among many lanes some differ by chance."
        + (
            f" Only in the table: {counted(left_out, 'level')} with fewer than {LEAST_IN_A_LEVEL} "
            "runs in one of the studies."
            if left_out
            else ""
        ),
        narrow=narrow_shares(1.6),
        table=table.rename(columns={"stable": "count", "total": "of"}),
    )


def survival_panel(pair: StudyPair) -> Panel | None:
    """Kaplan-Meier curve of each study's unbiased runs; None when one study has none."""
    frames = [survival_rows(study) for study in pair.studies]
    frames = [rows[rows["unbiased"]] for rows in frames]
    if any(rows.empty for rows in frames):
        return None
    figure = blank(340)
    tables, notes = [], []
    for which, rows in enumerate(frames):
        budget = float(rows["budget"].max())
        curves = curves_of(rows, budget)
        for trace in curves.traces:
            line = {"color": COLOURS[which]} | (
                {"dash": DASHES[which]} if trace.line.width else {}
            )
            figure.add_trace(trace.update(line=line, fillcolor=SHADES[which], hoverinfo="skip"))
        end = pd.Series(curves.lower.survival)
        figure.add_trace(_name_at_end(pd.Series([budget]), end, which, pair.names))
        table = survival_table(rows, curves, budget)
        tables.append(table.assign(Study=pair.names[which]))
        notes.append(f"{pair.names[which]}: {curves.note}")
    most = float(max(rows["budget"].max() for rows in frames))
    _finish(figure, most, "share not broken yet", percent=True)
    return Panel(
        "survival-overlay",
        figure,
        "Share of runs that had not broken, over images seen, one curve per study.",
        note=" ".join([*notes, "A stalled or short run has not broken and counts as alive."]),
        narrow={"xaxis.range": [0, most * 1.55]},
        table=pd.concat(tables, ignore_index=True),
    )


def quality_panel(pair: StudyPair) -> Panel | None:
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
    ruler = shared_ruler(pair)
    _finish(figure, most, quality_title(ruler), percent=False)
    ticks = quality_ticks(ruler)
    if ticks is not None:
        figure.update_yaxes(tickvals=ticks[0], ticktext=ticks[1])
    tables = [rows.assign(study=name) for rows, name in zip(frames, pair.names, strict=True)]
    return Panel(
        "quality-overlay",
        figure,
        "Interquartile mean of the quality over images seen, one curve per study.",
        note="Interquartile mean over unbiased explore runs; a failed run counts as 0 from its "
        "failure on.",
        narrow={"xaxis.range": [0, most * 1.55]},
        table=pd.concat(tables, ignore_index=True),
    )


def _lane_name(choice: str, level: str) -> str:
    return level if choice in (level, "how runs ended") else f"{choice} {level}"


def _name_at_end(
    x: pd.Series[float], y: pd.Series[float], which: int, names: tuple[str, str]
) -> go.Scatter:
    """The study's name at its curve's end, the first above and the second beneath."""
    return go.Scatter(
        x=[float(x.iloc[-1])], y=[float(y.iloc[-1])], mode="markers+text", hoverinfo="skip",
        text=[f" {plotly_text(shortened(names[which]))}"], textfont={"size": 13, "weight": 600},
        textposition="top right" if which == 0 else "bottom right",
        marker={"size": 9, "color": COLOURS[which], "symbol": SYMBOLS[which]},
    )  # fmt: skip


def _line(which: int, width: float) -> dict[str, object]:
    return {"color": COLOURS[which], "width": width, "dash": DASHES[which]}


def _finish(figure: go.Figure, most: float, title: str, *, percent: bool) -> None:
    images_axis(figure, most, 1.26)
    figure.update_yaxes(range=[-0.05, 1.12], tickformat=".0%" if percent else None,
                        title_text=title, gridcolor=FAINT)  # fmt: skip
