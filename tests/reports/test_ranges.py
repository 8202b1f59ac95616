"""Facts about ranges that hold or fail, and about what is untested."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from reports.ranges_found import (
    FoundRange,
    _best,
    bin_edges,
    exact_bounds,
    range_finding,
    ranges_of,
)
from reports.tables import Parameter
from reports.untested import gaps

Array = NDArray[np.float64]
RATE = Parameter("optimizer.generator_lr", "float", 1e-5, 1e-2, True)


def _claims(values: Array, stable: NDArray[np.bool_]) -> list[FoundRange]:
    """What is claimed of several columns of values [runs, parameters] on the rate's range."""
    pruned = np.zeros(len(stable), dtype=bool)
    edges = bin_edges(RATE)
    looked = [ranges_of(column, stable, pruned, edges) for column in values.T]
    count = sum(ranges.total.size for ranges in looked)
    found = [
        _best(str(i), ranges, count, holds=holds)
        for i, ranges in enumerate(looked)
        for holds in (True, False)
    ]
    return [one for one in found if one is not None]


def test_bins_meet_at_round_numbers_and_depend_on_the_space_alone() -> None:
    expected = [1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2]
    assert bin_edges(RATE) == pytest.approx(expected)
    assert bin_edges(Parameter("beta", "float", 0.0, 0.5)) == pytest.approx(
        [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]
    )
    assert bin_edges(Parameter("steps", "int", 1, 5)).tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert bin_edges(Parameter("loss", "categorical", choices=("a",))).size == 0


def test_ranges_count_every_stretch_of_bins() -> None:
    values = np.array([1.0, 1.5, 2.5, 2.5, 3.0, np.nan, 9.0])
    stable = np.array([True, False, True, True, False, True, True])
    pruned = np.array([False, False, False, False, True, False, False])
    ranges = ranges_of(values, stable, pruned, np.array([1.0, 2.0, 3.0]))
    counts = zip(*(column.tolist() for column in ranges), strict=True)
    assert list(counts) == [(1, 3, 3, 4, 1), (1, 2, 1, 2, 0), (2, 3, 2, 2, 1)]


def test_exact_bounds_are_clopper_and_pearsons() -> None:
    low, high = exact_bounds(np.array([38, 0]), np.array([40, 10]), 0.95)
    expected = stats.binomtest(38, 40).proportion_ci(method="exact")
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high))
    assert (low[1], high[1]) == pytest.approx((0.0, 0.3085), abs=1e-4)


def test_without_any_effect_claimed_ranges_cover_the_truth_in_95_of_100_studies() -> None:
    draw = np.random.default_rng(3)
    missed = 0
    for _ in range(400):
        values = 10 ** draw.uniform(-5, -2, size=(80, 3))
        claims = _claims(values, draw.random(80) < 0.4)
        missed += any(not one.interval.low <= 0.4 <= one.interval.high for one in claims)
    assert missed <= 0.05 * 400


def test_a_range_that_holds_is_found_and_its_interval_covers_its_true_share() -> None:
    """Stable in 95 % between 1e-4 and 5e-4, else in 20 %."""
    draw = np.random.default_rng(4)
    found = missed = 0
    for _ in range(100):
        values = 10 ** draw.uniform(-5, -2, size=(200, 2))
        inside = (values[:, 0] > 1e-4) & (values[:, 0] < 5e-4)
        claims = _claims(values, draw.random(200) < np.where(inside, 0.95, 0.2))
        held = [one for one in claims if one.path == "0" and one.holds]
        found += len(held)
        for one in held:
            at = np.linspace(np.log10(one.low), np.log10(one.high), 2_001)
            true = np.where((at > -4) & (at < np.log10(5e-4)), 0.95, 0.2).mean()
            missed += not one.interval.low <= true <= one.interval.high
    assert found >= 95
    assert missed <= 5


def test_a_range_is_told_with_its_counts_and_against_the_whole() -> None:
    draw = np.random.default_rng(4)
    values = 10 ** draw.uniform(-5, -2, size=(400, 1))
    inside = (values[:, 0] > 1e-4) & (values[:, 0] < 5e-4)
    stable = draw.random(400) < np.where(inside, 0.97, 0.2)
    first = _claims(values, stable)[0]
    told = range_finding(first)
    assert (first.low, first.high) == pytest.approx((1e-4, 5e-4))
    assert f"1e-4 to 5e-4: stable in {first.stable} of {first.total} runs (" in told.claim
    assert f"Of all Sobol runs {int(stable.sum())} of 400" in told.detail


def test_pruned_runs_count_against_whatever_is_claimed() -> None:
    edges = np.array([1.0, 2.0, 3.0])
    values = np.repeat([1.5, 2.5], 30)
    stable = values < 2
    nothing = np.zeros(60, dtype=bool)
    half = np.arange(60) % 3 == 0
    untouched = _best("x", ranges_of(values, stable, nothing, edges), 3, holds=True)
    assert untouched is not None
    touched = _best("x", ranges_of(values, stable & ~half, half, edges), 3, holds=True)
    assert touched is None


def test_a_gap_at_an_end_is_open_and_one_inside_is_not() -> None:
    values = np.array([1e-5, 2e-5, 5e-5, 1e-3])
    found = gaps(RATE, values, np.array([1e-4, 2e-4, 5e-3]))
    assert [gap.words() for gap in found] == [
        "generator rate 5e-5 to 1e-3",
        "generator rate > 1e-3",
    ]
    assert [gap.num_biased for gap in found] == [2, 1]


def test_a_range_that_ends_well_inside_the_customary_one_says_so() -> None:
    narrow = Parameter("optimizer.critic_lr", "float", 5e-5, 5e-4, True)
    values = np.geomspace(5e-5, 5e-4, 9)
    found = gaps(narrow, values, np.empty(0))
    assert [gap.words() for gap in found] == ["critic rate > 5e-4"]
    other = Parameter("network.width", "float", 5e-5, 5e-4, True)
    assert gaps(other, values, np.empty(0)) == []


def test_one_value_alone_leaves_all_others_untested() -> None:
    weight = Parameter("penalty.weight", "float", 0.1, 100.0, True)
    found = gaps(weight, np.full(6, 10.0), np.empty(0))
    assert [gap.words() for gap in found] == ["penalty weight other than 10"]
    assert gaps(weight, np.full(2, np.nan), np.empty(0)) == []
