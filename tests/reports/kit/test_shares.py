import numpy as np
import pytest

from reports.kit.shares import Share, bin_of, binned_shares


def test_a_share_never_comes_without_its_wilson_interval() -> None:
    assert str(Share(5, 5)) == "5 of 5 (Wilson 95%: 57–100%)"
    assert Share(1_300, 2_400).brief == "1,300 of 2,400 (52–56%)"


def test_without_runs_the_interval_is_everything() -> None:
    assert Share(0, 0).interval == (0.0, 1.0)


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
