"""Facts about value axes."""

import numpy as np
import pytest

from reports.kit.value_ranges import Range, robust_range


def test_an_exploded_run_does_not_stretch_the_axis() -> None:
    values = np.array([1.0, 2.0, 3.0, 2.0, 1e9, np.inf])
    alive = np.array([True, True, True, True, False, False])
    assert robust_range(values, alive) == Range(1.0, 3.0, False)


def test_one_wild_value_before_a_failure_does_not_stretch_the_axis_either() -> None:
    values = np.array([*np.linspace(1.0, 2.0, 40), 1e9])
    axis = robust_range(np.log(values), np.ones(41, dtype=bool))
    assert axis.high < 3.0


def test_wide_positive_values_get_a_logarithmic_axis() -> None:
    values = np.geomspace(1.0, 1000.0, 20)
    axis = robust_range(values, np.ones(20, dtype=bool))
    assert (axis.log, axis.low, axis.high) == (
        True, pytest.approx(1.0), pytest.approx(1000.0),
    )  # fmt: skip


def test_values_that_are_no_numbers_at_all_still_give_an_axis() -> None:
    assert robust_range(np.array([np.nan, np.inf]), np.zeros(2, dtype=bool)) == Range(0, 1, False)


def test_a_short_logarithmic_axis_is_labelled_at_one_two_and_five() -> None:
    assert Range(1.5, 120.0, True).ticks() == pytest.approx([2, 5, 10, 20, 50, 100])


def test_a_long_logarithmic_axis_is_labelled_at_powers_that_fit() -> None:
    assert Range(1e-3, 10.0, True).ticks() == pytest.approx([1e-3, 1e-2, 0.1, 1, 10])
    assert len(Range(1e-15, 1e15, True).ticks()) <= 10
