"""Facts about rows held as columns."""

import math

import numpy as np

from lab.record.evaluations import Evaluations


def test_rows_come_back_as_they_were_appended() -> None:
    rows = [
        {"images_seen": 0, "quality": 0.0, "note": None},
        {"images_seen": 640, "quality": math.inf, "signal_non_finite": 3},
        {"quality": 0.25, "images_seen": 1280, "future": [1, 2], "told": True},
    ]
    evaluations = Evaluations()
    view = evaluations.append(rows)
    assert list(view) == rows
    assert view[-1] == rows[-1]
    assert view[:2] == rows[:2]
    assert type(view[0]["images_seen"]) is int
    assert type(view[0]["quality"]) is float


def test_a_column_has_nan_where_a_row_lacks_it_or_holds_no_number() -> None:
    evaluations = Evaluations()
    evaluations.append([{"images_seen": 0, "quality": 0.5}, {"images_seen": 64, "quality": "?"}])
    assert evaluations.append([]) == []
    evaluations.append([{"quality": 0.75, "images_seen": 0, "signal": 2}])
    assert evaluations.names == ("images_seen", "quality", "signal")
    np.testing.assert_array_equal(evaluations.column("quality"), [0.5, np.nan, 0.75])
    np.testing.assert_array_equal(evaluations.column("signal"), [np.nan, np.nan, 2])
    np.testing.assert_array_equal(evaluations.column("absent"), [np.nan] * 3)
    assert evaluations.first.tolist() == [0, 2, 2, 3]
    assert evaluations.run.tolist() == [0, 0, 2]
