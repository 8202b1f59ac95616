import pandas as pd
import pytest

from lab.record import StudyRecord
from reports.figures.axes import axis_for
from reports.figures.safe_zone import draw_safe_zone, safe_zone_cells, safe_zone_rows
from reports.tables import Parameter, parameters_of

ACROSS = Parameter("a", "float", 1e-4, 1e-2, True)
UPWARD = Parameter("b", "categorical", choices=("x", "y"))
AXES = axis_for(ACROSS, []), axis_for(UPWARD, [])


def _rows(cells: list[tuple[float, str, int, int]], origin: str = "sobol") -> pd.DataFrame:
    """Rows of (a, b, stable, failed) runs."""
    rows = [
        (a, b, outcome, origin)
        for a, b, stable, failed in cells
        for outcome in ["stable"] * stable + ["diverged"] * failed
    ]
    return pd.DataFrame(rows, columns=["a", "b", "outcome", "origin"])


def test_cells_count_stable_of_total_with_wilsons_lower_bound() -> None:
    rows = _rows([(2e-4, "x", 5, 0), (5e-3, "x", 1, 9), (5e-3, "y", 6, 4), (2e-4, "y", 1, 2)])
    cells = safe_zone_cells(rows, *AXES).set_index(["x0", "y0"])
    assert cells[["stable", "total"]].to_dict("index") == {
        (-4.0, -0.5): {"stable": 5, "total": 5},
        (-3.0, -0.5): {"stable": 1, "total": 10},
        (-3.0, 0.5): {"stable": 6, "total": 10},
    }
    assert cells.loc[(-4.0, -0.5), "low"] == pytest.approx(0.566, abs=1e-3)


def test_the_optimisers_and_known_runs_do_not_shade_the_map() -> None:
    rows = _rows([(2e-4, "x", 5, 2), (5e-3, "x", 1, 9), (5e-3, "y", 6, 4)])
    before = safe_zone_cells(rows, *AXES)
    more = [rows, _rows([(2e-4, "x", 50, 0)], "tpe"), _rows([(2e-4, "x", 9, 0)], "known:a")]
    pd.testing.assert_frame_equal(before, safe_zone_cells(pd.concat(more), *AXES))


def test_few_runs_shade_nothing() -> None:
    assert safe_zone_cells(_rows([(2e-4, "x", 5, 0), (5e-3, "y", 5, 8)]), *AXES).empty


def test_every_run_is_a_row_with_its_parameters(study: StudyRecord) -> None:
    rows = safe_zone_rows(study)
    assert len(rows) == len(study.runs)
    assert rows["best"].sum() == 1
    first = study.trials[0]
    assert rows["optimizer.critic_lr"].iloc[0] == first["parameters"]["optimizer.critic_lr"]


def test_every_run_is_a_mark_and_the_optimisers_are_hollow(study: StudyRecord) -> None:
    rows = safe_zone_rows(study)
    marks = [
        t for t in draw_safe_zone(rows, parameters_of(study)).figure.data if t.meta.get("outcome")
    ]
    assert sum(len(trace.x) for trace in marks) == len(rows)
    hollow = sum(len(t.x) for t in marks if t.marker.symbol.endswith("-open"))
    assert hollow == (~rows["unbiased"].astype(bool)).sum()


def test_runs_without_the_parameter_are_counted_beneath_the_map(study: StudyRecord) -> None:
    rows = safe_zone_rows(study)
    absent = int(rows["penalty.weight"].isna().sum())
    joint = draw_safe_zone(rows, parameters_of(study)).joint
    assert f"{absent} runs without a penalty weight not drawn." in (
        joint["penalty.weight|loss"].note
    )
    assert "not drawn" not in joint["loss|training.batch_size"].note


def test_a_known_point_outside_the_space_widens_the_axis() -> None:
    assert axis_for(ACROSS, [5e-2, None]).edges == pytest.approx((-4.0, -1.30103))
