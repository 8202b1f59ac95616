"""Facts about the statistics over seeds, against scipy, brute force and closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lab.statistics import (
    Interval,
    bootstrap_interval,
    conditional_value_at_risk,
    interquartile_mean,
    kaplan_meier,
    probability_of_improvement,
    restricted_mean,
    wilson_interval,
)

finite = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(("runs", "low"), [(3, 0.44), (5, 0.57), (10, 0.72), (20, 0.84)])
def test_wilson_gives_the_lower_bounds_of_the_science_page(runs: int, low: float) -> None:
    interval = wilson_interval(runs, runs)
    assert round(interval.low, 2) == low
    assert interval.high == 1.0


@given(st.integers(1, 200), st.data(), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_equals_scipy(runs: int, data: st.DataObject, confidence: float) -> None:
    successes = data.draw(st.integers(0, runs))
    expected = stats.binomtest(successes, runs).proportion_ci(confidence, method="wilson")
    interval = wilson_interval(successes, runs, confidence)
    assert interval == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_no_runs_knows_nothing() -> None:
    assert wilson_interval(0, 0) == Interval(0.0, 1.0)


def test_wilson_takes_arrays_and_broadcasts() -> None:
    intervals = wilson_interval(np.array([[0], [2]]), np.array([[4, 8]]))
    assert intervals.low.shape == (2, 2)
    assert intervals.low[1, 0] == wilson_interval(2, 4).low
    assert intervals.high[0, 1] == wilson_interval(0, 8).high


def test_wilson_handles_ten_thousand_trials_at_once() -> None:
    runs = np.arange(10_000) % 9
    intervals = wilson_interval(runs // 2, runs)
    assert intervals.low.shape == (10_000,)
    assert np.all((intervals.low >= 0) & (intervals.low < intervals.high))
    assert np.all(intervals.high <= 1)


def test_wilson_refuses_more_successes_than_runs() -> None:
    with pytest.raises(AssertionError):
        wilson_interval(4, 3)


def test_interquartile_mean_keeps_the_middle_half() -> None:
    assert interquartile_mean([100, 1, 2, 3, 4, 5, 6, -50]) == 3.5


def test_interquartile_mean_of_three_is_their_mean() -> None:
    assert interquartile_mean([0.0, 0.3, 0.9]) == pytest.approx(0.4)


def test_interquartile_mean_works_along_an_axis() -> None:
    values = np.arange(24.0).reshape(3, 8) ** 2
    along_rows = interquartile_mean(values)
    assert along_rows == pytest.approx([interquartile_mean(row) for row in values])
    assert interquartile_mean(values.T, axis=0) == pytest.approx(along_rows)


def test_interquartile_mean_does_not_hide_a_nan() -> None:
    values = np.array([[math.nan, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7]])
    means = np.asarray(interquartile_mean(values))
    assert math.isnan(means[0])
    assert means[1] == 3.5


def test_interquartile_mean_of_nothing_is_nan() -> None:
    assert math.isnan(float(interquartile_mean([])))
    assert np.isnan(interquartile_mean(np.empty((3, 0)))).tolist() == [True] * 3


def test_bootstrap_agrees_with_scipy_for_one_configuration() -> None:
    values = np.random.default_rng(0).normal(size=40)
    interval = bootstrap_interval([values], np.random.default_rng(1), num_resamples=8_000)
    expected = stats.bootstrap(
        (values,),
        lambda x, axis: stats.trim_mean(x, 0.25, axis=axis),
        n_resamples=8_000,
        method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval
    width = expected.high - expected.low
    assert interval.low == pytest.approx(expected.low, abs=0.05 * width)
    assert interval.high == pytest.approx(expected.high, abs=0.05 * width)


def test_bootstrap_is_stratified_by_configuration() -> None:
    between_only = [[0.1, 0.1, 0.1], [0.9, 0.9], [0.5] * 5]
    interval = bootstrap_interval(between_only, np.random.default_rng(0))
    pooled = interquartile_mean(np.concatenate(between_only))
    assert interval == pytest.approx((pooled, pooled))


def test_bootstrap_draws_each_seed_equally_often() -> None:
    # The mean of two draws from {0, 1} is 0, 1/2, 1 with probabilities 1/4, 1/2, 1/4.
    def interval(confidence: float) -> Interval:
        generator = np.random.default_rng(0)
        return bootstrap_interval([[0.0, 1.0]], generator, confidence=confidence)

    assert interval(0.4) == Interval(0.5, 0.5)
    assert interval(0.6) == Interval(0.0, 1.0)


def test_bootstrap_repeats_with_its_generator() -> None:
    values = [np.random.default_rng(i).normal(size=4) for i in range(5)]
    first = bootstrap_interval(values, np.random.default_rng(7))
    assert first == bootstrap_interval(values, np.random.default_rng(7))
    assert first != bootstrap_interval(values, np.random.default_rng(8))


def test_bootstrap_of_single_seeds_claims_no_interval() -> None:
    interval = bootstrap_interval([[0.2], [0.9], []], np.random.default_rng(0))
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


def test_bootstrap_in_blocks_keeps_every_resample(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [np.arange(6.0), np.arange(9.0)]
    whole = bootstrap_interval(values, np.random.default_rng(3), num_resamples=101)
    monkeypatch.setattr("lab.statistics.resampling._BLOCK_VALUES", 45)
    assert bootstrap_interval(values, np.random.default_rng(3), num_resamples=101) == whole


def test_kaplan_meier_of_the_textbook_example() -> None:
    # Failures at 1, 3 and 6; censored at 3 (still at risk there), 4 and 10.
    curve = kaplan_meier([1, 3, 3, 4, 6, 10], [True, True, False, False, True, False])
    assert curve.times.tolist() == [1, 3, 4, 6, 10]
    assert curve.at_risk.tolist() == [6, 5, 3, 2, 1]
    assert curve.num_failed.tolist() == [1, 1, 0, 1, 0]
    assert curve.survival == pytest.approx([5 / 6, 2 / 3, 2 / 3, 1 / 3, 1 / 3])


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=60))
def test_kaplan_meier_equals_scipy(runs: list[tuple[int, bool]]) -> None:
    times = np.array([time for time, _ in runs], dtype=float)
    failed = np.array([event for _, event in runs])
    data = stats.CensoredData.right_censored(times, ~failed)
    expected = stats.ecdf(data).sf
    curve = kaplan_meier(times, failed)
    assert curve.times == pytest.approx(expected.quantiles)
    assert curve.survival == pytest.approx(expected.probabilities)


def test_kaplan_meier_of_no_runs_is_empty() -> None:
    curve = kaplan_meier([], [])
    assert curve.times.size == 0
    assert restricted_mean(curve, 100.0) == 100.0


@given(st.lists(st.integers(0, 300), min_size=1, max_size=40))
def test_restricted_mean_without_censoring_is_the_mean_of_capped_times(times: list[int]) -> None:
    curve = kaplan_meier(times, np.ones(len(times), dtype=bool))
    assert restricted_mean(curve, 200.0) == pytest.approx(np.minimum(times, 200).mean())


def test_restricted_mean_stops_at_the_horizon() -> None:
    curve = kaplan_meier([10, 20, 30], [True, True, False])
    assert restricted_mean(curve, 5.0) == 5.0
    assert restricted_mean(curve, 15.0) == pytest.approx(10 + 5 * 2 / 3)
    assert restricted_mean(curve, 60.0) == pytest.approx(10 + 10 * 2 / 3 + 40 / 3)


@pytest.mark.parametrize(("num_values", "num_worst"), [(1, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_conditional_value_at_risk_takes_the_worst_quarter(
    num_values: int, num_worst: int
) -> None:
    values = np.random.default_rng(0).permutation(num_values) ** 2.0
    expected = np.mean(np.arange(num_worst) ** 2.0)
    assert conditional_value_at_risk(values) == pytest.approx(expected)


def test_conditional_value_at_risk_counts_exact_shares_exactly() -> None:
    assert conditional_value_at_risk(np.arange(100.0), share=0.07) == 3.0


def test_conditional_value_at_risk_does_not_hide_a_nan() -> None:
    assert math.isnan(conditional_value_at_risk([0.1, 0.2, math.nan]))
    assert math.isnan(conditional_value_at_risk([]))


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=20),
    st.lists(st.integers(0, 6), min_size=1, max_size=20),
)
def test_probability_of_improvement_counts_pairs(a: list[int], b: list[int]) -> None:
    pairs = [1.0 if x > y else 0.5 if x == y else 0.0 for x in a for y in b]
    assert probability_of_improvement(a, b) == pytest.approx(np.mean(pairs))


def test_probability_of_improvement_equals_scipy_and_mirrors() -> None:
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=30), generator.normal(0.3, size=20)
    expected = stats.mannwhitneyu(a, b).statistic / 600
    assert probability_of_improvement(a, b) == pytest.approx(expected)
    assert probability_of_improvement(b, a) == pytest.approx(1 - expected)


def test_probability_of_improvement_does_not_hide_a_nan() -> None:
    assert math.isnan(probability_of_improvement([1.0, math.nan], [0.0]))
    assert math.isnan(probability_of_improvement([], [0.0]))


@given(st.lists(finite, min_size=1, max_size=30))
def test_risk_is_never_above_the_mean(values: list[float]) -> None:
    assert conditional_value_at_risk(values) <= np.mean(values) + 1e-6
