"""What matters: importances drawn, and with them effects of choices and means along parameters."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from lab.record import StudyRecord
from reports.kit.blocks import Block, Missing
from reports.kit.layouts import (
    Grid,
    axes_of_place,
    name_above,
    rows_of,
    suffix_of,
)
from reports.kit.panel import BLUE, ORANGE, Panel, plain, plotly_text
from reports.kit.words import counted, listed, short_name
from reports.sections.matters.dependence import dependence_panel
from reports.sections.matters.effects import effects_panel
from reports.sections.matters.importances import GOALS, importances_rows, sample_of
from reports.study.scale import LEAST_TRIALS, NUM_SHUFFLES, is_small
from reports.study.tables import finished, parameters_of, run_table

GREY = "rgba(128,128,128,0.45)"


def matters_blocks(study: StudyRecord) -> list[Block]:
    """Importances, effects of choices, and means along every parameter; or why they are not."""
    if is_small(study):
        known = finished(run_table(study))["trial"].nunique()
        return [
            Missing(
                f"Too few runs: {counted(known, 'trial')} with a verdict; what matters is drawn "
                f"from {LEAST_TRIALS} on."
            )
        ]
    if not parameters_of(study):
        return [Missing("This study samples no parameter, so none can matter more than another.")]
    rows = importances_rows(study)
    order = list(dict.fromkeys(rows["parameter"]))
    panels = [
        importances_panel(study, rows), effects_panel(study), dependence_panel(study, order),
    ]  # fmt: skip
    return [Missing(panel) if isinstance(panel, str) else panel for panel in panels]


def draw_importances(rows: pd.DataFrame) -> Panel:
    """Bars of either goal side by side, the most important for stability on top."""
    goals = [goal for goal in GOALS if (rows["goal"] == goal).any()]
    order = list(dict.fromkeys(rows["parameter"]))
    names = [plotly_text(short_name(path)) for path in order]
    figure = _grid(len(goals), len(goals), len(order)).figure(
        {"tickformat": ".0%", "title": {"text": "share of the importance"}},
        {
            "range": [len(order) - 0.4, -0.6], "showgrid": False,
            "tickvals": list(range(len(order))), "ticktext": names, "showticklabels": False,
        },
    )  # fmt: skip
    for place, goal in enumerate(goals):
        own = rows[rows["goal"] == goal]
        for trace in _bars(own, [order.index(path) for path in own["parameter"]]):
            figure.add_trace(trace.update(axes_of_place(place)))
        figure.update_layout({f"xaxis{suffix_of(place)}_range": [0, _axis_end(own)]})
        figure.add_annotation(name_above(place, GOALS[goal], font={"size": 14}))
    figure.update_layout(bargap=0.45, yaxis_showticklabels=True)
    return Panel(
        "importances",
        figure,
        "Importance of each parameter for stability and, among stable runs, for quality, with the "
        "level that chance alone reaches.",
        note=_note(rows, goals),
        title="Importance of every parameter",
        narrow=_grid(len(goals), 1, len(order)).changes() | {"yaxis2.showticklabels": True}
        if len(goals) > 1
        else {},
        table=rows.assign(
            goal=rows["goal"].map(GOALS), beyond=rows["importance"] > rows["chance"]
        )[["goal", "parameter", "importance", "chance", "beyond", "num_trials"]].rename(
            columns={"beyond": "beyond chance", "num_trials": "trials"}
        ),
    )


def importances_panel(study: StudyRecord, rows: pd.DataFrame) -> Panel | str:
    """The panel of its rows, or a sentence that says why there is none."""
    if not rows.empty:
        return draw_importances(rows)
    sample = sample_of(study, "stability")
    if len(sample.outcomes) >= LEAST_TRIALS:
        alike = sample.outcomes.min() == sample.outcomes.max()
        end = "were stable" if sample.outcomes.all() else "failed"
        why = f"all {len(sample.outcomes)} trials {end}" if alike else "no parameter varied"
        return f"Nothing can be told apart: {why}."
    return (
        f"Too few runs: {counted(len(sample.outcomes), 'trial')} with a verdict inside the space; "
        f"importances are drawn from {LEAST_TRIALS} on."
    )


def _bars(rows: pd.DataFrame, places: list[int]) -> list[Any]:
    clear = (rows["importance"] > rows["chance"]).tolist()
    shown = zip(rows["importance"], clear, strict=True)
    end = _axis_end(rows)
    beyond = (rows["chance"] > end).tolist()
    return [
        go.Bar(
            orientation="h",
            x=plain(rows["importance"], 4),
            y=places,
            marker={"color": [BLUE if over else GREY for over in clear], "line": {"width": 0}},
            text=[f" {100 * x:.0f}%" if over else "" for x, over in shown],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        ),
        go.Scatter(
            x=plain(rows["chance"].clip(upper=0.985 * end), 4),
            y=places,
            mode="markers",
            marker={
                "symbol": ["triangle-right" if over else "line-ns" for over in beyond],
                "size": [10 if over else 17 for over in beyond],
                "color": ORANGE,
                "opacity": 1,
                "line": {"width": [0 if over else 2.5 for over in beyond], "color": ORANGE},
            },
            hovertext=[f"chance alone: {chance:.0%}" for chance in rows["chance"]],
            hovertemplate="%{hovertext}<extra></extra>",
        ),
    ]


def _axis_end(rows: pd.DataFrame) -> float:
    """Past every bar and its number, and past chance unless that is above the whole."""
    bars, chance = float(rows["importance"].max()), float(rows["chance"].max())
    return max(1.18 * bars, min(1.05 * chance, 1.1))


def _grid(num_goals: int, columns: int, num_parameters: int) -> Grid:
    """The goals side by side, or one above the other."""
    rows, height = rows_of(num_goals, columns), 30 * num_parameters + 10
    return Grid(rows, columns, height, 82, (8, 12, 30, 52), spacing=0.06)


def _note(rows: pd.DataFrame, goals: list[str]) -> str:
    said = []
    for goal in goals:
        own = rows[rows["goal"] == goal]
        over = own[own["importance"] > own["chance"]]["parameter"]
        names = listed([short_name(path) for path in over]) if len(over) else "nothing yet"
        num, known = int(own["num_trials"].iloc[0]), int(own["num_known"].iloc[0])
        of = f"{num:,} of {known:,} trials, evenly taken" if num < known else f"{num:,} trials"
        said.append(f"Beyond chance for {GOALS[goal]}: {names} (from {of}).")
    missing = [GOALS[goal] for goal in GOALS if goal not in goals]
    said += [f"No importances for {goal}: too few trials, or all alike." for goal in missing]
    said.append(
        f"Upright ticks: the most that {NUM_SHUFFLES} shuffles of the outcomes reach (an arrow: "
        "more than the axis shows); a grey bar "
        f"has shown nothing, and by chance one in {NUM_SHUFFLES + 1} would be blue. PED-ANOVA "
        "over explore runs: what set stable trials apart from all, and among the stable ones the "
        "best tenth by final quality; it does not say which direction is better."
    )
    if rows["chosen"].any():
        said.append(
            "The optimiser chose some of these trials, and it returns to where it did well: that "
            "alone can make a parameter look important."
        )
    else:
        said.append("Only trials that no optimiser chose (known points and Sobol) are used.")
    return " ".join(said)
