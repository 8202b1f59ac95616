from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

import lab.metrics.anchor as module
from lab.config import EvaluationConfig
from lab.data import Pack
from lab.metrics import PackEvaluator, make_evaluator
from lab.metrics.anchor import independent_pixels


def built(pack: Pack, cache: Path, num_samples: int = 2000) -> PackEvaluator:
    return make_evaluator(
        EvaluationConfig(num_samples=num_samples),
        pack.train,
        pack.heldout,
        fingerprint=pack.card.fingerprint,
        cache=cache,
    )


def made(images: Tensor, count: int, batch_size: int = 7) -> Tensor:
    return torch.cat(list(independent_pixels(images, count, batch_size)))


def test_images_that_show_nothing_have_a_known_kernel_distance(
    pack: Pack, metrics_cache: Path
) -> None:
    evaluator = built(pack, metrics_cache / "features")

    assert set(evaluator.anchor) == {evaluator.names.frechet, evaluator.names.kernel}
    assert 2.6 < evaluator.anchor[evaluator.names.kernel] < 2.75


def test_the_anchor_is_what_the_same_images_measure(evaluator: PackEvaluator, pack: Pack) -> None:
    found = evaluator.measure(made(pack.train[0 : len(pack.train)], evaluator.num_samples))

    for column, value in evaluator.anchor.items():
        assert found[column] == pytest.approx(value, rel=1e-6)


def test_an_anchor_is_computed_once(
    pack: Pack, metrics_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = metrics_cache / "features"
    first = built(pack, cache, 100).anchor
    monkeypatch.setattr(module, "independent_pixels", None)

    assert built(pack, cache, 100).anchor == first


def test_every_pixel_is_drawn_from_its_own_values_in_each_channel() -> None:
    columns = torch.arange(4, dtype=torch.uint8).expand(3, 4, 4)
    images = torch.stack([10 * (i + 1) + columns for i in range(6)])
    images[:, 1] += 100
    found = made(images, 200)

    assert found.shape == (200, 3, 4, 4)
    assert found.dtype == torch.uint8
    for channel in range(3):
        for x in range(4):
            assert set(found[:, channel, :, x].unique().tolist()) == set(
                images[:, channel, 0, x].tolist()
            )
    plain = found.double()
    plain[:, 1] -= 100
    pixels = (plain - columns).flatten(1)
    independent = pixels.T.corrcoef() - torch.eye(48, dtype=torch.float64)
    assert independent.abs().max() < 0.4


def test_an_image_depends_neither_on_the_count_nor_on_the_batches() -> None:
    images = torch.arange(256, dtype=torch.uint8).view(16, 1, 4, 4)

    assert torch.equal(made(images, 20)[:9], made(images, 9, batch_size=4))


def test_a_large_split_is_represented_by_a_fixed_random_choice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images = torch.arange(100, dtype=torch.uint8).view(100, 1, 1, 1).expand(100, 1, 2, 2)
    monkeypatch.setattr(module, "MOST_IMAGES", 10)
    values = set(made(images, 200).unique().tolist())

    assert len(values) == 10
    assert max(values) > 50
    monkeypatch.setattr(module, "MOST_BYTES", 3 * 4)
    assert len(made(images, 200).unique()) == 3
