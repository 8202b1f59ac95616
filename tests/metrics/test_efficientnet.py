"""The extractor `efficientnet` sees colour, and is what colour gets where it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lab import efficientnet
from lab.config import EvaluationConfig
from lab.errors import InputError
from lab.metrics import PackEvaluator, extractors, make_evaluator
from lab.metrics.distances import frechet_distance, moments
from lab.metrics.extractors import (
    FASHION_WEIGHTS,
    Extractor,
    caution,
    load_extractor,
    require_fitting,
    settled,
)
from tests.metrics.colours import hued_images, other_hues

CPU = torch.device("cpu")
NUM_IMAGES = 50


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    return load_extractor(EvaluationConfig(extractor="efficientnet"), CPU)


def evaluator_of(cache: Path, **settings: object) -> PackEvaluator:
    images = hued_images(2 * NUM_IMAGES)
    return make_evaluator(
        EvaluationConfig(num_samples=NUM_IMAGES, **settings),  # type: ignore[arg-type]
        images[:NUM_IMAGES],
        images[NUM_IMAGES:],
        fingerprint="hues",
        cache=cache,
    )


def test_colour_is_measured_by_default_between_two_anchors_that_are_kept(tmp_path: Path) -> None:
    by_default = evaluator_of(tmp_path)
    images = other_hues(hued_images(NUM_IMAGES))
    images[:] = images[2]  # of one hue, which the real images have too
    of_one_hue = by_default.distances(images)
    names = by_default.names

    assert by_default.extractor == "efficientnet-lite0-v1"
    assert (names.frechet, names.kernel) == ("fd_efficientnet_50", "kid_efficientnet_50")
    assert by_default.scale.anchor > by_default.scale.floor + 0.5
    assert len(list(tmp_path.glob("efficientnet-lite0-v1-*"))) == 2  # real images, anchor
    assert of_one_hue[names.kernel] > by_default.baseline[names.kernel] + 0.05


def test_a_turn_of_hues_moves_its_features_and_not_those_of_fashion(extractor: Extractor) -> None:
    images = torch.zeros(20, 3, 32, 32, dtype=torch.uint8)
    images[:, 0] = hued_images(20)[:, 1]
    turned = other_hues(images)
    fashion = load_extractor(EvaluationConfig(extractor="fashion"), CPU)

    def distance(by: Extractor) -> float:
        return frechet_distance(moments(by.features(images)), moments(by.features(turned)))

    torch.testing.assert_close(fashion.features(images), fashion.features(turned))
    assert distance(fashion) < 0.01
    assert distance(extractor) > 1


def test_grey_images_are_those_of_three_equal_channels(extractor: Extractor) -> None:
    grey = hued_images(2)[:, :1]
    features = extractor.features(grey)

    assert features.shape == (2, 320)
    torch.testing.assert_close(extractor.features(grey.expand(-1, 3, -1, -1)), features)


@pytest.fixture
def without_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(efficientnet, "find_spec", lambda name: None)
    monkeypatch.setattr(extractors, "EMOJI_WEIGHTS", tmp_path / "none.safetensors")


def test_auto_is_fashion_for_grey_and_efficientnet_for_colour() -> None:
    assert settled(EvaluationConfig(), 1).extractor == "fashion"
    assert settled(EvaluationConfig(), 3).extractor == "efficientnet"
    assert settled(EvaluationConfig(extractor="inception"), 1).extractor == "inception"


@pytest.mark.usefixtures("without_the_package")
def test_without_the_extra_colour_is_measured_by_the_small_network_in_colour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert settled(EvaluationConfig(), 1).extractor == "fashion"
    monkeypatch.setattr(extractors, "EMOJI_WEIGHTS", FASHION_WEIGHTS)
    assert settled(EvaluationConfig(), 3).extractor == "emoji"


@pytest.mark.usefixtures("without_the_package")
def test_without_any_that_sees_colour_the_sentence_names_the_remedies() -> None:
    with pytest.raises(InputError, match=r"is auto, .*\[features\].*--extractor efficientnet"):
        settled(EvaluationConfig(), 3)
    with pytest.raises(InputError, match=r"\[features\]"):
        load_extractor(EvaluationConfig(extractor="efficientnet"), CPU)
    with pytest.raises(InputError, match=r"no weights in this installation.*\[features\]"):
        load_extractor(EvaluationConfig(extractor="emoji"), CPU)


@pytest.mark.parametrize("name", ["fashion", str(FASHION_WEIGHTS)])
def test_an_extractor_of_grey_images_is_refused_for_colour(name: str) -> None:
    config = EvaluationConfig(extractor=name)

    require_fitting(config, 1)
    with pytest.raises(InputError, match=r"reads images in colour as grey.*\[features\]") as error:
        require_fitting(config, 3)
    assert "\n" not in str(error.value)


def test_other_subjects_in_grey_are_measured_by_fashion_with_a_caution() -> None:
    config = EvaluationConfig(extractor="fashion")

    assert caution(config, 1, "fashion-mini") == ""
    assert "trained on clothing, which mnist may not be" in caution(config, 1, "mnist")
    assert "does not see hues" in caution(config, 3, "cifar10")
    assert caution(EvaluationConfig(extractor="efficientnet"), 3, "cifar10") == ""
    emoji = EvaluationConfig(extractor="emoji")
    assert "trained on emoji, which cifar10 may not be" in caution(emoji, 3, "cifar10")
    assert caution(emoji, 3, "emoji-mini") == ""
