from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lab.record import StudyRecord, read_study
from reports.figures.curves import curves_rows, draw_curves
from reports.figures.ranges import Range, robust_range
from tests.reports.synthetic import NAMES, write_study


def _rows(values: dict[int, list[float]], onset: dict[int, float]) -> pd.DataFrame:
    rows = [
        (trial, 0, "diverged" if trial in onset else "stable", 100 * i, value, onset.get(trial))
        for trial, series in values.items()
        for i, value in enumerate(series)
    ]
    columns = ["trial", "seed", "outcome", "images_seen", "fd", "onset_images"]
    table = pd.DataFrame(rows, columns=columns).astype({"onset_images": float})
    alive = table["onset_images"].isna() | (table["images_seen"] < table["onset_images"])
    return table.assign(alive=alive, best=table["trial"] == 0)


def test_an_exploded_run_does_not_stretch_the_axis() -> None:
    values = np.array([1.0, 2.0, 3.0, 2.0, 1e9, np.inf])
    alive = np.array([True, True, True, True, False, False])
    assert robust_range(values, alive) == Range(1.0, 3.0, False)


def test_one_wild_value_before_a_failure_does_not_stretch_the_axis_either() -> None:
    values = np.array([*np.linspace(1.0, 2.0, 40), 1e9])
    shown = robust_range(np.log(values), np.ones(41, dtype=bool))
    assert shown.high < 3.0


def test_wide_positive_values_get_a_logarithmic_axis() -> None:
    values = np.geomspace(1.0, 1000.0, 20)
    shown = robust_range(values, np.ones(20, dtype=bool))
    assert (shown.log, shown.low, shown.high) == (
        True, pytest.approx(1.0), pytest.approx(1000.0),
    )  # fmt: skip


def test_values_that_are_no_numbers_at_all_still_give_an_axis() -> None:
    assert robust_range(np.array([np.nan, np.inf]), np.zeros(2, dtype=bool)) == Range(0, 1, False)


def test_points_outside_and_points_that_are_no_number_are_counted() -> None:
    rows = _rows({0: [3.0, 2.0, 1.0], 1: [3.0, 9e9, np.nan], 2: [3.0, np.inf]}, {1: 100, 2: 100})
    note = draw_curves(rows, ["fd"]).note
    assert "1 point of 1 run outside the axis; 2 points of 2 runs not a finite number" in note


def test_runs_of_one_outcome_share_a_trace_with_a_gap_between() -> None:
    figure = draw_curves(_rows({0: [3.0, 2.0], 1: [4.0, 1.0]}, {}), ["fd"]).figure
    assert list(figure.data[0].x) == [0, 100, None, 0, 100]
    assert list(figure.data[0].y) == [3.0, 2.0, None, 4.0, 1.0]


def test_a_failure_is_marked_at_its_onset_inside_the_axis() -> None:
    rows = _rows({0: [3.0, 2.0, 1.0], 1: [3.0, 2.5, 9e9]}, {1: 200})
    panel = draw_curves(rows, ["fd"])
    marks = [t for t in panel.figure.data if t.mode == "markers" and len(t.x or ())]
    assert [(list(t.x), list(t.y)) for t in marks] == [([200.0], [3.0])]


def test_the_failures_curve_ends_and_the_row_is_kept(tmp_path: Path) -> None:
    study = read_study(write_study(tmp_path, 1, verdict="diverged"))
    rows = curves_rows(study)
    assert rows[NAMES.frechet].isna().sum() == 1
    assert rows["alive"].tolist() == [True] * (len(rows) - 1) + [False]


def test_the_metric_picker_holds_every_metric_for_every_trace(study: StudyRecord) -> None:
    panel = draw_curves(curves_rows(study), ["quality", NAMES.kernel], {NAMES.kernel: 0.0004})
    options = panel.pickers[0].options
    assert list(options) == ["quality", NAMES.kernel]
    for option in options.values():
        assert len(option.restyle["y"]) == len(panel.figure.data)
    assert options[NAMES.kernel].restyle["y"][-1] == [0.0004, 0.0004]
