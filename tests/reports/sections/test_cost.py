from typing import Any

import numpy as np
import pytest

from lab.record import StudyRecord
from reports.kit.blocks import Missing
from reports.kit.panel import Panel
from reports.sections.cost.draw import cost_blocks, draw_cost
from reports.sections.cost.rows import CHOSEN_BY, CONFIRM, cost_rows
from tests.made_up.handmade import Run, handmade


def _runs(trial: int, stage: str, qualities: list[float | None], first: int = 0) -> list[Run]:
    """A stable run for each quality, a collapsed one for None."""
    return [
        Run(trial, "collapsed" if quality is None else "stable", first + i, stage,
            quality=0.3 if quality is None else quality)
        for i, quality in enumerate(qualities)
    ]  # fmt: skip


def _study(*runs: list[Run], finalists: tuple[int, ...] = ()) -> StudyRecord:
    every = [run for of_trial in runs for run in of_trial]
    conclusions: dict[str, Any] = {"finalists": finalists}
    if finalists:
        conclusions["recommended"] = finalists[0]
    trials = [("sobol", {})] * (max(run.trial for run in every) + 1)
    return handmade({}, trials, every, conclusions=conclusions)


RACED = _study(
    _runs(0, "explore", [0.9, 0.9]),
    _runs(0, "confirm", [0.8, 0.8, 0.7, None], 1000),
    _runs(1, "explore", [0.6, 0.7, 0.8]),
    _runs(2, "explore", [None, 0.95]),
    _runs(3, "explore", [None]),
    finalists=(0,),
)


def test_a_confirmed_finalist_stands_by_its_fresh_runs_alone() -> None:
    rows = cost_rows(RACED).set_index("trial")
    assert rows["basis"].tolist() == [CONFIRM, CHOSEN_BY, CHOSEN_BY, CHOSEN_BY]
    assert rows[["stable", "total"]].loc[0].tolist() == [3, 4]


def test_quality_is_the_interquartile_mean_with_failures_as_0() -> None:
    rows = cost_rows(RACED).set_index("trial")
    # Of 0, 0.7, 0.8 and 0.8 a quarter is cut at either end; three values lose none.
    assert rows["quality"].tolist() == pytest.approx([0.75, 0.7, 0.475, 0.0])


def test_bounds_are_wilsons() -> None:
    rows = cost_rows(RACED).set_index("trial")
    assert rows.loc[1, "low"] == pytest.approx(0.4385, abs=1e-4)
    assert rows.loc[3, "high"] == pytest.approx(0.7935, abs=1e-4)


def test_the_pareto_set_holds_no_trial_that_another_beats_in_both() -> None:
    # Trial 0: 3 of 4, at least 30%, quality .75; trial 1: 3 of 3, at least 44%, quality .70.
    assert cost_rows(RACED)["front"].tolist() == [True, True, False, False]


def test_one_run_each_cannot_rank_trials_and_the_figure_says_so() -> None:
    study = _study(_runs(0, "explore", [0.9]), _runs(1, "explore", [None]))
    assert not cost_rows(study)["front"].any()
    panel = _panel(study)
    assert "cannot rank them by stability" in panel.note
    assert "0% for a run that failed and 21% for one that did not" in panel.note
    assert panel.brush["y"].column == "quality"


def test_five_trials_show_the_intervals_even_of_single_runs() -> None:
    study = _study(_runs(0, "explore", [0.9]), _runs(1, "explore", [None]))
    panel = _panel(study)
    lines = [trace for trace in panel.figure.data if (trace.meta or {}).get("role") == "interval"]
    across = [x for x in lines[0].x if x is not None]
    assert across == pytest.approx([0.2065, 1.0, 0.0, 0.7935], abs=1e-4)
    assert "not drawn" not in panel.note


def test_a_trial_without_a_stable_run_is_never_in_the_pareto_set() -> None:
    study = _study(_runs(0, "explore", [None, None]), _runs(1, "explore", [None]))
    assert not cost_rows(study)["front"].any()


def test_an_interval_of_the_quality_needs_three_runs() -> None:
    has_interval = cost_rows(RACED)["quality_low"].notna()
    assert has_interval.tolist() == [True, True, False, False]


def test_a_trial_without_a_quality_takes_no_other_trials_interval() -> None:
    study = _study([Run(0, quality=None)], _runs(1, "explore", [0.6, 0.7, 0.8]))
    (row,) = cost_rows(study).to_dict("records")
    assert row["trial"] == 1
    assert (row["quality_low"], row["quality_high"]) == pytest.approx((0.6, 0.8))


def test_every_trial_is_a_mark_at_its_position() -> None:
    marks = [trace for trace in _panel(RACED).figure.data if (trace.meta or {}).get("of")]
    places = {
        trial: (x, y)
        for trace in marks
        for trial, x, y in zip(trace.customdata, trace.x, trace.y, strict=True)
    }
    assert sorted(places) == [0, 1, 2, 3]
    assert places[1] == pytest.approx((0.4385, 0.7), abs=1e-4)
    filled = [trace for trace in marks if trace.marker.symbol == "circle"]
    assert [list(trace.customdata) for trace in filled] == [[0]]


def test_the_pareto_set_is_named_and_joined() -> None:
    figure = _panel(RACED).figure
    assert [label.text for label in figure.layout.annotations] == [
        "<b>trial 0, recommended</b>",
        "trial 1",
    ]
    (line,) = (trace for trace in figure.data if (trace.meta or {}).get("role") == "front")
    assert list(line.y) == [0.75, 0.7]
    assert line.line.shape == "vh"


def test_a_large_study_is_counted_in_bins_beneath_the_pareto_set() -> None:
    panel = draw_cost(cost_rows(RACED), None, most_marks=3)
    cells = next(trace for trace in panel.figure.data if trace.type == "heatmap")
    counted = [text for line in cells.hovertext for text in line if text != "0 trials"]
    assert counted == ["1 trial"] * 4
    marked = [trace.customdata for trace in panel.figure.data if trace.customdata is not None]
    assert sorted(np.concatenate(marked).tolist()) == [0, 1]
    assert panel.extra["trial"] == [0, 1, 2, 3]
    assert panel.extra["y"] == [0.75, 0.7, 0.475, 0.0]


def test_the_table_names_the_few_and_counts_the_others() -> None:
    table = _panel(RACED).table
    assert table is not None
    assert table["trial"].tolist()[:2] == ["0", "1"]
    assert table["trials"].sum() == 4


def test_trials_without_a_final_quality_are_counted() -> None:
    runs = [*_runs(0, "explore", [0.9]), Run(1, "stable", quality=None)]
    study = handmade({}, [("sobol", {})] * 3, runs)
    assert cost_rows(study)["trial"].tolist() == [0]
    assert "Not drawn: 2 trials without a final quality." in _panel(study).note


def test_without_a_verdict_there_is_a_sentence() -> None:
    assert cost_blocks(handmade({}, [("sobol", {})], [])) == [Missing("No run has a verdict yet.")]


def _panel(study: StudyRecord) -> Panel:
    (panel,) = cost_blocks(study)
    assert isinstance(panel, Panel)
    return panel
