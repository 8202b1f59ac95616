"""Facts about the score."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.record.score import score

anything = st.one_of(st.floats(), st.integers(-10, 10), st.sampled_from([math.nan, math.inf]))


def test_score_of_a_constant_run_is_its_quality() -> None:
    assert score([0, 50, 100], [0.6, 0.6, 0.6], 100, None) == pytest.approx(0.6)


def test_score_is_the_area_by_trapezoids() -> None:
    assert score([0, 40, 100], [0.0, 0.8, 0.6], 100, None) == pytest.approx(0.16 + 0.42)


def test_score_cuts_the_trapezoid_that_holds_the_failure() -> None:
    # u rises from 0 to 1 over 100 images: up to 50 the area is 50 * .5 / 2.
    assert score([0, 100], [0.0, 1.0], 200, 50) == pytest.approx(12.5 / 200)


def test_score_counts_nothing_after_a_failure_at_an_evaluation() -> None:
    images, u = [0, 50, 100, 150], [0.0, 0.4, 0.9, 0.9]
    assert score(images, u, 150, 50) == pytest.approx(10 / 150)
    assert score(images, u, 150, 50) == score(images[:2], u[:2], 150, None)


def test_score_of_a_run_that_ended_early_counts_zero_to_the_budget() -> None:
    assert score([0, 50], [0.8, 0.8], 100, None) == pytest.approx(0.4)


def test_score_stops_at_the_budget() -> None:
    # The last step overshoots; u at 100 is half-way between .4 and .8.
    assert score([0, 80, 120], [0.4, 0.4, 0.8], 100, None) == pytest.approx(0.32 + 0.1)


@pytest.mark.parametrize("failure", [0, -5])
def test_score_of_a_run_dead_from_the_start_is_zero(failure: int) -> None:
    assert score([0, 100], [0.5, 0.9], 100, failure) == 0.0


def test_score_ignores_a_failure_dated_after_the_end() -> None:
    assert score([0, 100], [0.5, 0.5], 100, 400) == pytest.approx(0.5)


def test_score_counts_a_quality_that_is_not_finite_as_zero() -> None:
    assert score([0, 50, 100], [1.0, math.nan, 1.0], 100, None) == pytest.approx(0.5)
    assert score([0, 50, 100], [1.0, math.inf, 1.0], 100, None) == pytest.approx(0.5)


def test_score_takes_the_first_of_two_rows_at_one_place() -> None:
    assert score([0, 50, 50, 100], [0.2, 0.2, 0.9, 0.2], 100, None) == pytest.approx(0.2)


def test_score_does_not_depend_on_the_order_of_distinct_rows() -> None:
    images, u = np.array([0, 30, 60, 100]), np.array([0.1, 0.5, 0.3, 0.9])
    expected = score(images, u, 100, 80)
    assert score(images[::-1], u[::-1], 100, 80) == pytest.approx(expected)


def test_score_counts_from_zero_images_on() -> None:
    assert score([-100, 100], [0.0, 1.0], 100, None) == pytest.approx(0.75)


@pytest.mark.parametrize("num_rows", [0, 1])
def test_score_without_two_evaluations_is_zero(num_rows: int) -> None:
    assert score([0.0] * num_rows, [0.9] * num_rows, 100, None) == 0.0


@given(
    st.lists(st.tuples(anything, anything), max_size=12),
    st.integers(1, 10**9),
    st.one_of(st.none(), st.integers(-100, 10**10)),
)
def test_score_is_finite_and_between_zero_and_one(
    rows: list[tuple[Any, Any]], budget: int, failure: int | None
) -> None:
    result = score([row[0] for row in rows], [row[1] for row in rows], budget, failure)
    assert 0.0 <= result <= 1.0


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=12),
    st.integers(0, 120),
    st.integers(0, 120),
)
def test_an_earlier_failure_never_scores_higher(u: list[float], one: int, other: int) -> None:
    images = np.linspace(0, 100, len(u))
    early, late = sorted([one, other])
    assert score(images, u, 100, early) <= score(images, u, 100, late) + 1e-12
