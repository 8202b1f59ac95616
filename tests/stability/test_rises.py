"""Facts about rises of a distance: noise, levels, onsets, and the trend at the end."""

import math

import numpy as np
import pytest

from lab.stability.rises import (
    Progress,
    first_rise,
    images_until,
    last_alone_rises,
    levels,
    noise,
    progress,
)

RNG = np.random.default_rng(0)
FALLING = np.log(400.0) - 0.05 * np.arange(40)


def test_noise_is_the_deviation_from_the_trend() -> None:
    x = FALLING.repeat(10)[:400] * 0 - 0.02 * np.arange(400) + 0.2 * RNG.standard_normal(400)
    assert noise(x) == pytest.approx(0.2, rel=0.2)
    assert noise(-0.02 * np.arange(400)) < 0.01


def test_a_level_is_held_by_three_values() -> None:
    assert list(levels([5.0, 3.0, 4.0, 1.0, 4.5, 4.2])) == [5.0, 5.0, 4.0, 3.0, 4.0, 4.2]


def test_a_rise_that_stays_is_dated_to_its_first_evaluation() -> None:
    x = FALLING.copy()
    x[20:] = x[19] + math.log(3.0)
    rise = first_rise(x, 1.5)
    assert rise is not None
    assert (rise.best, rise.onset, rise.confirmed) == (19, 20, 21)


def test_a_slow_drift_is_dated_before_it_is_confirmed() -> None:
    x = np.concatenate([FALLING, FALLING[-1] + 0.1 * np.arange(1, 11)])
    rise = first_rise(x, 1.5)
    assert rise is not None
    assert 40 <= rise.onset <= 43 < rise.confirmed


def test_one_high_value_is_no_rise_but_a_suspicion_at_the_end() -> None:
    x = FALLING.copy()
    x[20] += 2.0
    assert first_rise(x, 1.5) is None
    assert last_alone_rises(x, 1.5) is None
    assert last_alone_rises(x[:21], 1.5) is not None


def test_a_rise_within_the_noise_is_none() -> None:
    x = np.log(20.0) + 0.3 * np.tile([1.0, -1.0], 20)
    x[-2:] = np.log(20.0) + 0.5
    assert first_rise(x, 1.5) is None


def test_a_rise_counts_from_its_first_confirmation_on() -> None:
    x = np.array([5.0, 3.0, 3.0, 3.0, 4.5, 4.5, 4.5, 4.5])
    assert first_rise(x, 1.5).confirmed == 5  # type: ignore[union-attr]
    assert first_rise(x, 1.5, first_confirmed=7).confirmed == 7  # type: ignore[union-attr]


def test_progress_is_a_line_in_the_logarithm_of_images() -> None:
    images = [0, *(100 * 2**i for i in range(8))]
    x = [9.0, *(5.0 - 0.5 * math.log(seen) for seen in images[1:])]
    change = progress(images, x, share=0.9)
    assert change is not None
    assert change.slope == pytest.approx(-0.5)
    assert change.improves
    assert progress(images[:3], x[:3]) is None


def test_the_target_is_reached_where_the_line_reaches_it() -> None:
    middle, low, high = images_until(1000.0, 2.0, 1.5, Progress(-0.5, 0.1))
    assert middle == pytest.approx(1000 * math.e)
    assert low < middle < high
    assert math.isinf(images_until(1000.0, 2.0, 1.5, Progress(-0.1, 0.1))[2])
