"""Facts about copies of training images and about modes."""

import math

import pytest
import torch
from scipy.stats import mannwhitneyu
from torch import Tensor

import lab.metrics.nearest as module
from lab.data import Pack
from lab.metrics import PackEvaluator
from lab.metrics.memorisation import authenticity, copies, copying
from lab.metrics.modes import bandwidth, duplicate_distance, duplicates, mode_count
from lab.metrics.nearest import TrainingSide, nearest


def normal(num: int, seed: int, width: int = 8) -> Tensor:
    return torch.randn(num, width, generator=torch.Generator().manual_seed(seed))


def side() -> TrainingSide:
    rows = normal(400, 0)
    return TrainingSide(rows, nearest(rows, rows, itself=True), normal(200, 1))


def test_nearest_in_blocks_is_nearest_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    x, among = normal(90, 0), normal(70, 1)
    exact = (x[:, None].double() - among.double()).square().sum(dim=2).min(dim=1)
    monkeypatch.setattr(module, "ROWS", 16)
    monkeypatch.setattr(module, "COLUMNS", 11)

    found = nearest(x, among)
    assert torch.equal(found.row, exact.indices)
    assert found.distance.double().allclose(exact.values)
    own = nearest(among, among, itself=True)
    assert (own.row != torch.arange(70)).all()
    assert (own.distance > 0).all()


def test_copies_are_at_distance_zero_however_far_from_the_origin() -> None:
    rows = normal(50, 0) + 1000.0
    assert (nearest(rows, rows).distance == 0).all()


def test_c_t_is_the_z_score_of_mann_and_whitney() -> None:
    draw = torch.Generator().manual_seed(3)
    a, b = torch.rand(60, generator=draw), torch.rand(80, generator=draw) ** 2
    u = mannwhitneyu(a.numpy(), b.numpy()).statistic
    assert copying(a, b) == pytest.approx((u - 2400) / math.sqrt(4800 * 141 / 12))
    assert copying(a, a) == 0
    assert copying(torch.zeros(60), b + 1) < -9


def test_copies_of_training_rows_are_told_from_fresh_draws() -> None:
    training = side()
    fresh, fresh_share = copies(training.find(normal(200, 2)), training)
    near = training.find(training.rows[:200] + 0.01 * normal(200, 2))
    copied, copied_share = copies(near, training)

    assert abs(fresh) < 3
    assert 0.4 < fresh_share < 0.7
    assert copied < -10
    assert copied_share < 0.05


def test_half_a_set_of_copies_lies_between() -> None:
    training = side()
    mixed = torch.cat([normal(100, 2), training.rows[:100]])
    assert authenticity(nearest(mixed, training.rows), training.nearest) < 0.4
    assert copies(training.find(mixed), training)[0] < -4


def test_mode_count_is_the_number_of_equal_far_clusters() -> None:
    centres = 100 * torch.eye(5)
    clusters = centres.repeat_interleave(40, dim=0) + 1e-3 * normal(200, 0, 5)
    assert mode_count(clusters, 1.0) == pytest.approx(5, rel=1e-3)
    assert mode_count(clusters[:40], 1.0) == pytest.approx(1, rel=1e-3)
    assert mode_count(centres[:1].repeat(30, 1), 1.0) == 1
    uneven = torch.cat([clusters[:40], clusters[40:50]])
    assert mode_count(uneven, 1.0) == pytest.approx(1 / (0.8**2 + 0.2**2), rel=1e-3)


def test_real_images_have_as_many_near_duplicates_as_the_quantile_says() -> None:
    real = normal(1000, 0)
    distance = duplicate_distance(real)
    assert duplicates(real, distance) == pytest.approx(0.01, abs=0.002)
    assert duplicates(real[:1].repeat(50, 1), distance) == 1.0
    assert duplicates(torch.cat([real[:100], real[:10]]), distance) >= 20 / 110


def test_images_that_are_all_equal_still_have_a_bandwidth() -> None:
    equal = torch.ones(30, 4)
    assert mode_count(equal, bandwidth(equal)) == 1


def test_the_evaluator_tells_copies_and_missing_classes(
    evaluator: PackEvaluator, pack: Pack
) -> None:
    names, baseline = evaluator.names, evaluator.baseline
    assert abs(baseline[names.ct]) < 4
    assert 0.4 < baseline[names.authenticity] < 0.8
    assert baseline[names.duplicates] < 0.05

    copies = evaluator.measure(pack.train[0:1000])
    assert copies[names.ct] < -20
    assert copies[names.authenticity] < 0.05
    few = evaluator.measure(pack.train[:][pack.train.labels < 3][:1000])
    assert few[names.rke] < 0.6 * baseline[names.rke]


def test_copies_among_real_images_are_left_out_of_the_limit_of_near_duplicates() -> None:
    """A limit of 0 would see no near-duplicates in a constant generator's rounding."""
    real = normal(1000, 0)
    repeated = torch.cat([real[:500], real[:500]])
    distance = duplicate_distance(repeated)
    assert distance == pytest.approx(duplicate_distance(real[:500]), rel=1e-4)
    constant = real[:1] + 1e-6 * normal(50, 1)
    assert duplicates(constant, distance) == 1.0
