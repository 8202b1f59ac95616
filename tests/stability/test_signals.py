"""The window of signals against plain sums, and the two measures against brute force."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
import torch
from torch import Tensor

from lab.stability.signals import SignalWindow, pairwise_diversity, relative_change

CPU = torch.device("cpu")


def signals(**values: float) -> dict[str, Tensor]:
    return {name: torch.tensor(value) for name, value in values.items()}


def test_a_window_gives_the_mean_of_each_signal_over_the_steps_that_had_it() -> None:
    window = SignalWindow(CPU)
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
    window = SignalWindow(CPU)
    window.add(8, signals(loss=float("nan")))
    assert window.non_finite()
    window.close()

    assert not window.non_finite()
    assert window.close() == {"signal_non_finite": 0}
    window.add(16, signals(loss=4.0))
    assert window.close() == {"signal_loss": 4.0, "signal_non_finite": 0}


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_steps_that_are_not_finite_are_counted_and_the_first_is_dated(bad: float) -> None:
    window = SignalWindow(CPU)
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
    window = SignalWindow(CPU)
    nan = float("nan")
    window.add(8, signals(loss=nan, norm=nan), signals(diversity=nan))
    window.add(16, signals(loss=0.0, norm=0.0), signals(diversity=nan))

    assert window.close()["signal_non_finite"] == 2


def test_what_is_added_later_does_not_change_with_the_tensor_it_came_from() -> None:
    window, loss = SignalWindow(CPU), torch.tensor(1.0)
    window.add(8, {"loss": loss})
    loss.add_(100.0)

    assert window.close()["signal_loss"] == 1.0


def test_half_precision_signals_are_summed_in_float32() -> None:
    window = SignalWindow(CPU)
    for step in range(300):
        window.add(step, {"loss": torch.tensor(1.0, dtype=torch.bfloat16)})
    window.add(300, {"loss": torch.tensor(302.0, dtype=torch.bfloat16)})

    assert window.close()["signal_loss"] == pytest.approx(602 / 301)


def test_diversity_is_the_root_mean_square_distance_over_all_pairs() -> None:
    images = torch.randn(6, 2, 3, 4, generator=torch.Generator().manual_seed(0))
    squares = [float((a - b).square().mean()) for a, b in combinations(images, 2)]

    expected = math.sqrt(sum(squares) / len(squares))
    assert float(pairwise_diversity(images)) == pytest.approx(expected, rel=1e-5)
    assert float(pairwise_diversity(images[:1].repeat(4, 1, 1, 1))) == 0.0


def test_the_diversity_of_a_part_estimates_that_of_the_whole_without_bias() -> None:
    images = torch.randn(4000, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    parts = [float(pairwise_diversity(part)) ** 2 for part in images.split(4)]

    mean = sum(parts) / len(parts)
    assert mean == pytest.approx(float(pairwise_diversity(images)) ** 2, rel=0.02)


def test_relative_change_is_over_all_weights_together() -> None:
    before = [torch.tensor([3.0, 0.0]), torch.tensor([[4.0]])]
    after = [torch.tensor([3.0, 0.3]), torch.tensor([[4.4]])]

    assert float(relative_change(before, after)) == pytest.approx(0.5 / 5)
    assert float(relative_change(before, before)) == 0.0
