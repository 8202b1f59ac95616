"""Facts about the area under the ROC curve and its interval."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lab.statistics import separation


def test_ties_count_one_half() -> None:
    # Of 6 pairs 3 are above, 2 equal.
    assert separation([1, 2, 3], [1, 2]).auc == pytest.approx((3 + 2 / 2) / 6)


def test_equal_groups_are_not_separated() -> None:
    rng = np.random.default_rng(0)
    both = separation(rng.normal(size=400), rng.normal(size=300))
    assert both.interval.low < 0.5 < both.interval.high


@pytest.mark.parametrize("shift", [0.0, 1.0, 2.5])
def test_95_percent_intervals_hold_the_true_area_in_93_percent(shift: float) -> None:
    rng = np.random.default_rng(1)
    truth = 0.5 * (1 + math.erf(shift / 2))  # of normal scores of variance 1: Phi(shift / 2^.5)
    pairs = [(rng.normal(shift, size=120), rng.normal(size=80)) for _ in range(300)]
    intervals = [separation(*pair).interval for pair in pairs]
    assert np.mean([low <= truth <= high for low, high in intervals]) >= 0.93


def test_groups_that_are_wholly_apart_keep_an_interval() -> None:
    apart = separation([5, 6, 7, 8], [1, 2, 3])
    assert apart.auc == 1
    assert 0.2 < apart.interval.low < 0.8
    assert apart.interval.high == 1


def test_a_missing_score_makes_the_area_missing() -> None:
    assert math.isnan(separation([1, math.nan], [1, 2]).auc)
    assert math.isnan(separation([1.0], [1, 2]).auc)
