"""The extractor `dinov2`, with random weights in place of the trained ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from lab.config import EvaluationConfig
from lab.errors import InputError
from lab.metrics import dinov2
from lab.metrics.extractors import Extractor, load_extractor
from lab.torchvision_import import import_torchvision
from tests.metrics.colours import hued_images, other_hues

CPU = torch.device("cpu")


def loaded(weights: Path | None) -> Extractor:
    path = None if weights is None else str(weights)
    return load_extractor(EvaluationConfig(extractor="dinov2", extractor_weights=path), CPU)


def random_network(side: int) -> Any:
    import_torchvision()
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    network = timm.create_model("vit_small_patch14_dinov2", pretrained=False, img_size=side).eval()
    for name, parameter in network.named_parameters():
        if name.endswith(".gamma"):  # 1e-5 at the start: the class token would ignore the image
            torch.nn.init.ones_(parameter)
    return network


def test_features_are_the_class_token_of_the_file_s_network(tmp_path: Path) -> None:
    network = random_network(dinov2.SIDE)
    path = tmp_path / "small.pth"
    torch.save(network.state_dict(), path)
    extractor = loaded(path)
    images = hued_images(2).repeat_interleave(7, 2).repeat_interleave(7, 3)
    mean, deviation = (torch.tensor(x).view(3, 1, 1) for x in (dinov2.MEAN, dinov2.DEVIATION))

    assert (extractor.name, extractor.family) == ("dinov2-small-v1", "dinov2")
    with torch.no_grad():
        expected = network((images / 255 - mean) / deviation)
    torch.testing.assert_close(extractor.features(images), expected, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(extractor.features(other_hues(images)), expected, atol=1e-2)


def test_a_file_of_the_authors_form_is_read(tmp_path: Path) -> None:
    """With a mask token, and positions of 37x37 patches."""
    state = random_network(518).state_dict()
    path = tmp_path / "dinov2_vits14_pretrain.pth"
    torch.save({**state, "mask_token": torch.zeros(1, 384)}, path)
    assert loaded(path).features(hued_images(1)[:, :1]).shape == (1, 384)


@pytest.mark.parametrize("content", [b"not weights", None])
def test_weights_that_cannot_be_had_are_one_sentence(
    tmp_path: Path, content: bytes | None
) -> None:
    random_network(dinov2.SIDE)
    path = tmp_path / "weights.pth"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(
        InputError, match="does not exist" if content is None else "cannot be used"
    ):
        loaded(path)
    with pytest.raises(InputError, match="none is given"):
        loaded(None)


def test_without_timm_the_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dinov2, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"needs the package timm.*\[dinov2\]"):
        loaded(None)
