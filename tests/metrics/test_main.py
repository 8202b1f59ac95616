from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lab.data.source import array_source
from lab.data.write import write_pack
from lab.errors import InputError
from lab.metrics.__main__ import TrainArguments, train


@pytest.fixture
def arguments(tmp_path: Path) -> TrainArguments:
    return TrainArguments("train", "fashion-mini", tmp_path / "out.safetensors")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epochs": 0}, "--epochs is 0"),
        ({"width": -1}, "--width is -1"),
        ({"seed": -1}, "--seed is -1"),
        ({"resolution": 48}, "--resolution is 48"),
        ({"out": Path("weights.pt")}, "must end in .safetensors"),
        ({"out": Path("no/such/folder/w.safetensors")}, "does not exist"),
        ({"family": "inception"}, "--family"),
        ({"pack": "fashion-mine"}, "did you mean"),
    ],
)
def test_a_wrong_argument_is_one_sentence(
    arguments: TrainArguments, change: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        train(replace(arguments, **change))  # type: ignore[arg-type]
    assert not arguments.out.exists()


def test_a_pack_without_labels_is_one_sentence(arguments: TrainArguments, tmp_path: Path) -> None:
    images = np.zeros((50, 32, 32, 1), dtype=np.uint8)
    images[:, 0, 0, 0] = np.arange(50)
    source = array_source("plain", images, None, (), "none", "a test")
    write_pack(lambda: source, tmp_path / "plain", 32)

    with pytest.raises(InputError, match="labels of at least two classes"):
        train(replace(arguments, pack=str(tmp_path / "plain")))
