"""The window of signals against plain sums."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from lab.stability.signals import SignalWindow, autocorrelation, deviation


def signals(**values: float) -> dict[str, Tensor]:
    return {name: torch.tensor(value) for name, value in values.items()}


def test_a_window_gives_the_mean_of_each_signal_over_the_steps_that_had_it() -> None:
    window = SignalWindow()
    window.add(8, signals(loss=1.0, norm=10.0), signals(diversity=0.5))
    window.add(16, signals(loss=2.0, norm=20.0))
    window.add(24, signals(loss=6.0, norm=0.0), signals(diversity=0.7))

    assert window.close() == {
        "signal_loss": 3.0,
        "signal_norm": 10.0,
        "signal_diversity": pytest.approx(0.6),
        "signal_non_finite": 0,
    }


def test_a_closed_window_begins_afresh() -> None:
    window = SignalWindow()
    window.add(8, signals(loss=float("nan")))
    assert window.non_finite()
    window.close()

    assert not window.non_finite()
    assert window.close() == {"signal_non_finite": 0}
    window.add(16, signals(loss=4.0))
    assert window.close() == {"signal_loss": 4.0, "signal_non_finite": 0}


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_steps_that_are_not_finite_are_counted_and_the_first_is_dated(bad: float) -> None:
    window = SignalWindow()
    window.add(8, signals(loss=1.0))
    assert not window.non_finite()
    window.add(16, signals(loss=bad))
    window.add(24, signals(loss=1.0))
    window.add(32, signals(loss=bad))

    assert window.non_finite()
    row = window.close()
    assert (row["signal_non_finite"], row["signal_first_non_finite_images"]) == (2, 16)
    assert not math.isfinite(row["signal_loss"])


def test_a_step_counts_once_whatever_of_it_is_not_finite() -> None:
    window = SignalWindow()
    nan = float("nan")
    window.add(8, signals(loss=nan, norm=nan), signals(diversity=nan))
    window.add(16, signals(loss=0.0, norm=0.0), signals(diversity=nan))

    assert window.close()["signal_non_finite"] == 2


def test_what_is_added_later_does_not_change_with_the_tensor_it_came_from() -> None:
    window, loss = SignalWindow(), torch.tensor(1.0)
    window.add(8, {"loss": loss})
    loss.add_(100.0)

    assert window.close()["signal_loss"] == 1.0


def test_half_precision_signals_are_summed_in_float32() -> None:
    window = SignalWindow()
    for step in range(300):
        window.add(step, {"loss": torch.tensor(1.0, dtype=torch.bfloat16)})
    window.add(300, {"loss": torch.tensor(302.0, dtype=torch.bfloat16)})

    assert window.close()["signal_loss"] == pytest.approx(602 / 301)


def rows(window: SignalWindow, **series: list[float]) -> dict[str, float | int]:
    """The columns of steps with these values."""
    for step, values in enumerate(zip(*series.values(), strict=True)):
        window.add(step, signals(**dict(zip(series, values, strict=True))))
    return window.close()


def test_the_extremes_of_the_critics_loss_are_over_all_steps() -> None:
    losses = [float(value % 97) for value in range(0, 3000, 7)]
    row = rows(SignalWindow(), critic_loss=losses)

    assert (row["signal_critic_loss_min"], row["signal_critic_loss_max"]) == (0.0, 96.0)
    assert row["signal_critic_loss"] == pytest.approx(sum(losses) / len(losses))


def test_the_logit_gap_is_told_by_its_spread_and_autocorrelation() -> None:
    wave = [math.sin(2 * math.pi * step / 20) for step in range(400)]
    row = rows(SignalWindow(), logit_real=[3 + v for v in wave], logit_fake=[-v for v in wave])

    assert row["signal_logit_gap_std"] == pytest.approx(math.sqrt(2), rel=1e-3)
    assert row["signal_logit_gap_autocorrelation"] == pytest.approx(
        math.cos(2 * math.pi / 20), rel=0.01
    )


def test_two_steps_have_no_autocorrelation() -> None:
    row = rows(SignalWindow(), logit_real=[1.0, 2.0], logit_fake=[0.0, 0.0])
    assert "signal_logit_gap_autocorrelation" not in row


def test_the_steepest_slope_of_a_window_counts() -> None:
    assert rows(SignalWindow(), lipschitz=[1.0, 7.0, 2.0])["signal_lipschitz"] == 7.0


def test_overfitting_is_the_ratio_of_a_windows_means() -> None:
    logits = {"logit_train": [3.0, 1.0], "logit_heldout": [0.0, 1.0], "logit_generated": [0.0] * 2}
    row = rows(SignalWindow(), **logits)

    assert row["signal_r_v"] == pytest.approx((2.0 - 0.5) / 2.0)
    assert row["signal_logit_heldout"] == 0.5
    assert set(row) == {"signal_r_v", "signal_logit_heldout", "signal_non_finite"}


def test_a_critic_that_ranks_nothing_has_no_overfitting_to_measure() -> None:
    row = rows(SignalWindow(), logit_train=[0.0], logit_heldout=[0.0], logit_generated=[0.0])
    assert "signal_r_v" not in row
    assert row["signal_non_finite"] == 0


def test_float64_signals_keep_their_digits() -> None:
    window = SignalWindow()
    window.add(8, {"loss": torch.tensor(1 + 1e-12, dtype=torch.float64)})
    assert window.close()["signal_loss"] == 1 + 1e-12


def test_autocorrelation_is_the_textbook_sum() -> None:
    series = torch.randn(50, generator=torch.Generator().manual_seed(0)).double()
    centred = [float(value - series.mean()) for value in series]
    expected = sum(a * b for a, b in pairwise(centred))
    assert autocorrelation(series) == pytest.approx(expected / sum(a * a for a in centred))


def test_a_flipping_series_has_autocorrelation_near_minus_one_and_a_constant_none() -> None:
    flipping = torch.tensor([1.0, -1.0] * 100)
    assert autocorrelation(flipping) == pytest.approx(-1, abs=0.01)
    assert autocorrelation(flipping + 1e6) == pytest.approx(-1, abs=0.01)
    assert autocorrelation(torch.full((9,), 0.1)) == 0.0
    assert deviation(flipping) == 1.0
