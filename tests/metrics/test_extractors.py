from __future__ import annotations

import subprocess
import sys
import urllib.error
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from lab.config import EvaluationConfig
from lab.data import Pack
from lab.errors import InputError
from lab.metrics.distances import frechet_distance, moments
from lab.metrics.extractors import FASHION_WEIGHTS, Extractor, load_extractor
from lab.metrics.training import accuracy
from lab.metrics.weights_file import family_name, read_weights

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def fashion() -> Extractor:
    return load_extractor(EvaluationConfig(extractor="fashion"), CPU)


def config(extractor: object, weights: object = None) -> EvaluationConfig:
    return EvaluationConfig(
        extractor=str(extractor), extractor_weights=None if weights is None else str(weights)
    )


def test_importing_the_metrics_imports_no_torchvision() -> None:
    code = (
        "import sys, lab.metrics; heavy = {'torch_fidelity', 'torchvision', 'scipy'}; "
        "sys.exit(bool(heavy & {name.partition('.')[0] for name in sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_fashion_classifier_is_as_accurate_as_its_file_says(pack: Pack) -> None:
    network, card = read_weights(FASHION_WEIGHTS)
    images = torch.cat([pack.train[:], pack.heldout[:]])
    labels = torch.cat([pack.train.labels, pack.heldout.labels])

    assert card.data == "fashion-mnist"
    assert (card.num_train, card.num_heldout, len(images)) == (60_000, 10_000, 10_000)
    assert card.accuracy >= 0.91
    assert accuracy(network, images, labels, card.side) == pytest.approx(card.accuracy, abs=5e-4)


def test_the_fashion_weights_are_small_and_versioned(fashion: Extractor) -> None:
    assert FASHION_WEIGHTS.stat().st_size <= 1_000_000
    assert (fashion.name, fashion.family) == ("fashion-v1", "fashion")


def test_features_of_training_like_images_are_standardised(fashion: Extractor, pack: Pack) -> None:
    features = fashion.features(pack.train[0:2000])

    assert features.shape == (2000, 64)
    assert float(features.mean(dim=0).abs().max()) < 0.3
    assert float(features.var(dim=0).mean()) == pytest.approx(1.0, abs=0.1)


def test_28_32_and_64_pixels_grey_or_colour_give_like_features(
    fashion: Extractor, pack: Pack
) -> None:
    images = pack.heldout[0:100]
    features = fashion.features(images)
    cropped, doubled = images[:, :, 2:-2, 2:-2], images.repeat_interleave(2, 2)
    doubled = doubled.repeat_interleave(2, 3)

    torch.testing.assert_close(fashion.features(cropped), features)
    torch.testing.assert_close(fashion.features(images.repeat(1, 3, 1, 1)), features)
    likeness = F.cosine_similarity(fashion.features(doubled), features)
    assert float(likeness.min()) > 0.8
    assert float(likeness.mean()) > 0.97


def test_torch_fidelity_itself_gives_the_same_distance_with_the_registered_extractor(
    fashion: Extractor, pack: Pack
) -> None:
    from torch_fidelity import calculate_metrics

    real, fake = pack.train[0:200], pack.heldout[0:200] // 2

    class Images(torch.utils.data.Dataset[torch.Tensor]):
        def __init__(self, images: torch.Tensor) -> None:
            self.images = images

        def __len__(self) -> int:
            return len(self.images)

        def __getitem__(self, index: int) -> torch.Tensor:
            return self.images[index]

    theirs = calculate_metrics(
        input1=Images(real),
        input2=Images(fake),
        feature_extractor=fashion.name,
        feature_extractor_weights_path=str(FASHION_WEIGHTS),
        fid=True,
        cuda=False,
        save_cpu_ram=True,
        cache=False,
        verbose=False,
    )
    ours = frechet_distance(moments(fashion.features(real)), moments(fashion.features(fake)))
    assert ours == pytest.approx(theirs["frechet_inception_distance"], rel=1e-4)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fashon", "did you mean 'fashion'"),
        ("nothing-like-it", "known are dinov2, efficientnet, emoji, fashion, inception"),
        ("missing.safetensors", "do not exist"),
    ],
)
def test_an_unknown_extractor_is_one_sentence(name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_extractor(config(name), CPU)


@pytest.mark.parametrize("damage", ["empty", "truncated", "text", "tensor", "card", "non-finite"])
def test_damaged_weights_are_one_sentence(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "weights.safetensors"
    whole = FASHION_WEIGHTS.read_bytes()
    tensors = load_file(FASHION_WEIGHTS)
    facts = {name: str(value) for name, value in read_weights(FASHION_WEIGHTS)[1]}
    if damage == "tensor":
        save_file({**tensors, "head.weight": torch.zeros(3, 64)}, path, facts)
    elif damage == "card":
        save_file(tensors, path, {"format": "1"})
    elif damage == "non-finite":
        save_file({**tensors, "head.bias": torch.full((10,), torch.nan)}, path, facts)
    else:
        path.write_bytes({"empty": b"", "truncated": whole[:-100], "text": b"hello" * 99}[damage])

    with pytest.raises(InputError, match="cannot be used") as error:
        load_extractor(config(path), CPU)
    assert "\n" not in str(error.value)


def test_weights_are_given_only_to_extractors_that_read_a_file() -> None:
    with pytest.raises(InputError, match="only 'inception' and 'dinov2' take it"):
        load_extractor(config("fashion", "inception.pth"), CPU)


def test_families_are_clean_and_never_inception() -> None:
    assert family_name("My Cats & Dogs_2") == "my-cats-dogs-2"
    for wrong in ("Inception", "???"):
        with pytest.raises(InputError, match="--family"):
            family_name(wrong)


def _two_remedies(error: InputError) -> bool:
    text = str(error)
    remedies = ("--extractor-weights PATH", "--extractor fashion", "`python -m lab.metrics train`")
    return all(remedy in text for remedy in remedies) and "\n" not in text


def test_inception_out_of_reach_names_both_remedies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch_fidelity.feature_extractor_inceptionv3 as theirs

    import lab.metrics.fidelity  # noqa: F401

    def no_network(*_: Any, **__: Any) -> None:
        raise urllib.error.URLError("no network here")

    monkeypatch.setattr(theirs, "load_state_dict_from_url", no_network)
    with pytest.raises(InputError, match="no network here") as error:
        load_extractor(config("inception"), CPU)
    assert _two_remedies(error.value)


@pytest.mark.parametrize("damage", ["missing", "text", "other"])
def test_wrong_inception_weights_name_both_remedies(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "inception.pth"
    if damage == "text":
        path.write_bytes(b"not weights")
    if damage == "other":
        torch.save({"weight": torch.zeros(2)}, path)

    with pytest.raises(InputError, match="cannot be loaded") as error:
        load_extractor(config("inception", path), CPU)
    assert _two_remedies(error.value)


def test_inception_runs_from_a_weights_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch_fidelity.feature_extractor_inceptionv3 as theirs

    import lab.metrics.fidelity  # noqa: F401

    with monkeypatch.context() as patch:
        patch.setattr(theirs, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(theirs.FeatureExtractorInceptionV3, "load_state_dict", lambda *_: None)
        random = theirs.FeatureExtractorInceptionV3("random", ["2048"])
    path = tmp_path / "inception.pth"
    torch.save(random.state_dict(), path)

    found = load_extractor(config("inception", path), CPU)
    assert (found.name, found.family) == ("inception-v3-compat", "inception")
    grey = torch.randint(0, 256, (2, 1, 32, 32), dtype=torch.uint8)
    features = found.features(grey)
    assert features.shape == (2, 2048)
    torch.testing.assert_close(found.features(grey.repeat(1, 3, 1, 1)), features)
