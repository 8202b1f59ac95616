"""Broken, repeated and blank images, and zips that hide some."""

from __future__ import annotations

import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lab.config import DataConfig
from lab.data import Pack, find, open_pack
from lab.data.__main__ import main
from lab.data.order import stratified_order
from lab.data.shelf import zip_shelf
from lab.errors import InputError
from tests.data.conftest import class_files, image_bytes, random_pixels, write_files, write_zip


def packed(path: Path) -> Pack:
    return find(DataConfig(source=str(path), resolution=32))


def different(count: int) -> list[bytes]:
    return [image_bytes(random_pixels(32, 32, seed=i)) for i in range(count)]


def rows(part: object) -> set[bytes]:
    return {row.numpy().tobytes() for row in part[:]}  # type: ignore[index]


def test_all_broken_images_are_listed_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = class_files()
    torn = files["dogs/7.png"]
    files |= {"cats/3.png": b"text", "dogs/7.png": torn[: len(torn) // 2]}
    source = write_files(tmp_path / "pets", files)
    assert main(["pack", str(source), str(tmp_path / "out")]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "2 of 20 images cannot be read: " in line
    assert "cats/3.png (" in line
    assert "dogs/7.png (" in line
    assert "--skip-broken" in line
    assert not (tmp_path / "out").exists()


def test_broken_images_are_skipped_and_recorded(tmp_path: Path) -> None:
    files = class_files()
    texts = {f"{name[:-4]}.txt": f"of {name}".encode() for name in files}
    broken = {"cats/3.png": b"text", "dogs/7.png": b""}
    source = write_files(tmp_path / "pets", {**files, **texts, **broken})
    whole = write_files(tmp_path / "whole" / "pets", {**files, **texts})
    for name in broken:
        (whole / name).unlink()
        (whole / name).with_suffix(".txt").unlink()
    assert main(["pack", str(source), str(tmp_path / "out"), "--skip-broken"]) == 0
    pack = open_pack(tmp_path / "out")
    assert pack.card.num_images == 18
    (note,) = (note for note in pack.card.notes if "being broken" in note)
    assert all(str(source / name) in note for name in broken)
    assert pack.card.fingerprint == packed(whole).card.fingerprint


def test_copies_are_kept_on_one_side_of_the_split(tmp_path: Path) -> None:
    contents = different(30)
    files = {f"{i}-{copy}.png": contents[i] for i in range(30) for copy in range(3)}
    pack = packed(write_files(tmp_path / "set", files))
    assert not rows(pack.train) & rows(pack.heldout)
    assert (len(pack.train), len(pack.heldout)) == (72, 18)
    assert any(
        note == "copies of other images: 60; all copies of an image are on one side of the split"
        for note in pack.card.notes
    )


def test_images_without_copies_are_split_as_ever() -> None:
    labels = np.arange(100) % 7
    plain, none = stratified_order(labels), stratified_order(labels, np.arange(100))
    assert np.array_equal(plain.indices, none.indices)


def test_a_class_of_copies_alone_still_trains() -> None:
    """Its only image is the copy of one that would be held out."""
    for copied in range(20):
        labels = np.array([0] * 20 + [1])
        originals = np.array([*range(20), copied])
        order = stratified_order(labels, originals)
        assert 20 in order.indices[: order.num_train]


def test_copies_across_a_given_split_are_counted(tmp_path: Path) -> None:
    contents = different(12)
    files = {f"train/{i}.png": contents[i] for i in range(10)}
    files |= {f"test/{i}.png": contents[i] for i in range(6, 12)}
    pack = packed(write_files(tmp_path / "set", files))
    assert len(pack.heldout) == 6
    assert any("4 of the 6 held-out images train as well" in note for note in pack.card.notes)


def test_a_blank_set_is_refused_before_training(tmp_path: Path) -> None:
    files = {f"{i}.png": image_bytes(np.zeros((32, 32), np.uint8)) for i in range(40)}
    with pytest.raises(
        InputError, match="40 images, each of a single colour, and without copies 1; "
    ):
        packed(write_files(tmp_path / "set", files))


def test_blank_images_are_counted(tmp_path: Path) -> None:
    contents = [*different(10), image_bytes(np.zeros((32, 32), np.uint8))]
    files = {f"{i}.png": content for i, content in enumerate(contents)}
    pack = packed(write_files(tmp_path / "set", files))
    assert "blank images, of a single colour: 1" in pack.card.notes


def test_backslashes_of_a_zip_separate_folders(tmp_path: Path) -> None:
    files = {name.replace("/", "\\"): content for name, content in class_files().items()}
    assert packed(write_zip(tmp_path / "pets.zip", files)).card.class_names == ("cats", "dogs")


def test_entries_of_one_name_are_all_packed(tmp_path: Path) -> None:
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for i, content in enumerate(different(20)):
            archive.writestr(f"{i % 10}.png", content)
    pack = packed(path)
    assert pack.card.num_images == 20
    assert len(rows(pack.train) | rows(pack.heldout)) == 20
    assert any(
        note.endswith("with the name of another one, packed as well: 10")
        for note in pack.card.notes
    )


def test_encrypted_and_strangely_compressed_zips_are_one_sentence(tmp_path: Path) -> None:
    for offsets, value, expected in (
        ((6, 8), 1, "is encrypted; unpack it with its password"),
        ((8, 10), 9, "compressed by method 9, which Python does not unpack"),
    ):
        path = write_zip(tmp_path / f"{value}.zip", class_files())
        content = bytearray(path.read_bytes())
        for mark, offset in zip((b"PK\3\4", b"PK\1\2"), offsets, strict=True):
            at = content.find(mark)
            while at >= 0:
                struct.pack_into("<H", content, at + offset, value)
                at = content.find(mark, at + 4)
        path.write_bytes(bytes(content))
        with pytest.raises(InputError, match=expected) as error:
            zip_shelf(path)
        assert "\n" not in str(error.value)
