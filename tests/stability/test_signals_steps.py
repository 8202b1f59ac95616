"""Signals of a step against brute force and closed forms."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
import torch
from torch import Tensor

from lab.stability.signals_steps import (
    overfitting,
    pairwise_diversity,
    participation_ratio,
    relative_participation,
    relative_size,
    update_cosine,
)


def drawn(*size: int, seed: int = 0) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed))


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


def test_participation_is_the_ratio_of_the_covariances_eigenvalues() -> None:
    features = drawn(40, 7) * torch.arange(1.0, 8)
    eigenvalues = torch.linalg.eigvalsh(torch.cov(features.t().double()))

    expected = eigenvalues.sum() ** 2 / eigenvalues.square().sum()
    assert float(participation_ratio(features)) == pytest.approx(float(expected), rel=1e-5)


def test_k_equal_directions_count_k() -> None:
    directions = torch.linalg.qr(drawn(20, 3)).Q
    corners = torch.cat([directions.t(), -directions.t()])
    assert float(participation_ratio(corners + 5)) == pytest.approx(3.0, rel=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_constant_batch_has_no_direction_whatever_it_is_rounded_to(dtype: torch.dtype) -> None:
    constant = drawn(1, 50).repeat(7, 1).to(dtype) / 3
    assert participation_ratio(constant) == 0.0
    assert participation_ratio(torch.zeros(7, 50, dtype=dtype)) == 0.0
    assert participation_ratio(drawn(1, 50).to(dtype)) == 0.0


def test_collapsed_fakes_count_zero_and_a_blind_critic_says_nothing_against_them() -> None:
    spread, constant = drawn(8, 5), torch.ones(8, 5)
    assert relative_participation(constant, spread) == 0.0
    assert relative_participation(constant, constant) == 1.0
    assert relative_participation(spread, constant) == 1.0
    assert float(relative_participation(3 * spread, spread)) == pytest.approx(1.0)


def test_overfitting_runs_from_held_out_as_training_to_held_out_as_generated() -> None:
    assert overfitting(2.0, 2.0, -1.0) == 0.0
    assert overfitting(2.0, -1.0, -1.0) == 1.0
    assert overfitting(2.0, 0.5, -1.0) == 0.5
    assert overfitting(-1.0, 0.0, 2.0) is None
    assert overfitting(math.nan, 0.0, 2.0) is None


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
