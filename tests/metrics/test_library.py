"""Facts about the metrics as a library."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from lab.errors import InputError
from lab.metrics import Evaluator
from tests.runs import write_small_pack

QUARTERS = """
from torch.nn.functional import adaptive_avg_pool2d

def features(images):
    return adaptive_avg_pool2d(images.float().mean(1, keepdim=True) / 255, 2).flatten(1)
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, metrics_cache: Path) -> Evaluator:
    folder = tmp_path_factory.mktemp("library")
    (folder / "quarters.py").write_text(QUARTERS)
    pack = write_small_pack(folder / "pack")
    return Evaluator(pack, f"{folder}/quarters.py:features")


def test_real_images_are_nearer_than_noise(library: Evaluator) -> None:
    real = library.pack.heldout[0:60]
    noise = torch.randint(0, 255, real.shape, dtype=torch.uint8)
    near, far = library.measure(real), library.measure(noise)
    (distance,) = (name for name in near if name.startswith("fd_") and name.endswith("_60"))
    assert near[distance] < far[distance] / 3
    assert library.of_real(60)[distance] < far[distance] / 3
    assert library.description(60)["num_samples"] == 60


def test_floats_and_numpy_are_the_same_images(library: Evaluator) -> None:
    real = library.pack.heldout[0:60]
    expected = library.measure(real)
    assert library.measure(real.numpy()) == expected
    assert library.measure(real.double() / 127.5 - 1) == expected
    assert library.measure((real.float() / 127.5 - 1).numpy()) == expected


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros((60, 1, 28, 28), dtype=np.uint8), "Nx1x32x32"),
        (np.zeros((60, 32, 32), dtype=np.uint8), "60x32x32"),
        (torch.zeros(60, 1, 32, 32, dtype=torch.int64), "torch.int64"),
        (torch.full((60, 1, 32, 32), torch.nan), "not finite"),
        (torch.zeros(9, 1, 32, 32), "at least 20"),
    ],
)
def test_other_images_are_refused(library: Evaluator, images: object, words: str) -> None:
    with pytest.raises(InputError, match="image") as refused:
        library.measure(images)  # type: ignore[arg-type]
    assert words in str(refused.value)


def test_data_that_are_not_there_are_refused() -> None:
    with pytest.raises(InputError, match="no-such-set"):
        Evaluator("no-such-set")
