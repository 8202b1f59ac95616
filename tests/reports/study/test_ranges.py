"""Facts about ranges that hold or fail, and about what is untested."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.record import ParameterCard
from reports.study.range_bins import FEW_BINS, bin_edges, ranges_of
from reports.study.ranges import FoundRange, best_range, found_among, range_finding
from reports.study.untested import gaps

Array = NDArray[np.float64]
RATE = ParameterCard(path="optimizer.generator.lr", kind="float", low=1e-5, high=1e-2, log=True)


def _claims(values: Array, stable: NDArray[np.bool_]) -> list[FoundRange]:
    """What is claimed of several columns of values [runs, parameters] on the rate's range."""
    pruned = np.zeros(len(stable), dtype=bool)
    fine, coarse = bin_edges(RATE), bin_edges(RATE, FEW_BINS)
    looked = [
        ((str(i),), ranges_of(values[:, [i]], stable, pruned, [fine]))
        for i in range(values.shape[1])
    ]
    if values.shape[1] < 2:
        return found_among([*looked], None)
    joint = (("0", "1"), ranges_of(values[:, :2], stable, pruned, [coarse, coarse]))
    return found_among([*looked], joint)


def test_bins_meet_at_round_numbers_and_depend_on_the_space_alone() -> None:
    expected = [1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2]
    assert bin_edges(RATE) == pytest.approx(expected)
    assert bin_edges(ParameterCard(path="beta", kind="float", low=0.0, high=0.5)) == pytest.approx(
        [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]
    )
    steps = ParameterCard(path="steps", kind="int", low=1, high=5)
    assert bin_edges(steps).tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert bin_edges(ParameterCard(path="loss", kind="categorical", choices=("a",))).size == 0


def test_ranges_count_every_stretch_of_bins() -> None:
    values = np.array([1.0, 1.5, 2.5, 2.5, 3.0, np.nan, 9.0])
    stable = np.array([True, False, True, True, False, True, True])
    pruned = np.array([False, False, False, False, True, False, False])
    ranges = ranges_of(values[:, None], stable, pruned, [np.array([1.0, 2.0, 3.0])])
    counts = zip(*(column.ravel().tolist() for column in ranges), strict=True)
    assert list(counts) == [(1, 3, 3, 4, 1), (1, 2, 1, 2, 0), (2, 3, 2, 2, 1)]


def test_ranges_of_two_parameters_count_every_rectangle() -> None:
    draw = np.random.default_rng(2)
    values = draw.uniform(0, 3, size=(50, 2))
    stable, pruned = draw.random(50) < 0.5, np.arange(50) % 7 == 0
    ranges = ranges_of(values, stable, pruned, [np.arange(4.0), np.array([0.0, 1.0, 3.0])])
    assert ranges.total.size == 6 * 3
    assert (ranges.low[0].tolist(), ranges.high[0].tolist()) == ([0, 0], [3, 3])
    for i, (low, high) in enumerate(zip(ranges.low, ranges.high, strict=True)):
        inside = ((values >= low) & (values < high)).all(axis=1)
        counted = (inside & stable).sum(), (inside & ~pruned).sum(), (inside & pruned).sum()
        assert counted == (ranges.stable[i], ranges.total[i], ranges.pruned[i])


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
    num_found = missed = 0
    for _ in range(100):
        values = 10 ** draw.uniform(-5, -2, size=(200, 2))
        inside = (values[:, 0] > 1e-4) & (values[:, 0] < 5e-4)
        claims = _claims(values, draw.random(200) < np.where(inside, 0.95, 0.2))
        held = [one for one in claims if one.limits[0][0] == "0" and one.holds]
        num_found += bool(held)
        for one in held:
            low, high = np.log10(one.limits[0][1:])
            at = np.linspace(low, high, 2_001)
            true = np.where((at > -4) & (at < np.log10(5e-4)), 0.95, 0.2).mean()
            missed += not one.interval.low <= true <= one.interval.high
    assert num_found >= 95
    assert missed <= 5


def test_a_range_is_reported_with_its_counts_and_against_the_whole() -> None:
    draw = np.random.default_rng(4)
    values = 10 ** draw.uniform(-5, -2, size=(400, 1))
    inside = (values[:, 0] > 1e-4) & (values[:, 0] < 5e-4)
    stable = draw.random(400) < np.where(inside, 0.97, 0.2)
    first = _claims(values, stable)[0]
    finding = range_finding(first)
    assert first.limits[0][1:] == pytest.approx((1e-4, 5e-4))
    assert f"1e-4 to 5e-4: stable in {first.stable} of {first.total} runs (" in finding.claim
    assert f"Of all Sobol runs {100 * stable.mean():.0f}% (" in finding.detail


def test_pruned_runs_count_against_whatever_is_claimed() -> None:
    edges = [np.array([1.0, 2.0, 3.0])]
    values = np.repeat([1.5, 2.5], 30)[:, None]
    stable = values[:, 0] < 2
    nothing, third = np.zeros(60, dtype=bool), np.arange(60) % 3 == 0

    def claimed(stable: NDArray[np.bool_], pruned: NDArray[np.bool_]) -> FoundRange | None:
        ranges = ranges_of(values, stable, pruned, edges)
        return best_range(("x",), ranges, 0.05 / 3, 3, holds=True)

    assert claimed(stable, nothing) is not None
    assert claimed(stable & ~third, third) is None


def test_a_gap_at_an_end_is_open_and_one_inside_is_not() -> None:
    values = np.array([1e-5, 2e-5, 5e-5, 1e-3])
    untested = gaps(RATE, values, np.array([1e-4, 2e-4, 5e-3]))
    assert [gap.words() for gap in untested] == [
        "generator rate 5e-5 to 1e-3",
        "generator rate > 1e-3",
    ]
    assert [gap.num_biased for gap in untested] == [2, 1]


def test_a_range_that_ends_well_inside_the_customary_one_is_open() -> None:
    narrow = ParameterCard(path="optimizer.critic.lr", kind="float", low=5e-5, high=5e-4, log=True)
    values = np.geomspace(5e-5, 5e-4, 9)
    untested = gaps(narrow, values, np.empty(0))
    assert [gap.words() for gap in untested] == ["critic rate > 5e-4"]
    other = ParameterCard(path="network.width", kind="float", low=5e-5, high=5e-4, log=True)
    assert gaps(other, values, np.empty(0)) == []


def test_one_value_alone_leaves_all_others_untested() -> None:
    weight = ParameterCard(path="penalty.weight", kind="float", low=0.1, high=100.0, log=True)
    untested = gaps(weight, np.full(6, 10.0), np.empty(0))
    assert [gap.words() for gap in untested] == ["penalty weight other than 10"]
    assert gaps(weight, np.full(2, np.nan), np.empty(0)) == []


def test_two_rates_that_bound_each_other_are_reported_together() -> None:
    """Stable where both lie between 1e-4 and 1e-3, elsewhere in 15 %."""
    draw = np.random.default_rng(9)
    values = 10 ** draw.uniform(-5, -2, size=(400, 2))
    inside = ((values > 1e-4) & (values < 1e-3)).all(axis=1)
    claims = _claims(values, draw.random(400) < np.where(inside, 0.95, 0.15))
    joint = [one for one in claims if len(one.limits) == 2]
    assert len(joint) == 1
    assert joint[0].limits[0][1:] == pytest.approx((1e-4, 1e-3))
    assert joint[0].limits[1][1:] == pytest.approx((1e-4, 1e-3))
    assert joint[0].interval.low <= 0.95 <= joint[0].interval.high
