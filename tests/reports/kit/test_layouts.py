"""Facts about grids of small figures."""

from itertools import combinations

import pytest

from reports.kit.layouts import Grid, name_above, rows_of


def test_figures_fill_rows_from_the_left() -> None:
    assert rows_of(9, 4) == (4, 4, 1)
    assert rows_of(4, 4) == (4,)
    assert Grid((4, 0, 2), 4, 100, 20).starts_row() == [True, *[False] * 3, True, False]


@pytest.mark.parametrize("rows", [(2, 2, 1), (3, 3, 0, 3, 1), (5,)])
def test_figures_of_a_grid_do_not_overlap_and_stay_inside(rows: tuple[int, ...]) -> None:
    changes = Grid(rows, max(rows), 100, 40).changes()
    ends = [name[5:-7] for name in changes if name.startswith("xaxis")]
    assert len(ends) == sum(rows)
    places = [(changes[f"xaxis{end}.domain"], changes[f"yaxis{end}.domain"]) for end in ends]
    for domains in places:
        assert all(-1e-9 <= low < high <= 1 + 1e-9 for low, high in domains)
    for one, other in combinations(places, 2):
        apart = [a[1] < b[0] or b[1] < a[0] for a, b in zip(one, other, strict=True)]
        assert any(apart)


def test_rows_are_as_high_as_they_should_be_in_pixels() -> None:
    grid = Grid((2, 0, 1), 2, 100, 20, margin=(0, 0, 30, 10))
    assert grid.height == 100 + 20 + 1 + 20 + 100 + 40
    low, high = grid.changes()["yaxis.domain"]
    assert (high - low) * (grid.height - 40) == pytest.approx(100)


def test_a_name_stands_on_the_axes_of_its_figure() -> None:
    assert name_above(0, "a")["xref"] == "x domain"
    assert name_above(2, "a")["yref"] == "y3 domain"


def test_one_row_needs_no_room_for_a_gap() -> None:
    grid = Grid((1,), 1, 40, 82, margin=(0, 0, 0, 0))
    assert grid.figure().layout.height == 40
    assert grid.changes()["yaxis.domain"] == [0, 1]
