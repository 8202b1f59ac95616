from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

import lab.metrics.manifold as module
from lab.metrics.manifold import expected_coverage, manifold, radii


def gaussian(num: int, size: int, seed: int, shift: float = 0.0) -> Tensor:
    return torch.randn(num, size, generator=torch.Generator().manual_seed(seed)) + shift


def by_hand(real: Tensor, fake: Tensor, k: int) -> tuple[float, float, float, float]:
    """The four definitions written out one pair at a time."""
    real_points, fake_points = real.tolist(), fake.tolist()

    def reach(points: list[list[float]], i: int) -> float:
        others = [math.dist(points[i], p) for j, p in enumerate(points) if j != i]
        return sorted(others)[k - 1]

    real_reach = [reach(real_points, i) for i in range(len(real_points))]
    fake_reach = [reach(fake_points, i) for i in range(len(fake_points))]
    pairs = list(itertools.product(range(len(real_points)), range(len(fake_points))))
    distance = {(i, j): math.dist(real_points[i], fake_points[j]) for i, j in pairs}
    in_real = {(i, j) for i, j in pairs if distance[i, j] <= real_reach[i]}
    in_fake = {(i, j) for i, j in pairs if distance[i, j] <= fake_reach[j]}
    num_real, num_fake = len(real_points), len(fake_points)
    return (
        len({j for _, j in in_real}) / num_fake,
        len({i for i, _ in in_fake}) / num_real,
        len(in_real) / (k * num_fake),
        len({i for i, _ in in_real}) / num_real,
    )


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("shift", [0.0, 0.8])
def test_manifold_equals_the_definitions_pair_by_pair(
    k: int, shift: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 17)
    real, fake = gaussian(60, 4, 1), gaussian(60, 4, 2, shift)

    assert tuple(manifold(real, fake, k)) == pytest.approx(by_hand(real, fake, k), abs=1e-12)


def test_radii_leave_the_point_itself_out() -> None:
    line = torch.tensor([[0.0], [1.0], [3.0], [7.0]])

    assert radii(line, 1).tolist() == [1.0, 1.0, 4.0, 16.0]
    assert radii(line, 2).tolist() == [9.0, 4.0, 9.0, 36.0]


def test_coverage_of_a_perfect_model_is_the_expected_one() -> None:
    num, k = 200, 5
    found = [
        manifold(gaussian(num, 3, seed), gaussian(num, 3, 1000 + seed), k).coverage
        for seed in range(40)
    ]

    assert sum(found) / len(found) == pytest.approx(expected_coverage(num, num, k), abs=0.007)


def test_expected_coverage_needs_equal_counts() -> None:
    assert expected_coverage(2000, 2000, 5) == pytest.approx(0.969, abs=5e-4)
    assert expected_coverage(50_000, 5_000, 5) == pytest.approx(0.379, abs=5e-4)


def test_a_set_against_itself_is_perfect() -> None:
    real = gaussian(100, 8, 0)
    found = manifold(real, real.clone(), 5)

    assert (found.precision, found.recall, found.coverage) == (1.0, 1.0, 1.0)


def test_far_images_get_nothing() -> None:
    assert tuple(manifold(gaussian(50, 4, 0), gaussian(50, 4, 1, 1e4), 5)) == (0, 0, 0, 0)


def test_one_repeated_real_image_has_precision_but_no_recall_or_coverage() -> None:
    real = gaussian(300, 6, 0)
    found = manifold(real, real[:1].repeat(300, 1), 5)

    assert found.precision == 1.0
    assert found.recall <= 1 / 300
    assert found.coverage < 0.1


def test_dropping_half_of_the_modes_halves_recall_and_coverage() -> None:
    real = torch.cat([gaussian(200, 4, 0), gaussian(200, 4, 1, 50.0)])
    found = manifold(real, gaussian(400, 4, 2), 5)

    assert found.precision > 0.8
    assert found.recall < 0.51
    assert found.coverage < 0.51
