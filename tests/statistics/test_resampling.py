"""Facts about quality over seeds of many trials at once."""

import math

import numpy as np
import pytest
from scipy import stats

from lab.statistics import (
    bootstrap_interval,
    bootstrap_intervals,
    by_runs,
    conditional_value_at_risk,
    interquartile_mean,
)


def test_trials_are_grouped_by_how_many_runs_they_have() -> None:
    groups = by_runs([5, 1, 5, 9, 1, 5], [0.5, 0.1, 0.6, 0.9, 0.2, 0.7])
    assert [group.trial.tolist() for group in groups] == [[9], [1], [5]]
    assert [group.values.tolist() for group in groups] == [
        [[0.9]],
        [[0.1, 0.2]],
        [[0.5, 0.6, 0.7]],
    ]


def test_ten_thousand_trials_make_as_many_groups_as_there_are_seed_counts() -> None:
    generator = np.random.default_rng(0)
    runs = generator.choice([1, 2, 4, 8], 10_000)
    trial = generator.permutation(np.repeat(np.arange(10_000), runs))
    groups = by_runs(trial, trial / 10)
    assert [group.values.shape[1] for group in groups] == [1, 2, 4, 8]
    assert sum(group.trial.size for group in groups) == 10_000
    assert all(np.all(group.values == group.trial[:, None] / 10) for group in groups)


def test_no_runs_make_no_group() -> None:
    assert by_runs([], []) == []


def test_risk_works_along_an_axis() -> None:
    values = np.random.default_rng(0).random((10_000, 8))
    found = conditional_value_at_risk(values)
    assert np.shape(found) == (10_000,)
    assert found == pytest.approx(np.sort(values, axis=1)[:, :2].mean(axis=1))
    assert conditional_value_at_risk(values.T, axis=0) == pytest.approx(found)


def test_risk_hides_a_nan_in_no_row() -> None:
    found = np.asarray(conditional_value_at_risk([[0.1, math.nan], [0.3, 0.2]]))
    assert np.isnan(found).tolist() == [True, False]
    assert np.isnan(conditional_value_at_risk(np.empty((2, 0)))).tolist() == [True, True]


def test_each_row_has_the_interval_that_it_would_have_alone() -> None:
    values = np.random.default_rng(0).normal(size=(40, 6))
    found = bootstrap_intervals(values, np.random.default_rng(1), num_resamples=300)
    for row in (0, 39):
        alone = bootstrap_intervals(values[row][None], np.random.default_rng(1), num_resamples=300)
        assert (found.low[row], found.high[row]) == (alone.low[0], alone.high[0])


def test_blocks_of_rows_do_not_change_an_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=(9, 5))
    whole = bootstrap_intervals(values, np.random.default_rng(1), num_resamples=50)
    monkeypatch.setattr("lab.statistics.resampling._BLOCK_VALUES", 500)
    parts = bootstrap_intervals(values, np.random.default_rng(1), num_resamples=50)
    assert np.array_equal(whole.low, parts.low)
    assert np.array_equal(whole.high, parts.high)


def test_rowwise_intervals_agree_with_scipys_bootstrap() -> None:
    values = np.random.default_rng(0).normal(size=(3, 30))
    found = bootstrap_intervals(values, np.random.default_rng(1), num_resamples=8_000)
    for row in range(3):
        expected = stats.bootstrap(
            (values[row],),
            lambda x, axis: stats.trim_mean(x, 0.25, axis=axis),
            n_resamples=8_000,
            method="percentile",
            rng=np.random.default_rng(2),
        ).confidence_interval
        width = expected.high - expected.low
        assert found.low[row] == pytest.approx(expected.low, abs=0.06 * width)
        assert found.high[row] == pytest.approx(expected.high, abs=0.06 * width)


def test_one_configuration_has_the_stratified_interval() -> None:
    values = np.random.default_rng(0).normal(size=12)
    one = bootstrap_interval([values], np.random.default_rng(1), num_resamples=8_000)
    rows = bootstrap_intervals(values[None], np.random.default_rng(2), num_resamples=8_000)
    width = one.high - one.low
    assert (rows.low[0], rows.high[0]) == pytest.approx(one, abs=0.06 * width)


def test_single_seeds_claim_no_interval_in_any_row() -> None:
    found = bootstrap_intervals(np.ones((4, 1)), np.random.default_rng(0))
    assert np.isnan(found.low).all()
    assert np.isnan(found.high).all()


def test_thousands_of_trials_are_resampled_at_once() -> None:
    values = np.random.default_rng(0).random((10_000, 4))
    found = bootstrap_intervals(values, np.random.default_rng(1), num_resamples=100)
    middle = np.asarray(interquartile_mean(values))
    assert found.low.shape == (10_000,)
    assert np.all((found.low <= middle) & (middle <= found.high))
