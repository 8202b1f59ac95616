from typing import Any

import numpy as np
import pandas as pd
import pytest

from lab.record import ParameterCard, StudyRecord
from reports.kit.axes import axis_for
from reports.kit.blocks import Missing
from reports.kit.panel import Brush, Panel
from reports.sections.zone.cells import cell_rows, hatching, shades
from reports.sections.zone.draw import draw_safe_zone, safe_zone_blocks
from reports.sections.zone.rows import map_of, safe_zone_rows
from reports.study.tables import parameters_of
from tests.made_up.handmade import Run, handmade

ACROSS = ParameterCard(path="a", kind="float", low=1e-4, high=1e-2, log=True)
UPWARD = ParameterCard(path="b", kind="categorical", choices=("x", "y"))
AXES = axis_for(ACROSS, []), axis_for(UPWARD, [])


def _placed(cells: list[tuple[float, str, int, list[str]]]) -> pd.DataFrame:
    """Runs on the axes: (a, b, how many stable, how the others failed)."""
    rows = [
        (a, b, outcome)
        for a, b, stable, failures in cells
        for outcome in ["stable"] * stable + failures
    ]
    frame = pd.DataFrame(rows, columns=["a", "b", "outcome"])
    places = {axis.parameter.path: axis.positions(frame[axis.parameter.path]) for axis in AXES}
    return frame.assign(trial=np.arange(len(frame)), **places)


FOUR = _placed(
    [
        (2e-4, "x", 5, []),
        (5e-3, "x", 1, ["diverged"] * 3 + ["collapsed"] * 6),
        (5e-3, "y", 6, ["diverged"] * 4),
        (2e-4, "y", 1, ["stalled"] * 2),
    ]
)


def test_cells_count_stable_of_total_with_wilsons_bounds() -> None:
    cells = cell_rows(FOUR, *AXES, 6).set_index(["x0", "y0"])
    assert cells[["stable", "total", "little"]].to_dict("index") == {
        (-4.0, -0.5): {"stable": 5, "total": 5, "little": False},
        (-3.0, -0.5): {"stable": 1, "total": 10, "little": False},
        (-4.0, 0.5): {"stable": 1, "total": 3, "little": True},
        (-3.0, 0.5): {"stable": 6, "total": 10, "little": False},
    }
    assert cells.loc[(-4.0, -0.5), "low"] == pytest.approx(0.566, abs=1e-3)


def test_a_cell_names_its_most_frequent_failure() -> None:
    cells = cell_rows(FOUR, *AXES, 6)
    assert cells["cause"].tolist() == ["", "collapsed", "stalled", "diverged"]
    assert cells["failed"].tolist() == [0, 6, 2, 4]


def test_a_cell_of_little_data_is_hatched_and_has_no_shade() -> None:
    cells = cell_rows(FOUR, *AXES, 6)
    restyle = shades(cells)
    assert restyle["z"][0] == [0.566, 0.0179]
    assert restyle["z"][1][0] is None
    assert (
        restyle["hovertext"][0][1]
        == "1 of 10 stable (2–40%)<br>most often collapsed: 6 of 9 failures"
    )
    (hatch,) = hatching(cells)
    assert hatch["path"].count("M") == 7
    assert "M-4,0.5L-3,1.5" in hatch["path"]


def test_few_runs_shade_nothing() -> None:
    few = _placed([(2e-4, "x", 5, []), (5e-3, "y", 5, ["diverged"] * 8)])
    assert cell_rows(few, *AXES, 6).empty


PARAMETERS: dict[str, dict[str, Any]] = {
    "a": {"kind": "float", "low": 1e-4, "high": 1e-2, "log": True},
    "b": {"kind": "categorical", "choices": ["x", "y"]},
}


def _study(origin: str) -> StudyRecord:
    """28 Sobol trials, then 10 of another origin, all stable."""
    points = [{"a": (5e-3, 2e-4)[i % 2], "b": "xy"[i % 4 // 2]} for i in range(38)]
    trials = [("sobol" if i < 28 else origin, point) for i, point in enumerate(points)]
    return handmade(PARAMETERS, trials, [Run(number) for number in range(38)])


@pytest.mark.parametrize("origin", ["tpe", "known:a"])
def test_only_sobol_runs_shade_the_map(origin: str) -> None:
    panel = _panel(_study(origin))
    assert panel.table is not None
    assert panel.table["runs"].sum() == 28


def _panel(study: StudyRecord) -> Panel:
    (panel,) = safe_zone_blocks(study)
    assert isinstance(panel, Panel)
    return panel


def test_race_and_confirm_runs_are_no_sample_of_the_space() -> None:
    study = _study("tpe")
    more = [Run(0, seed=1, stage="race"), Run(0, seed=1000, stage="confirm")]
    raced = handmade(
        PARAMETERS,
        [(trial.origin, trial.parameters) for trial in study.trials],
        [*(Run(number) for number in range(38)), *more],
    )
    assert len(safe_zone_rows(raced)) == 38


def test_a_study_of_five_trials_has_no_map() -> None:
    study = handmade(
        PARAMETERS, [("sobol", {"a": 1e-3, "b": "x"})] * 5, [Run(i) for i in range(5)]
    )
    assert safe_zone_blocks(study) == [
        Missing("Too few runs: 5 trials with a verdict; a map of the space is drawn from 12 on.")
    ]


def test_every_run_is_a_mark_and_the_optimisers_are_hollow(study: StudyRecord) -> None:
    rows = safe_zone_rows(study)
    marks = [
        trace
        for trace in draw_safe_zone(rows, parameters_of(study)).figure.data
        if trace.meta.get("of") == "runs"
    ]
    assert sorted(run for trace in marks for run in trace.customdata) == rows.index.tolist()
    hollow = sum(len(t.x) for t in marks if t.marker.symbol.endswith("-open"))
    assert hollow == (~rows["unbiased"]).sum()


def test_beyond_the_most_marks_the_optimisers_runs_are_left_out_and_counted() -> None:
    study = _study("tpe")
    panel = draw_safe_zone(safe_zone_rows(study), parameters_of(study), most_marks=30)
    assert "Showing 28 of 38 explore runs" in panel.note
    assert panel.marks == "cells"


def test_a_large_study_marks_each_cells_most_frequent_failure() -> None:
    trials = [("sobol", {"a": 2e-4 if i % 2 else 5e-3, "b": "x"}) for i in range(40)]
    runs = [Run(i, "diverged" if i % 2 else "stable") for i in range(40)]
    study = handmade(PARAMETERS, trials, runs)
    panel = draw_safe_zone(safe_zone_rows(study), parameters_of(study), most_marks=30)
    (glyphs,) = (trace for trace in panel.figure.data if trace.meta.get("outcome"))
    assert glyphs.meta["outcome"] == "diverged"
    assert list(glyphs.y) == [0]
    assert len(glyphs.x) == 1
    assert glyphs.x[0] < -3
    assert not [trace for trace in panel.figure.data if trace.customdata is not None]


def test_a_picker_changes_the_axis_and_what_a_drag_selects(study: StudyRecord) -> None:
    panel = draw_safe_zone(safe_zone_rows(study), parameters_of(study))
    assert panel.brush["x"] == Brush("optimizer.generator.lr", "log10")
    across = panel.pickers[0].options["loss"]
    assert across.brush["x"].scale == "slots"
    assert across.brush["x"].slots == ("hinge", "non-saturating", "relativistic")
    assert len(across.restyle["x"]) == len(panel.figure.data)


def test_runs_without_the_parameter_are_counted_beneath_the_map(study: StudyRecord) -> None:
    rows = safe_zone_rows(study)
    absent = int(rows["penalty.weight"].isna().sum())
    joint = draw_safe_zone(rows, parameters_of(study)).joint
    assert f"Not drawn: {absent} runs without penalty weight." in (
        joint["penalty.weight|loss"].note
    )
    assert "Not drawn" not in joint["loss|training.batch_size"].note


def test_a_branch_that_most_trials_do_not_take_is_no_axis_to_begin_with() -> None:
    parameters = {"weight": {"kind": "float", "low": 0.1, "high": 10.0}, **PARAMETERS}
    trials = [("known:a", {"a": 1e-3, "b": "x"})] * 12
    study = handmade(parameters, trials, [Run(number) for number in range(12)])
    assert [picker.selected for picker in _panel(study).pickers] == ["a", "b"]


def test_a_known_point_outside_the_space_widens_the_axis() -> None:
    assert axis_for(ACROSS, [5e-2, None]).edges == pytest.approx((-4.0, -1.30103))


def test_bins_are_named_by_their_values() -> None:
    assert AXES[0].spans([-4.0], [-3.0]) == ["1e-4 to 1e-3"]
    assert AXES[1].spans([0.5], [1.5]) == ["y"]


def test_places_of_the_map_are_kept_by_run_index(study: StudyRecord) -> None:
    rows = safe_zone_rows(study)
    drawn = map_of(rows, parameters_of(study))
    run = rows.index[3]
    rate = rows.loc[run, "optimizer.generator.lr"]
    assert drawn.positions.loc[run, "optimizer.generator.lr"] == pytest.approx(np.log10(rate))


def test_a_parameter_that_no_run_has_still_has_an_axis() -> None:
    without_ends = ParameterCard.model_construct(path="a", kind="float", log=True)
    assert axis_for(without_ends, [None]).edges == (-1.0, 0.0)
