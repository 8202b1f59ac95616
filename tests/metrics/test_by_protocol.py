"""Named protocols give torch-fidelity's numbers from samples that come in parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from lab.errors import InputError
from lab.metrics.by_protocol import Splits, measure_by
from lab.metrics.distances import frechet_distance, moments
from lab.metrics.extractors import Extractor
from lab.metrics.inception_score import InceptionScoreStream
from lab.metrics.moments import pooled
from lab.metrics.protocols import Protocol, parse_protocols
from lab.metrics.reference import real_features
from lab.metrics.subsets import SubsetKernelStream


def gaussian(num: int, size: int, seed: int) -> Tensor:
    return torch.randn(num, size, generator=torch.Generator().manual_seed(seed))


def images(num: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (num, 1, 8, 8), generator=generator, dtype=torch.uint8)


TRAIN, HELDOUT, MADE = images(1200, 0), images(1010, 1), images(2500, 2) // 2


@pytest.fixture
def splits(averages: Extractor, tmp_path: Path) -> Splits:
    features = real_features(
        averages, TRAIN, HELDOUT, num_samples=100, fingerprint="f", cache=tmp_path
    )
    return Splits(features, len(TRAIN), len(HELDOUT))


def measured(
    names: str, extractor: Extractor, splits: Splits | None, size: int = 100
) -> dict[str, float]:
    found = measure_by(
        parse_protocols([names], "averages"), extractor, splits, torch.split(MADE, size)
    )
    return {column: value for one in found.values() for column, value in one.columns.items()}


def test_the_subset_distance_is_torch_fidelitys() -> None:
    import lab.metrics.fidelity  # noqa: F401, I001
    from torch_fidelity.metric_kid import kid_features_to_metric

    real, fake = gaussian(300, 6, 0).double(), gaussian(500, 6, 1).double() + 0.3
    theirs = kid_features_to_metric(
        fake, real, kid_subsets=7, kid_subset_size=50, rng_seed=2020, verbose=False
    )
    stream = SubsetKernelStream(real, len(fake), num_subsets=7, size=50)
    for part in torch.split(fake, 33):
        stream.add(part)

    found = stream.values()
    assert found.mean == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)
    assert found.deviation == pytest.approx(theirs["kernel_inception_distance_std"], rel=1e-9)


def test_the_inception_score_is_torch_fidelitys() -> None:
    import lab.metrics.fidelity  # noqa: F401, I001
    from torch_fidelity.metric_isc import isc_features_to_metric

    logits = 3 * gaussian(503, 12, 0)
    theirs = isc_features_to_metric(logits, splits=10, shuffle=True, rng_seed=2020)
    stream = InceptionScoreStream(lambda features: features, len(logits), num_splits=10)
    for part in torch.split(logits, 33):
        stream.add(part)

    found = stream.values()
    assert found.mean == pytest.approx(theirs["inception_score_mean"], rel=1e-9)
    assert found.deviation == pytest.approx(theirs["inception_score_std"], rel=1e-9)


def test_pooled_moments_are_those_of_both_sets_together() -> None:
    one, two = gaussian(40, 5, 0), gaussian(70, 5, 1) + 2.0
    found = pooled((moments(one), moments(two)), (40, 70))
    whole = moments(torch.cat([one, two]))

    torch.testing.assert_close(found.mean, whole.mean)
    torch.testing.assert_close(found.covariance, whole.covariance)


def test_the_real_images_are_those_of_the_name(averages: Extractor, splits: Splits) -> None:
    found = measured(
        "fd_averages2500_full,fd_averages2500_test,fd_averages2500_all", averages, splits
    )
    made = moments(averages.features(MADE))
    for part, real in (
        ("full", TRAIN),
        ("test", HELDOUT),
        ("all", torch.cat([TRAIN, HELDOUT])),
    ):
        expected = frechet_distance(moments(averages.features(real)), made)
        assert found[f"fd_averages2500_{part}"] == pytest.approx(expected, rel=1e-6)


def test_each_protocol_takes_the_first_samples_it_names(
    averages: Extractor, splits: Splits
) -> None:
    together = measured("fd_averages2500_full,fd_averages1100_full", averages, splits)
    expected = frechet_distance(
        moments(averages.features(TRAIN)), moments(averages.features(MADE[:1100]))
    )

    assert together["fd_averages1100_full"] == pytest.approx(expected, rel=1e-6)


def test_parts_of_any_size_give_the_same_numbers(averages: Extractor, splits: Splits) -> None:
    names = "fd_averages2500_full,kid_averages2500_test"

    assert measured(names, averages, splits) == measured(names, averages, splits, size=7)


def test_a_score_needs_no_real_images(averages: Extractor) -> None:
    scoring = replace(averages, logits=lambda features: 5 * features)
    found = measured("is2500", scoring, None)

    assert set(found) == {"is2500", "is2500_std"}
    assert found["is2500"] >= 1.0


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("kid_averages900_full", "900 samples and 1,200 training"),
        ("kid_averages2k_test", "2,000 samples and 900 held-out"),
    ],
)
def test_too_few_images_for_subsets_are_one_sentence(
    name: str, counts: str, averages: Extractor, tmp_path: Path
) -> None:
    few = real_features(
        averages, TRAIN, HELDOUT[:900], num_samples=100, fingerprint="few", cache=tmp_path
    )
    with pytest.raises(InputError, match=f"draws subsets of 1,000 images, but there are {counts}"):
        measured(name, averages, Splits(few, len(TRAIN), 900))


def test_what_is_kept_does_not_grow_with_the_samples() -> None:
    real = gaussian(100, 4, 0)
    stream = SubsetKernelStream(real, 100_000, num_subsets=5, size=50)
    for _ in range(100):
        stream.add(real.repeat(10, 1))

    assert sum(map(len, stream._kept)) <= 5 * 50


def test_a_protocol_names_the_columns_of_its_values() -> None:
    assert Protocol("score", "inception", 50_000).columns == ("is50k", "is50k_std")
    assert Protocol("frechet", "inception", 50_000, "full").columns == ("fid50k_full",)
