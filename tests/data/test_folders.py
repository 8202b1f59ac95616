"""What sub-folders mean: splits, classes, or neither."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from lab.config import DataConfig
from lab.data import Pack, find, open_pack
from lab.data.__main__ import main
from lab.errors import InputError
from tests.data.conftest import image_bytes, random_pixels, write_files, write_zip


def packed(path: Path) -> Pack:
    return find(DataConfig(source=str(path), resolution=32))


def files_in(*folders: str, num_each: int = 10) -> dict[str, bytes]:
    """Different grey images of 32x32, whose first pixel is the number of their folder."""
    files = {}
    for label, folder in enumerate(folders):
        for i in range(num_each):
            pixels = random_pixels(32, 32, seed=100 * label + i)
            pixels[0, 0] = label
            files[f"{folder}/{i}.png"] = image_bytes(pixels)
    return files


def folders_of(pack: Pack) -> tuple[set[int], set[int]]:
    """Numbers of the folders whose images train, and of those that are held out."""
    train, heldout = (set(part[:][:, 0, 0, 0].tolist()) for part in (pack.train, pack.heldout))
    return train, heldout


def test_shards_of_stylegan_have_the_labels_of_their_file(tmp_path: Path) -> None:
    files = files_in("00000", "00001")
    labels = [[name, int(name.endswith(("1.png", "2.png")))] for name in files]
    for content, classes, origin in (
        (labels, ("0", "1"), "dataset.json"),
        (None, (), "none: dataset.json has null"),
    ):
        text = json.dumps({"labels": content}).encode()
        path = tmp_path / f"{len(classes)}.zip"
        card = packed(write_zip(path, {**files, "dataset.json": text})).card
        assert (card.class_names, card.labels_from) == (classes, origin)


@pytest.mark.parametrize(
    "folders",
    [
        ("00000", "00001"),
        ("part1", "part2"),
        ("batch_a", "batch_b"),
        ("images", "masks"),
        ("2021-03-04", "2021-03-05"),
        ("val", "test"),
        ("train", "test", "extra"),
        ("trainA", "testA"),
    ],
)
def test_folders_that_do_not_look_like_classes_are_asked_about(
    tmp_path: Path, folders: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_files(tmp_path / "set", files_in(*folders))
    with pytest.raises(InputError, match=r"do not look like classes; .*--labels none") as error:
        packed(source)
    assert "\n" not in str(error.value)
    for choice, num_classes in (("none", 0), ("folders", len(folders))):
        out = tmp_path / choice
        assert main(["pack", str(source), str(out), "--labels", choice]) == 0
        assert open_pack(out).num_classes == num_classes
    assert "labels: 0 classes (none, as asked for)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "folders", [("0", "1", "10"), ("n01440764", "n01443537"), ("train", "boat"), ("c1", "c2")]
)
def test_usual_names_of_classes_are_classes(tmp_path: Path, folders: tuple[str, ...]) -> None:
    pack = packed(write_files(tmp_path / "set", files_in(*folders)))
    assert pack.card.class_names == tuple(sorted(folders))
    assert pack.card.labels_from == "sub-folders"
    (note,) = pack.card.notes
    assert note.startswith(f"{len(folders)} classes from sub-folders: ")


@pytest.mark.parametrize(
    ("train", "heldout"), [("train", "val"), ("Training", "Testing"), ("train2017", "val2017")]
)
def test_a_split_of_folders_is_kept_and_classes_are_below_it(
    tmp_path: Path, train: str, heldout: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = files_in(f"{train}/cats", f"{train}/dogs", f"{heldout}/cats", f"{heldout}/dogs")
    pack = packed(write_files(tmp_path / "set", files))
    assert folders_of(pack) == ({0, 1}, {2, 3})
    assert pack.card.class_names == ("cats", "dogs")
    assert pack.train.labels.tolist() == pack.train[:][:, 0, 0, 0].tolist()
    assert "20 images train, 20 of val" in (note := capsys.readouterr().err) or "of test" in note


def test_of_three_splits_one_is_left_out_aloud(tmp_path: Path) -> None:
    pack = packed(write_files(tmp_path / "set", files_in("train", "val", "test")))
    assert folders_of(pack) == ({0}, {1})
    assert pack.num_classes == 0
    assert any("test left out" in note for note in pack.card.notes)


def test_a_split_inside_each_class_is_kept(tmp_path: Path) -> None:
    files = files_in("cats/train", "dogs/train", "cats/test", "dogs/test")
    pack = packed(write_files(tmp_path / "set", files))
    assert folders_of(pack) == ({0, 1}, {2, 3})
    assert pack.card.class_names == ("cats", "dogs")


def test_a_held_out_class_that_never_trains_is_refused(tmp_path: Path) -> None:
    files = files_in("train/cats", "train/dogs", "test/cats", "test/eels")
    with pytest.raises(InputError, match="eels among the held-out images"):
        packed(write_files(tmp_path / "set", files))


def test_names_that_are_not_utf8_are_packed_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = os.fsdecode(b"caf\xe9")
    files = {
        f"{folder}/{i}{strange}.png": image_bytes(random_pixels(32, 32, seed=i + 50 * label))
        for label, folder in enumerate((strange, "tea"))
        for i in range(5)
    }
    source = write_files(tmp_path / strange, files)
    assert packed(source).card.name == r"caf\xe9"
    assert main(["pack", str(source), str(tmp_path / "out")]) == 0
    assert main(["show", str(source)]) == 0
    assert r"caf\xe9, tea" in capsys.readouterr().out
    assert open_pack(tmp_path / "out").card.class_names == (r"caf\xe9", "tea")


def test_links_to_folders_are_followed_and_loops_end(tmp_path: Path) -> None:
    source = write_files(tmp_path / "set", files_in("cats"))
    elsewhere = write_files(tmp_path / "other", files_in("dogs", "eels"))
    (source / "dogs").symlink_to(elsewhere / "dogs")
    (source / "eels").symlink_to(elsewhere / "eels")
    (source / "cats" / "loop").symlink_to(source)
    pack = packed(source)
    assert pack.card.num_images == 30
    assert pack.card.class_names == ("cats", "dogs", "eels")
    assert any("'cats/loop'" in note for note in pack.card.notes)


def test_every_file_left_out_is_counted_by_kind(tmp_path: Path) -> None:
    files = files_in("cats", "dogs")
    extra = {"cats/a.psd": b"", "cats/b.PSD": b"", "readme.md": b"", "cats/0.txt": b"a cat"}
    pack = packed(write_files(tmp_path / "set", {**files, **extra}))
    assert "left out, being no images: 2 .psd, 1 .md" in pack.card.notes
    with pytest.raises(InputError, match=r"no image files \(left out, .*: 1 \.psd\)"):
        packed(write_files(tmp_path / "none", {"a.psd": b""}))


def test_an_earlier_order_of_folders_and_files_stays(tmp_path: Path) -> None:
    """Folders are walked in any order; names are packed in theirs."""
    files = files_in("b", "a")
    pack = packed(write_files(tmp_path / "set", files))
    assert np.array_equal(pack.train.labels, 1 - pack.train[:][:, 0, 0, 0].int())
