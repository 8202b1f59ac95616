"""The scale of quality: the figures of docs/science.md section 1, its inverse, its edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.record.scale import Scale

FID = Scale(400.0)


@pytest.mark.parametrize(
    ("r", "u"),
    [(1, 0), (0.5, 0.15), (0.2, 0.34), (0.1, 0.48), (0.05, 0.61), (0.02, 0.76), (0.001, 0.98)],
)
def test_the_published_points_of_the_scale(r: float, u: float) -> None:
    assert Scale(1.0).quality(r) == pytest.approx(u, abs=0.006)
    assert Scale(2.7, floor=0.7).quality(0.7 + 2 * r) == pytest.approx(u, abs=0.006)


@pytest.mark.parametrize(("fid", "u"), [(74, 0.36), (25, 0.57), (10, 0.73), (5, 0.82)])
def test_fids_of_good_gans_differ(fid: float, u: float) -> None:
    assert FID.quality(fid) == pytest.approx(u, abs=0.008)


def test_worse_than_nothing_is_0_and_better_than_real_is_1() -> None:
    scale = Scale(3.0, floor=1.0)
    assert list(scale.qualities([3.0, 11.0, 1.0, -0.2])) == [0.0, 0.0, 1.0, 1.0]


def test_a_distance_that_is_not_finite_has_quality_0() -> None:
    assert list(FID.qualities([math.nan, math.inf, -math.inf])) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("anchor", "floor"), [(0.1, 0.1), (0.05, 0.1), (math.nan, 0.1), (0.3, math.nan)]
)
def test_an_empty_scale_has_no_quality_above_0(anchor: float, floor: float) -> None:
    scale = Scale(anchor, floor)
    assert scale.is_empty
    assert scale.quality(-1.0) == 0.0


@given(st.floats(0.0, 1.0))
def test_distance_is_the_inverse_of_quality(u: float) -> None:
    scale = Scale(2.67, floor=0.003)
    assert scale.quality(scale.distance(u)) == pytest.approx(u, abs=1e-9)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_quality_lies_between_0_and_1(distance: float) -> None:
    assert 0.0 <= FID.quality(distance) <= 1.0


def test_equal_factors_of_a_distance_are_equal_steps_of_its_logarithm() -> None:
    x = FID.log_distances([49.0, 99.0, 199.0])
    assert np.diff(x) == pytest.approx([math.log(2)] * 2)


def test_the_resolution_is_the_error_of_the_floor_where_that_is_larger() -> None:
    assert FID.resolution == 1.0
    assert Scale(400.0, floor_error=3.0).resolution == 3.0
    assert FID.log_distances([-5.0])[0] == 0.0
