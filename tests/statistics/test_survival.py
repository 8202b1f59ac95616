"""Facts about survival curves: their interval, and what pruned runs leave open."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lab.statistics import (
    kaplan_meier,
    median_interval,
    restricted_mean,
    survival_at,
    survival_bounds,
    survival_interval,
    wilson_interval,
)

histories = st.lists(
    st.tuples(st.integers(1, 20), st.sampled_from(["failed", "alive", "pruned"])),
    min_size=1,
    max_size=50,
)


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=60))
def test_the_interval_is_scipys_log_log_one_where_that_exists(
    runs: list[tuple[int, bool]],
) -> None:
    times = np.array([time for time, _ in runs], dtype=float)
    failed = np.array([event for _, event in runs])
    curve = kaplan_meier(times, failed)
    found = survival_interval(curve)
    survival = stats.ecdf(stats.CensoredData.right_censored(times, ~failed)).sf
    with np.errstate(all="ignore"), pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)
        expected = survival.confidence_interval(method="log-log")
    inner = (curve.survival > 0) & (curve.survival < 1)
    assert found.low[inner] == pytest.approx(expected.low.probabilities[inner])
    assert found.high[inner] == pytest.approx(expected.high.probabilities[inner])


def test_without_a_failure_the_interval_is_that_of_all_runs_at_risk() -> None:
    found = survival_interval(kaplan_meier([5.0] * 12, [False] * 12))
    assert (found.low[0], found.high[0]) == wilson_interval(12, 12)


def test_without_a_survivor_the_interval_still_has_a_width() -> None:
    found = survival_interval(kaplan_meier([5.0] * 6, [True] * 6))
    assert (found.low[0], found.high[0]) == wilson_interval(0, 6)


def test_the_interval_covers_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    covered = []
    for _ in range(1_500):
        life, stop = generator.exponential(1.0, 60), generator.uniform(0.2, 3.0, 60)
        curve = kaplan_meier(np.minimum(life, stop), life <= stop)
        place = int(np.searchsorted(curve.times, 0.7, side="right")) - 1
        interval = survival_interval(curve)
        covered.append(interval.low[place] <= np.exp(-0.7) <= interval.high[place])
    assert 0.935 < np.mean(covered) < 0.965


@given(histories)
def test_the_truth_lies_between_the_bounds_whatever_pruned_runs_would_have_done(
    runs: list[tuple[int, str]],
) -> None:
    fate = np.array([name for _, name in runs])
    times = np.where(fate == "alive", 20.0, [time for time, _ in runs])
    bounds = survival_bounds(times, fate == "failed", fate == "pruned", 20.0)
    places = np.arange(0, 25)
    best, worst = (survival_at(curve, places) for curve in bounds)
    generator = np.random.default_rng(0)
    for _ in range(5):
        would_fail = (fate == "pruned") & (generator.random(len(runs)) < 0.5)
        lived = np.where(fate == "pruned", np.where(would_fail, times, 20.0), times)
        lived = np.where(would_fail, generator.uniform(times, 20.0), lived)
        whole = survival_at(kaplan_meier(lived, (fate == "failed") | would_fail), places)
        assert np.all(worst <= whole + 1e-12)
        assert np.all(whole <= best + 1e-12)
    naive = survival_at(kaplan_meier(times, fate == "failed"), places)
    assert np.all((worst <= naive + 1e-12) & (naive <= best + 1e-12))


def test_without_pruned_runs_both_bounds_are_the_curve() -> None:
    times, failed = [3.0, 5.0, 5.0], [True, False, True]
    bounds = survival_bounds(times, failed, [False] * 3, 5.0)
    curve = kaplan_meier(times, failed)
    for bound in bounds:
        assert bound.survival.tolist() == curve.survival.tolist()


def test_pruned_half_way_is_counted_as_alive_or_as_failed() -> None:
    bounds = survival_bounds([10.0, 5.0], [False, False], [False, True], 10.0)
    assert survival_at(bounds.best, 10.0) == 1.0
    assert survival_at(bounds.worst, [4.0, 5.0]).tolist() == [1.0, 0.5]
    assert restricted_mean(bounds.worst, 10.0) == 7.5


def test_a_pruned_run_that_failed_is_a_contradiction() -> None:
    with pytest.raises(AssertionError):
        survival_bounds([5.0], [True], [True], 10.0)


def test_the_curve_is_level_between_its_steps() -> None:
    curve = kaplan_meier([2.0, 4.0], [True, True])
    assert survival_at(curve, [0, 2, 3, 4, 9]).tolist() == [1, 0.5, 0.5, 0, 0]


def test_the_interval_of_a_median_is_that_of_order_statistics() -> None:
    """Of 10 values the 2nd and the 9th hold the median with 97.9 % (binomial, by hand)."""
    found = median_interval(np.arange(1, 11) / 10)
    assert found == pytest.approx((0.55, 0.2, 0.9))
    assert np.isnan(median_interval(np.arange(5) / 10).low)
