"""Real images for the tests of the metrics, and an extractor cheap enough to count its calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from lab.config import DataConfig, EvaluationConfig
from lab.data import Pack, find
from lab.metrics import Labels, PackEvaluator, make_evaluator
from lab.metrics.extractors import Extractor


@pytest.fixture(scope="session")
def metrics_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of its own, so that no test reads what another program left."""
    folder = tmp_path_factory.mktemp("metrics-cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def pack(metrics_cache: Path) -> Pack:
    """The embedded 10,000 images."""
    return find(DataConfig())


@pytest.fixture(scope="session")
def evaluator(pack: Pack, metrics_cache: Path) -> PackEvaluator:
    """The default evaluator at 1,000 samples."""
    return make_evaluator(
        EvaluationConfig(num_samples=1000),
        pack.train,
        pack.heldout,
        fingerprint=pack.card.fingerprint,
        labels=Labels(pack.train.labels, pack.heldout.labels, pack.num_classes),
        cache=metrics_cache / "features",
    )


class Averages(nn.Module):
    """Features of an image: the means of its four quarters, in [0, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.num_images = 0

    def forward(self, images: Tensor) -> tuple[Tensor]:
        self.num_images += len(images)
        grey = images.float().mean(dim=1, keepdim=True) / 255
        return (torch.nn.functional.adaptive_avg_pool2d(grey, 2).flatten(1),)


@pytest.fixture
def averages() -> Extractor:
    return Extractor("averages-v1", "averages", "0", Averages(), torch.device("cpu"), 16)
