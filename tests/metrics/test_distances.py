from __future__ import annotations

import math

import pytest
import scipy.linalg
import torch
from torch import Tensor

from lab.metrics.distances import (
    Blocks,
    FrechetStream,
    KernelStream,
    frechet_distance,
    kernel_distance,
    moments,
)
from lab.metrics.moments import Moments, MomentSums


def gaussian(num: int, size: int, seed: int) -> Tensor:
    return torch.randn(
        num, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )


def covariance(size: int, seed: int) -> Tensor:
    root = gaussian(size, size, seed)
    return root @ root.T / size + 0.1 * torch.eye(size, dtype=torch.float64)


def test_frechet_distance_of_diagonal_gaussians_is_the_closed_form() -> None:
    a, b = torch.tensor([1.0, 4.0, 9.0]), torch.tensor([4.0, 4.0, 1.0])
    real = Moments(torch.tensor([0.0, 1.0, 2.0]).double(), torch.diag(a).double())
    fake = Moments(torch.tensor([2.0, 1.0, 0.0]).double(), torch.diag(b).double())

    # (2^2 + 2^2) + ((1 - 2)^2 + 0 + (3 - 1)^2)
    assert frechet_distance(real, fake) == pytest.approx(13.0, abs=1e-9)


def test_frechet_distance_of_any_gaussians_is_the_closed_form() -> None:
    one, two = covariance(6, 1), covariance(6, 2)
    shift = gaussian(1, 6, 3)[0]
    root = scipy.linalg.sqrtm((one @ two).numpy()).real
    expected = float(shift @ shift + one.trace() + two.trace()) - 2 * float(root.trace())

    zero = torch.zeros(6, dtype=torch.float64)
    assert frechet_distance(Moments(zero, one), Moments(shift, two)) == pytest.approx(expected)


def test_frechet_distance_of_samples_nears_that_of_their_gaussians() -> None:
    x, y = gaussian(40_000, 4, 0), 2.0 * gaussian(40_000, 4, 1) + 1.0

    # 4 * (1^2 + (1 - 2)^2)
    assert frechet_distance(moments(x), moments(y)) == pytest.approx(8.0, rel=0.02)


def test_moments_gathered_in_parts_equal_those_of_the_whole() -> None:
    features = (gaussian(103, 5, 0) + 3.0).float()
    sums = MomentSums()
    for part in torch.split(features, 10):
        sums.add(part)

    gathered, whole = sums.moments(), moments(features)
    torch.testing.assert_close(gathered.mean, whole.mean)
    torch.testing.assert_close(gathered.covariance, whole.covariance)


def by_hand(x: Tensor, y: Tensor) -> float:
    """Unbiased squared MMD of one block, pair by pair."""
    m, size = x.shape

    def kernel(a: Tensor, b: Tensor) -> float:
        return (float(a @ b) / size + 1) ** 3

    off = [(i, j) for i in range(m) for j in range(m) if i != j]
    within = sum(kernel(x[i], x[j]) + kernel(y[i], y[j]) for i, j in off) / (m * (m - 1))
    return within - 2 * sum(kernel(a, b) for a in x for b in y) / m**2


def test_kernel_distance_is_the_mean_of_ten_unbiased_blocks_with_its_error() -> None:
    x, y = gaussian(43, 3, 0), gaussian(43, 3, 1) + 0.3
    blocks = torch.tensor([by_hand(x[i : i + 4], y[i : i + 4]) for i in range(0, 40, 4)])

    found = kernel_distance(x, y)
    assert found.value == pytest.approx(float(blocks.mean()), abs=1e-6)
    assert found.error == pytest.approx(float(blocks.std() / math.sqrt(10)), abs=1e-6)


def test_kernel_distance_of_equal_distributions_is_zero_within_its_error() -> None:
    found = [
        kernel_distance(gaussian(200, 8, seed), gaussian(200, 8, 10_000 + seed))
        for seed in range(100)
    ]
    values = torch.tensor([distance.value for distance in found])
    error_of_mean = float(values.std()) / math.sqrt(len(values))

    # The biased estimate would sit at about 2 (9.6 - 1.4) / 20 = 0.8 in the mean.
    assert abs(float(values.mean())) < 3 * error_of_mean
    assert error_of_mean < 0.02


def test_the_stated_error_is_the_spread_over_draws() -> None:
    found = [
        kernel_distance(gaussian(200, 8, seed), gaussian(200, 8, 10_000 + seed) + 0.2)
        for seed in range(100)
    ]
    spread = float(torch.tensor([distance.value for distance in found]).std())
    stated = math.sqrt(sum(distance.error**2 for distance in found) / len(found))

    assert stated == pytest.approx(spread, rel=0.25)


def test_both_distances_grow_with_a_shift() -> None:
    real = gaussian(500, 8, 0)
    shifted = [gaussian(500, 8, 1) + shift for shift in (0.0, 0.3, 1.0)]
    frechet = [frechet_distance(moments(real), moments(fake)) for fake in shifted]
    kernel = [kernel_distance(real, fake).value for fake in shifted]

    assert frechet == sorted(frechet)
    assert kernel == sorted(kernel)


@pytest.mark.parametrize(
    ("num_real", "num_samples", "size", "number"),
    [
        (8_000, 2_000, 200, 10),
        (43, 43, 4, 10),
        (8_000, 10_000, 1_000, 10),
        (50_000, 50_000, 1_000, 50),
        (320, 10_000, 320, 31),
    ],
)
def test_blocks_are_ten_unless_they_were_too_large(
    num_real: int, num_samples: int, size: int, number: int
) -> None:
    assert Blocks.of(num_real, num_samples) == (size, number)


def test_fewer_real_images_than_samples_go_round() -> None:
    x, y = gaussian(25, 3, 0), gaussian(100, 3, 1) + 0.3
    again = torch.cat([x] * 4)

    assert kernel_distance(x, y) == kernel_distance(again, y)


def test_a_kernel_distance_of_many_samples_is_unbiased() -> None:
    found = [
        kernel_distance(gaussian(50, 8, seed), gaussian(400, 8, 10_000 + seed)).value
        for seed in range(60)
    ]
    values = torch.tensor(found)

    assert abs(float(values.mean())) < 3 * float(values.std()) / math.sqrt(len(values))


def test_samples_in_parts_have_the_distances_of_the_whole() -> None:
    x, y = gaussian(500, 8, 0), gaussian(1_003, 8, 1) + 0.3
    frechet, kernel = FrechetStream(moments(x)), KernelStream(x, len(y))
    for part in torch.split(y, 7):
        frechet.add(part)
        kernel.add(part)

    assert frechet.values()[0] == pytest.approx(frechet_distance(moments(x), moments(y)))
    assert kernel.values() == kernel_distance(x, y)
