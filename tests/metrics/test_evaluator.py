from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from lab.config import EvaluationConfig
from lab.data import Pack
from lab.errors import InputError
from lab.metrics import PackEvaluator, make_evaluator
from lab.metrics.distances import frechet_distance, kernel_distance, moments
from lab.metrics.manifold import expected_coverage
from lab.record.columns import metric_names

NAMES = metric_names("fashion", 1000)
SCARCE = metric_names("fashion", 1000, 60)


@pytest.fixture(scope="module")
def real(pack: Pack) -> Tensor:
    return pack.heldout[0:1000]


def noise_like(images: Tensor) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, images.shape, generator=generator, dtype=torch.uint8)


def blurred(images: Tensor) -> Tensor:
    return F.avg_pool2d(images.float(), 3, 1, padding=1).to(torch.uint8)


def test_a_measurement_has_exactly_the_named_columns(
    evaluator: PackEvaluator, real: Tensor
) -> None:
    found = evaluator.measure(real)

    assert set(evaluator.baseline) == set(NAMES.model_dump().values())
    assert set(found) == set(evaluator.of_real) > set(evaluator.baseline)
    assert all(math.isfinite(value) for value in found.values())
    assert evaluator.names == NAMES
    assert (evaluator.extractor, evaluator.family) == ("fashion-v1", "fashion")


def test_noise_is_far_worse_than_blurred_is_worse_than_real(
    evaluator: PackEvaluator, real: Tensor
) -> None:
    found = [evaluator.measure(images) for images in (real, blurred(real), noise_like(real))]
    frechet = [row[NAMES.frechet] for row in found]
    kernel = [row[NAMES.kernel] for row in found]
    coverage = [row[NAMES.coverage] for row in found]

    assert 5 * frechet[0] < frechet[1] < frechet[2] / 5
    assert kernel[0] < kernel[1] / 5 < kernel[2] / 25
    assert coverage[0] > coverage[1] > coverage[2]


def test_the_baseline_is_that_of_perfect_images(evaluator: PackEvaluator) -> None:
    baseline = evaluator.baseline

    assert abs(baseline[NAMES.kernel]) < 4 * baseline[NAMES.kernel_error]
    assert baseline[NAMES.coverage] == pytest.approx(expected_coverage(1000, 1000, 5), abs=0.03)
    assert baseline[NAMES.density] == pytest.approx(1.0, abs=0.1)
    assert baseline[NAMES.precision] > 0.9
    assert baseline[NAMES.recall] > 0.9


def test_the_same_images_give_the_same_numbers(evaluator: PackEvaluator, real: Tensor) -> None:
    assert evaluator.measure(real) == evaluator.measure(real.clone())


def test_one_repeated_image_gives_finite_numbers_and_no_coverage(
    evaluator: PackEvaluator, real: Tensor
) -> None:
    for one in (real[:1], torch.zeros_like(real[:1]), torch.full_like(real[:1], 128)):
        found = evaluator.measure(one.repeat(1000, 1, 1, 1))

        assert all(math.isfinite(value) for value in found.values())
        assert found[NAMES.coverage] < 0.05
        assert found[NAMES.recall] < 0.05
        assert found[NAMES.frechet] > 100 * evaluator.baseline[NAMES.frechet]


def test_missing_classes_show_in_recall_and_coverage(
    evaluator: PackEvaluator, pack: Pack, real: Tensor
) -> None:
    labels = pack.heldout.labels
    half = pack.heldout[:][labels < 5][:1000]

    found, whole = evaluator.measure(half), evaluator.measure(real)
    assert found[NAMES.precision] > 0.9
    assert found[NAMES.coverage] < 0.7 * whole[NAMES.coverage]
    assert found[NAMES.recall] < 0.7 * whole[NAMES.recall]


@pytest.fixture(scope="module")
def scarce(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> PackEvaluator:
    """More samples than there are images of either split."""
    return make_evaluator(
        EvaluationConfig(num_samples=1000),
        pack.train[0:300],
        pack.heldout[0:60],
        fingerprint="few",
        cache=tmp_path_factory.mktemp("scarce"),
    )


def test_as_many_samples_are_measured_as_were_asked_for(scarce: PackEvaluator, pack: Pack) -> None:
    images = pack.train[300:1300]
    found = scarce.measure(images)

    assert scarce.num_samples == 1000
    assert set(found) == set(scarce.baseline)
    features = scarce.source.features(images)
    yardstick = scarce.yardstick
    assert scarce.names == SCARCE
    assert (SCARCE.frechet, SCARCE.coverage) == ("fd_fashion_1k", "coverage_fashion_60")
    assert found[SCARCE.frechet] == pytest.approx(
        frechet_distance(yardstick.moments, moments(features))
    )
    assert found[SCARCE.kernel] == kernel_distance(yardstick.training.rows, features).value
    with pytest.raises(AssertionError):
        scarce.measure(images[:60])


def test_metrics_of_equal_counts_take_the_first_samples(scarce: PackEvaluator, pack: Pack) -> None:
    images = pack.train[300:1300]
    other = torch.cat([images[:60], blurred(images[60:])])
    found, changed = scarce.measure(images), scarce.measure(other)

    same = {column for column in found if found[column] == changed[column]}
    assert scarce.num_paired == 60
    assert same == set(found) - {SCARCE.frechet, SCARCE.kernel, SCARCE.kernel_error}


def test_parts_of_any_size_give_the_same_numbers(
    scarce: PackEvaluator, evaluator: PackEvaluator, pack: Pack, real: Tensor
) -> None:
    for one, images in ((scarce, pack.train[300:1300]), (evaluator, real)):
        whole = one.examine(images)
        for size in (1000, 250, 7):
            parts = one.examine_parts(torch.split(images, size))
            assert parts.columns == whole.columns
            assert torch.equal(parts.suspects, whole.suspects)


def test_the_protocol_says_what_the_first_samples_measure(scarce: PackEvaluator) -> None:
    found = scarce.description()

    assert (found["num_samples"], found["num_paired"]) == (1000, 60)
    assert found["frechet"] == (
        "1000 samples against the moments of all reference images; the baseline is that of 60 "
        "held-out images"
    )
    assert found["kernel"] == (
        "(x.y / d + 1)^3, unbiased, 10 blocks of 100 samples, for which 300 reference images go "
        "round"
    )
    assert found["manifold"].startswith("first 60 samples against 60 reference images")
    assert "first 60 samples" in found["memorisation"]
    assert "first 60 samples" in found["modes"]


@pytest.mark.parametrize(
    ("num_train", "num_heldout", "nearest_k", "said"),
    [(300, 19, 5, "at least 20"), (19, 300, 5, "at least 20"), (300, 50, 50, "must be below")],
)
def test_too_little_data_is_one_sentence(
    num_train: int, num_heldout: int, nearest_k: int, said: str, tmp_path: Path
) -> None:
    images = torch.zeros(300, 1, 32, 32, dtype=torch.uint8)
    config = EvaluationConfig(nearest_k=nearest_k)
    with pytest.raises(InputError, match=said):
        make_evaluator(
            config, images[:num_train], images[:num_heldout], fingerprint="x", cache=tmp_path
        )
    assert not list(tmp_path.iterdir())


def test_the_description_states_the_protocol_in_json(evaluator: PackEvaluator) -> None:
    found = json.loads(json.dumps(evaluator.description(), allow_nan=False))

    assert found["extractor"] == "fashion-v1"
    assert found["family"] == "fashion"
    assert (found["num_samples"], found["nearest_k"]) == (1000, 5)
    assert found["reference"] == "train split, 8000 images"
    assert found["names"] == NAMES.model_dump()
    assert found["baseline"] == evaluator.baseline
    assert found["anchor"] == evaluator.anchor
