"""Facts about shares by a classifier that errs, and about total variation."""

from __future__ import annotations

import numpy as np
import pytest

from lab.statistics import corrected_shares, total_variation
from lab.statistics.corrected import nearest_shares

ERRS = np.array([[90, 10], [20, 80]])
"""Of the first group 90 % are right, of the second 80 %."""


def test_the_confusions_inverse_recovers_the_shares() -> None:
    # 30 % of the first group: .3 * .9 + .7 * .2 = .41 are assigned to it.
    shares = corrected_shares([410, 590], 100 * ERRS, np.random.default_rng(0))
    assert shares.value == pytest.approx([0.3, 0.7])
    assert shares.interval.low[0] < 0.3 < shares.interval.high[0]


def test_the_interval_has_the_uncertainty_of_samples_and_of_the_confusion() -> None:
    def width(num_samples: int, num_measured: int) -> float:
        assigned = np.array([41, 59]) * num_samples // 100
        confusion = ERRS * num_measured // 100
        shares = corrected_shares(assigned, confusion, np.random.default_rng(0))
        return float(shares.interval.high[0] - shares.interval.low[0])

    assert width(100_000, 1_000_000) < 0.02
    assert width(100_000, 100) > 0.1
    assert width(200, 1_000_000) > 0.1


def test_groups_that_are_not_distinguished_have_wide_intervals() -> None:
    shares = corrected_shares([500, 500], [[50, 50], [50, 50]], np.random.default_rng(0))
    assert shares.interval.low[0] < 0.05
    assert shares.interval.high[0] > 0.95


def test_shares_outside_what_the_confusion_explains_are_cut_to_shares() -> None:
    shares = corrected_shares([0, 100], ERRS, np.random.default_rng(0))
    assert shares.value.tolist() == [0.0, 1.0]
    assert shares.draws.min() >= 0
    assert shares.draws.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_95_percent_intervals_hold_the_planted_share_in_93_percent(share: float) -> None:
    rng = np.random.default_rng(1)
    truth, rates = np.array([share, 1 - share]), ERRS / 100
    held = 0
    for _ in range(300):
        confusion = np.stack([rng.multinomial(80, row) for row in rates])
        assigned = rng.multinomial(500, truth @ rates)
        shares = corrected_shares(assigned, confusion, rng, num_draws=400)
        held += int(shares.interval.low[0] <= share <= shares.interval.high[0])
    assert held / 300 >= 0.93


def test_total_variation_is_half_the_sum_of_differences() -> None:
    exact = 100_000 * np.eye(3, dtype=int)
    shares = corrected_shares([50_000, 30_000, 20_000], exact, np.random.default_rng(0))
    apart = total_variation(shares, [0.2, 0.4, 0.4])
    assert apart.value == pytest.approx(0.3, abs=1e-6)
    assert apart.interval.low < 0.3 < apart.interval.high
    assert apart.interval.high - apart.interval.low < 0.02


def test_equal_shares_are_within_the_interval_of_total_variation() -> None:
    rng = np.random.default_rng(2)
    data = np.full(5, 0.2)
    lows = []
    for _ in range(40):
        assigned = rng.multinomial(300, data)
        shares = corrected_shares(assigned, 40 * np.eye(5, dtype=int), rng, num_draws=300)
        apart = total_variation(shares, data)
        lows.append(apart.interval.low)
        assert apart.of_equal > 0.02
    assert np.mean(np.array(lows) == 0) >= 0.9


def test_the_nearest_shares_of_shares_are_themselves() -> None:
    points = np.array([[0.2, 0.8], [1.5, -0.5], [0.6, 0.6]])
    expected = [[0.2, 0.8], [1.0, 0.0], [0.5, 0.5]]
    assert nearest_shares(points) == pytest.approx(np.array(expected))
