"""Opening packs, and what is said about damaged ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from lab.data import Pack, open_pack
from lab.data.pack import CARD_FILE, IMAGES_FILE, LABELS_FILE
from lab.errors import InputError


def test_a_pack_opens_as_it_was_written(pack: Pack) -> None:
    assert (pack.resolution, pack.channels, pack.num_classes) == (8, 3, 5)
    assert (len(pack.train), len(pack.heldout)) == (40, 10)
    assert pack.card.splits == {"train": (0, 40), "heldout": (40, 50)}
    assert pack.card.class_names[4] == "class 4"


def test_the_card_is_frozen_and_survives_json(pack: Pack) -> None:
    with pytest.raises(ValidationError):
        pack.card.name = "other"  # type: ignore[misc]
    stored = json.loads(json.dumps(pack.card.model_dump()))
    assert type(pack.card).model_validate(stored) == pack.card


def test_a_pack_without_labels_opens_with_minus_ones(pack: Pack) -> None:
    (pack.folder / LABELS_FILE).unlink()
    change_card(num_classes=0, class_names=[])(pack.folder)
    assert set(open_pack(pack.folder).train.labels.tolist()) == {-1}


def test_a_pack_can_be_moved(pack: Pack, tmp_path: Path) -> None:
    moved = Path(shutil.move(pack.folder, tmp_path / "elsewhere"))
    assert open_pack(moved).card == pack.card


def remove(name: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).unlink()


def write(name: str, content: bytes) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).write_bytes(content)


def save(name: str, array: Any) -> Callable[[Path], Any]:
    return lambda folder: np.save(folder / name, array)


def cut(name: str, keep: int) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:keep])


def grow(name: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + b"x")


def change_card(**values: Any) -> Callable[[Path], Any]:
    def change(folder: Path) -> None:
        card = json.loads((folder / CARD_FILE).read_text())
        (folder / CARD_FILE).write_text(json.dumps({**card, **values}))

    return change


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (remove(CARD_FILE), "card.json is missing"),
        (remove(IMAGES_FILE), "images.npy is missing"),
        (remove(LABELS_FILE), "labels.npy is missing"),
        (write(CARD_FILE, b'{"format": 1,'), "card.json is not JSON"),
        (write(CARD_FILE, b"\xff\xfe\x00"), "card.json is not JSON"),
        (write(CARD_FILE, b"[]"), "card.json is wrong"),
        (write(IMAGES_FILE, b""), "images.npy is truncated"),
        (write(IMAGES_FILE, b"no array at all"), "images.npy is truncated or no array"),
        (cut(IMAGES_FILE, 5000), "images.npy is truncated"),
        (grow(IMAGES_FILE), "images.npy has bytes past its end"),
        (cut(LABELS_FILE, 130), "labels.npy is truncated"),
        (save(IMAGES_FILE, np.zeros((50, 8, 8, 1), np.uint8)), "is not the uint8 array"),
        (save(IMAGES_FILE, np.zeros((50, 8, 8, 3), np.int8)), "is not the uint8 array"),
        (save(LABELS_FILE, np.zeros(49, np.int64)), "is not the int64 array"),
        (save(LABELS_FILE, np.full(50, 5)), "labels outside -1..4"),
        (save(LABELS_FILE, np.full(50, -2)), "labels outside -1..4"),
        (save(LABELS_FILE, np.array([{}] * 50)), "labels.npy is truncated or no array"),
        (change_card(num_images=60), "card.json is wrong"),
        (change_card(resolution="wide"), "card.json is wrong"),
        (change_card(surprise=1), "card.json is wrong"),
        (change_card(splits={"train": [0, 40]}), "the splits must be train and heldout"),
        (change_card(splits={"train": [0, 50], "heldout": [50, 50]}), "no split may be empty"),
        (change_card(splits={"train": [0, 30], "heldout": [40, 50]}), "must cover all images"),
        (change_card(class_names=["one"]), "5 classes have 1 names"),
    ],
)
def test_a_damaged_pack_is_one_sentence(
    pack: Pack, damage: Callable[[Path], Any], sentence: str
) -> None:
    damage(pack.folder)
    with pytest.raises(InputError, match="is damaged") as caught:
        open_pack(pack.folder)
    assert sentence in str(caught.value)
    assert str(pack.folder) in str(caught.value)
    assert "pack again" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_newer_format_asks_for_a_newer_lab(pack: Pack) -> None:
    change_card(format=4, new_field="unknown today")(pack.folder)
    with pytest.raises(InputError, match="has format 4; this lab reads formats up to 3: upgrade"):
        open_pack(pack.folder)
