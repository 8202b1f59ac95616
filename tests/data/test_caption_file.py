"""Captions and classes that come with image files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lab.data.caption_file import described
from lab.data.image_files import image_source
from lab.data.shelf import folder_shelf, zip_shelf
from lab.data.source import Source
from lab.errors import InputError
from tests.data.conftest import class_files, write_files, write_zip

NAMES = ("cats/1.png", "cats/2.png", "dogs/2.png", "dogs/3.png")


def captions_of(source: Source) -> dict[int, tuple[str, ...]]:
    assert source.captions is not None
    return {i: texts for i, texts in enumerate(source.captions) if texts}


def write_table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines))
    return path


def test_coco_captions_belong_to_their_files_with_or_without_folders(tmp_path: Path) -> None:
    data = {
        "images": [{"id": 7, "file_name": "1.png"}, {"id": 8, "file_name": "dogs/2.png"}],
        "annotations": [
            {"image_id": 7, "caption": "a cat"},
            {"image_id": 8, "caption": "a dog"},
            {"image_id": 7, "caption": "a grey cat"},
        ],
    }
    path = write_table(tmp_path / "captions.json", json.dumps(data))
    texts = described(path, NAMES).captions
    assert list(texts) == [("a cat", "a grey cat"), (), ("a dog",), ()]


def test_a_table_has_captions_and_attributes(tmp_path: Path) -> None:
    lines = ('file_name,caption,coat', '1.png,"a cat, asleep",long', "3.png,a dog,short",
             "./dogs/2.png,a dog,", "gone.png,nothing,long")  # fmt: skip
    of_file = described(write_table(tmp_path / "t.csv", *lines), NAMES, ["coat"])
    assert list(of_file.captions) == [("a cat, asleep",), (), ("a dog",), ("a dog",)]
    assert of_file.attributes["coat"].values == ("long", "short")
    assert of_file.attributes["coat"].numbers.tolist() == [0, -1, -1, 1]
    assert of_file.notes == ("1 rows of t.csv name no image, say 'gone.png'",)


def test_a_parquet_table_may_have_several_captions_in_a_cell(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = {"image": ["1.png", "3.png"], "text": [["a cat", "a pet"], None], "age": [3, 4]}
    parquet.write_table(pyarrow.table(rows), tmp_path / "t.parquet")
    of_file = described(tmp_path / "t.parquet", NAMES, ["age"])
    assert list(of_file.captions) == [("a cat", "a pet"), (), (), ()]
    assert of_file.attributes["age"].values == ("3", "4")


def test_parquet_without_pyarrow_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install pyarrow, or give the table as \.csv"):
        described(tmp_path / "t.parquet", NAMES)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("t.csv", "a,b\n1.png,cat", "has the columns a, b; name that of the files file_name or"),
        ("t.csv", "file,b\n1.png,cat", "name that of the captions caption or"),
        ("t.csv", "", r"has the columns \(none\)"),
        ("t.csv", "file,caption\nx.png,cat", "must be those of the images"),
        ("t.csv", "file,caption\n1.png,", "must be those of the images"),
        ("t.csv", b"file,caption\n1.png,\xff", "cannot be read"),
        ("t.csv", 'file,caption\n1.png,"cat', "cannot be read"),
        ("t.json", "{", "is no file of captions as COCO's"),
        ("t.json", "[]", "needs images with id and file_name"),
        ("t.json", '{"images": [], "annotations": [{"image_id": 1}]}', "is no file of captions"),
        ("t.xml", "", r"end in '\.xml'; allowed are \.json, \.csv"),
    ],
)
def test_a_bad_file_of_captions_is_one_sentence(
    tmp_path: Path, name: str, content: str | bytes, sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError, match=sentence) as caught:
        described(path, NAMES)
    assert "\n" not in str(caught.value)


def test_an_attribute_needs_its_column_and_two_values(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv", "file,caption,coat", "1.png,a cat,long")
    with pytest.raises(InputError, match=r"--attributes names 'age', but .* has the columns file"):
        described(path, NAMES, ["age"])
    with pytest.raises(InputError, match=r"'coat' of .* has 1 different values; it must"):
        described(path, NAMES, ["coat"])


@pytest.mark.parametrize("zipped", [False, True])
def test_texts_beside_images_are_captions_a_line_each(tmp_path: Path, zipped: bool) -> None:
    texts = {"cats/1.txt": "a cat\n\nfur 猫".encode(), "dogs/3.txt": b"a dog", "readme.txt": b"x"}
    files = {**class_files(), **texts}
    if zipped:
        source = image_source(zip_shelf(write_zip(tmp_path / "pets.zip", files)))
    else:
        source = image_source(folder_shelf(write_files(tmp_path / "pets", files)))
    assert captions_of(source) == {1: ("a cat", "fur 猫"), 13: ("a dog",)}
    assert source.notes[1:] == (
        "left out, being no images: 1 .txt",
        "18 of 20 images have no caption, say 'cats/0.png'; they are packed without",
    )
    assert source.class_names == ("cats", "dogs")


def test_a_text_that_is_no_utf8_is_one_sentence(tmp_path: Path) -> None:
    files = {**class_files(), "cats/1.txt": b"\xff\xfe"}
    with pytest.raises(InputError, match=r"cats/1\.txt cannot be read .*write them as UTF-8"):
        image_source(folder_shelf(write_files(tmp_path / "pets", files)))


def styled(tmp_path: Path, labels: object) -> Source:
    files = {**class_files(2), "dataset.json": json.dumps(labels).encode()}
    return image_source(folder_shelf(write_files(tmp_path / "styled", files)))


def test_classes_of_stylegans_file_go_before_folders(tmp_path: Path) -> None:
    names = ["cats/0.png", "cats/1.png", "dogs/0.png", "dogs/1.png"]
    source = styled(tmp_path, {"labels": [*zip(names, [2, 0, 2, 1], strict=True)]})
    assert source.labels is not None
    assert source.labels.tolist() == [2, 0, 2, 1]
    assert source.class_names == ("0", "1", "2")


def test_a_file_of_stylegan_without_labels_makes_folders_no_classes(tmp_path: Path) -> None:
    source = styled(tmp_path, {"labels": None})
    assert (source.labels, source.class_names) == (None, ())


def test_another_programs_file_of_that_name_is_left_alone(tmp_path: Path) -> None:
    assert styled(tmp_path, {"title": "pets"}).class_names == ("cats", "dogs")


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([["cats/0.png", 1]], "has no class for 3 of 4 images, say cats/1.png"),
        ([["cats/0.png", -1]], "labels that are no class numbers"),
        ([["cats/0.png", [0.1, 0.2]]], "labels that are no class numbers"),
    ],
)
def test_wrong_labels_of_stylegan_are_one_sentence(
    tmp_path: Path, labels: object, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        styled(tmp_path, {"labels": labels})
