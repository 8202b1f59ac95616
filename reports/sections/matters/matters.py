"""What matters: importances, effects of choices, and means along parameters."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from lab.record import StudyRecord
from reports.kit.blocks import Block, Missing
from reports.kit.families import with_headings
from reports.kit.layouts import Grid, axes_of_place, heading, name_above, rows_of, suffix_of
from reports.kit.panel import BLUE, ORANGE, Panel, plain, plotly_text
from reports.kit.words import counted, listed, short_name
from reports.sections.matters.dependence import dependence_panel
from reports.sections.matters.effects import effects_panel
from reports.sections.matters.importances import GOALS, importances_rows, sample_of
from reports.study.scale import LEAST_TRIALS, NUM_SHUFFLES, is_small
from reports.study.tables import finished, from_elsewhere, parameters_of, run_table

GREY = "rgba(128,128,128,0.45)"


def matters_blocks(study: StudyRecord) -> list[Block]:
    """Importances, effects of choices, and means along every parameter; or why there are none."""
    if is_small(study):
        num_trials = finished(run_table(study))["trial"].nunique()
        return [
            Missing(
                f"Too few runs: {counted(num_trials, 'trial')} with a verdict; this section "
                f"is drawn for {LEAST_TRIALS} or more."
            )
        ]
    if not parameters_of(study):
        return [Missing("This study samples no parameters, so there are no importances.")]
    rows = importances_rows(study)
    order = list(dict.fromkeys(rows["parameter"]))
    panels = [
        importances_panel(study, rows), effects_panel(study), dependence_panel(study, order),
    ]  # fmt: skip
    return [Missing(panel) if isinstance(panel, str) else panel for panel in panels]


def draw_importances(rows: pd.DataFrame, *, from_elsewhere: bool = False) -> Panel:
    """Bars of either goal side by side: families, and in each the most important on top."""
    goals = [goal for goal in GOALS if (rows["goal"] == goal).any()]
    lanes, names = _lanes(rows)
    figure = _grid(len(goals), len(goals), len(names)).figure(
        {"tickformat": ".0%", "title": {"text": "share of the importance"}},
        {
            "range": [len(names) - 0.4, -0.6], "showgrid": False,
            "tickvals": list(range(len(names))), "ticktext": names, "showticklabels": False,
        },
    )  # fmt: skip
    for index, goal in enumerate(goals):
        of_goal = rows[rows["goal"] == goal]
        for trace in _bars(of_goal, [lanes[path] for path in of_goal["parameter"]]):
            figure.add_trace(trace.update(axes_of_place(index)))
        figure.update_layout({f"xaxis{suffix_of(index)}_range": [0, _axis_end(of_goal)]})
        figure.add_annotation(name_above(index, GOALS[goal], font={"size": 14}))
    figure.update_layout(bargap=0.45, yaxis_showticklabels=True)
    return Panel(
        "importances",
        figure,
        "Importance of each parameter for stability and, among stable runs, for quality, with the "
        "level reached by chance alone.",
        note=_note(rows, goals, from_elsewhere=from_elsewhere),
        title="Importance of every parameter",
        narrow=_grid(len(goals), 1, len(names)).changes() | {"yaxis2.showticklabels": True}
        if len(goals) > 1
        else {},
        table=rows.assign(
            goal=rows["goal"].map(GOALS), beyond=rows["importance"] > rows["chance"]
        )[["goal", "parameter", "importance", "chance", "beyond", "num_trials"]].rename(
            columns={"beyond": "beyond chance", "num_trials": "trials"}
        ),
    )


def importances_panel(study: StudyRecord, rows: pd.DataFrame) -> Panel | str:
    """The panel of its rows, or a sentence on why there is none."""
    if not rows.empty:
        return draw_importances(rows, from_elsewhere=from_elsewhere(study))
    sample = sample_of(study, "stability")
    if len(sample.outcomes) >= LEAST_TRIALS:
        alike = sample.outcomes.min() == sample.outcomes.max()
        end = "were stable" if sample.outcomes.all() else "were not stable"
        why = f"all {len(sample.outcomes)} trials {end}" if alike else "no parameter varied"
        return f"No importances: {why}."
    return (
        f"Too few runs: {counted(len(sample.outcomes), 'trial')} with a verdict inside the space; "
        f"importances are drawn for {LEAST_TRIALS} or more."
    )


def _bars(rows: pd.DataFrame, positions: list[int]) -> list[Any]:
    clear = (rows["importance"] > rows["chance"]).tolist()
    bars = zip(rows["importance"], clear, strict=True)
    end = _axis_end(rows)
    beyond = (rows["chance"] > end).tolist()
    return [
        go.Bar(
            orientation="h",
            x=plain(rows["importance"], 4),
            y=positions,
            marker={"color": [BLUE if over else GREY for over in clear], "line": {"width": 0}},
            text=[f" {100 * x:.0f}%" if over else "" for x, over in bars],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        ),
        go.Scatter(
            x=plain(rows["chance"].clip(upper=0.985 * end), 4),
            y=positions,
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
    """The end of the axis: past every bar and its number, and past chance up to 110%."""
    bars, chance = float(rows["importance"].max()), float(rows["chance"].max())
    return max(1.18 * bars, min(1.05 * chance, 1.1))


def _lanes(rows: pd.DataFrame) -> tuple[dict[str, int], list[str]]:
    """The lane of each parameter, and the name of every lane; a family's name has its own."""
    lanes, names = {}, []
    for path, family in with_headings(rows["parameter"].unique()):
        names += [heading(family)] if family else []
        lanes[path] = len(names)
        names.append(plotly_text(short_name(path)))
    return lanes, names


def _grid(num_goals: int, columns: int, num_lanes: int) -> Grid:
    """The goals side by side, or one above the other."""
    rows, height = rows_of(num_goals, columns), 30 * num_lanes + 10
    return Grid(rows, columns, height, 82, (8, 12, 30, 52), spacing=0.06)


def _note(rows: pd.DataFrame, goals: list[str], *, from_elsewhere: bool) -> str:
    sentences = []
    for goal in goals:
        of_goal = rows[rows["goal"] == goal]
        over = of_goal[of_goal["importance"] > of_goal["chance"]]["parameter"]
        names = listed([short_name(path) for path in over]) if len(over) else "none yet"
        num, num_known = int(of_goal["num_trials"].iloc[0]), int(of_goal["num_known"].iloc[0])
        of = f" of {num_known:,} trials, evenly spaced" if num < num_known else " trials"
        sentences.append(f"Beyond chance for {GOALS[goal]}: {names} (from {num:,}{of}).")
    missing = [GOALS[goal] for goal in GOALS if goal not in goals]
    sentences += [f"No importances for {goal}: too few trials, or all equal." for goal in missing]
    sentences.append(
        f"Ticks: the largest importance over {NUM_SHUFFLES} shuffles of the outcomes (an arrow: "
        "off the axis). A grey bar is not distinguishable from chance; by chance alone one bar in "
        f"{NUM_SHUFFLES + 1} would be blue. PED-ANOVA over explore runs: what distinguishes "
        "stable trials from all trials, and among the stable ones the best tenth by final "
        "quality; it does not show which direction is better."
    )
    if from_elsewhere:
        sentences.append(
            "People chose the settings of these trials: one that always went with another looks "
            "as important as that one."
        )
    elif rows["chosen"].any():
        sentences.append(
            "The optimizer chose some of these trials, and it returns to where it did well: that "
            "alone can make a parameter look important."
        )
    else:
        sentences.append("Only trials that no optimizer chose (known points and Sobol) are used.")
    return " ".join(sentences)
