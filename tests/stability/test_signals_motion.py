"""How players move: lengths and angles of updates, and series of steps."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from lab.stability.signals_motion import relative_size, update_cosine
from lab.stability.signals_series import autocorrelation, deviation


def test_the_relative_size_of_an_update_is_over_all_weights_together() -> None:
    before = [torch.tensor([3.0, 0.0]), torch.tensor([[4.0]])]
    change = [torch.tensor([0.0, 0.3]), torch.tensor([[0.4]])]

    assert float(relative_size(change, before)) == pytest.approx(0.5 / 5)


@pytest.mark.parametrize("degrees", [0, 30, 90, 135, 180])
def test_the_cosine_is_that_of_all_weights_together(degrees: int) -> None:
    angle = math.radians(degrees)
    first = [torch.tensor([2.0, 0.0]), torch.tensor([[0.0]])]
    second = [torch.tensor([3 * math.cos(angle), 0.0]), torch.tensor([[3 * math.sin(angle)]])]
    assert float(update_cosine(first, second)) == pytest.approx(math.cos(angle), abs=1e-6)


def test_a_player_that_stands_still_has_no_direction() -> None:
    still, moving = [torch.zeros(3)], [torch.ones(3)]
    assert update_cosine(still, moving) == update_cosine(still, still) == 0.0


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
