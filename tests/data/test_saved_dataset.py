"""Folders that the package datasets saved; written here as it writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.config import DataConfig
from lab.data import find
from lab.data.saved_dataset import saved_dataset
from lab.errors import InputError
from tests.data.conftest import image_bytes, random_pixels

pyarrow = pytest.importorskip("pyarrow")

FEATURES = {
    "image": {"_type": "Image"},
    "text": {"dtype": "string", "_type": "Value"},
    "label": {"names": ["cat", "dog"], "_type": "ClassLabel"},
    "coat": {"names": ["long", "short"], "_type": "ClassLabel"},
}


def columns(num_rows: int, first: int = 0) -> dict[str, Any]:
    """Image i is of the shade 10 i."""
    numbers = range(first, first + num_rows)
    images = [image_bytes(np.full((32, 32, 3), 10 * i, np.uint8)) for i in numbers]
    return {
        "image": [{"bytes": content, "path": None} for content in images],
        "text": [f"number {i}" if i % 4 else None for i in numbers],
        "label": [i % 2 for i in numbers],
        "coat": [0 if i % 3 else None for i in numbers],
    }


def save(folder: Path, rows: dict[str, Any], num_files: int = 2) -> Path:
    folder.mkdir(parents=True)
    table = pyarrow.table(rows)
    step = -(-len(table) // num_files)
    names = [f"data-{i:05d}-of-{num_files:05d}.arrow" for i in range(num_files)]
    for i, name in enumerate(names):
        with pyarrow.ipc.new_stream(str(folder / name), table.schema) as writer:
            writer.write_table(table.slice(i * step, step), max_chunksize=3)
    (folder / "state.json").write_text(
        json.dumps({"_data_files": [{"filename": n} for n in names]})
    )
    (folder / "dataset_info.json").write_text(json.dumps({"features": FEATURES}))
    return folder


def test_images_texts_and_classes_of_a_saved_data_set(tmp_path: Path) -> None:
    source = saved_dataset(save(tmp_path / "pets", columns(20)))
    assert [int(source.read(i)[0, 0, 0]) for i in (0, 9, 19)] == [0, 90, 190]
    assert source.captions is not None
    assert [*source.captions][:3] == [(), ("number 1",), ("number 2",)]
    assert source.class_names == ("cat", "dog")
    assert source.attributes["coat"].values == ("long", "short")
    assert source.attributes["coat"].numbers[:4].tolist() == [-1, 0, 0, -1]
    assert "5 of 20 images have no caption" in source.notes[0]


def test_its_splits_are_kept(tmp_path: Path) -> None:
    save(tmp_path / "pets" / "train", columns(15))
    save(tmp_path / "pets" / "test", columns(5, first=15))
    save(tmp_path / "pets" / "extra", columns(5))
    (tmp_path / "pets" / "dataset_dict.json").write_text('{"splits": ["train", "test", "extra"]}')
    pack = find(DataConfig(source=str(tmp_path / "pets")))
    assert [len(part) for part in pack.parts] == [15, 5]
    shades = pack.heldout[:][:, 0, 0, 0]
    assert sorted(shades.tolist()) == [150, 160, 170, 180, 190]
    notes = saved_dataset(tmp_path / "pets").notes
    assert notes[0] == "the splits extra are left out; train and test are packed"


def test_a_changed_data_set_is_packed_again(tmp_path: Path) -> None:
    folder = save(tmp_path / "pets", columns(20))
    first = find(DataConfig(source=str(folder)))
    assert find(DataConfig(source=str(folder))).folder == first.folder
    (folder / "data-00001-of-00002.arrow").touch()
    assert find(DataConfig(source=str(folder))).folder != first.folder


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    folder = save(tmp_path / "texts", {"text": ["a", "b"]})
    with pytest.raises(InputError, match="has no column of images; its columns are text"):
        saved_dataset(folder)
    folder = save(tmp_path / "paths", {**columns(6), "image": [{"bytes": None, "path": "x"}] * 6})
    with pytest.raises(InputError, match="its row has no bytes; save it again"):
        saved_dataset(folder).read(0)
    folder = save(tmp_path / "torn", columns(6))
    (folder / "data-00000-of-00002.arrow").write_bytes(b"\xff" * 40)
    with pytest.raises(InputError, match=r"cannot be read .*save it again"):
        saved_dataset(folder)
    (folder / "state.json").write_text("{")
    with pytest.raises(InputError, match=r"state\.json cannot be read"):
        saved_dataset(folder)


def test_a_broken_picture_names_its_row(tmp_path: Path) -> None:
    rows = columns(6)
    rows["image"][4] = {"bytes": random_pixels(50).tobytes(), "path": None}
    source = saved_dataset(save(tmp_path / "pets", rows))
    with pytest.raises(InputError, match="rows/00000004 cannot be read"):
        source.read(4)
