"""Facts about shares and means in bins of a parameter."""

import numpy as np
import pytest
from scipy import stats

from lab.statistics import bin_of, binned_means, binned_shares


def test_bins_hold_their_lower_edge_and_the_last_one_both() -> None:
    edges = np.array([0.0, 1.0, 2.0])
    positions = np.array([0.0, 0.999, 1.0, 2.0, 2.5, -0.1, np.nan])
    assert bin_of(positions, edges).tolist() == [0, 0, 1, 1, -1, -1, -1]


def test_ends_that_miss_the_edge_by_a_rounding_lie_inside() -> None:
    edges = np.linspace(np.log10(3e-5), np.log10(7e-2), 4)
    assert bin_of(np.array([edges[0] - 1e-13, edges[-1] + 1e-13]), edges).tolist() == [0, 2]


def test_one_run_a_trial_gives_wilsons_interval() -> None:
    place = np.array([0, 0, 0, 0, 0, 1, -1])
    stable = np.array([True, True, True, True, True, False, True])
    found = binned_shares(place, 3, stable, np.arange(7))
    assert found.stable.tolist() == [5, 0, 0]
    assert found.total.tolist() == [5, 1, 0]
    assert found.low[0] == pytest.approx(0.5655, abs=1e-4)
    assert found.high[1] == pytest.approx(0.7935, abs=1e-4)
    assert (found.low[2], found.high[2]) == (0, 1)


def test_three_runs_of_a_trial_weigh_as_one_in_the_interval() -> None:
    place = np.zeros(15, dtype=np.int64)
    found = binned_shares(place, 1, np.ones(15, dtype=bool), np.repeat(np.arange(5), 3))
    assert (found.total[0], found.trials[0]) == (15, 5)
    assert found.low[0] == pytest.approx(0.5655, abs=1e-4)


def test_the_mean_of_a_bin_has_students_interval_over_trials() -> None:
    place = np.array([0, 0, 0, 0, 1, -1, 0])
    values = np.array([0.2, 0.4, 0.5, 0.9, 0.7, 0.1, np.nan])
    found = binned_means(place, 2, values, np.array([3, 3, 1, 2, 5, 6, 7]))
    by_trial = np.array([0.3, 0.5, 0.9])
    expected = stats.t.interval(0.95, 2, by_trial.mean(), stats.sem(by_trial))
    assert found.mean.tolist() == pytest.approx([by_trial.mean(), 0.7])
    assert (found.low[0], found.high[0]) == pytest.approx(expected)
    assert np.isnan([found.low[1], found.high[1]]).all()
