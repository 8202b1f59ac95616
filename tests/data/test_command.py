"""python -m lab.data"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lab.data import open_pack
from lab.data.__main__ import main
from lab.data.pack import IMAGES_FILE
from tests.data.conftest import class_files, write_files, write_zip


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """A pack of 20 colour images of 64x64 in 2 classes, made by the command."""
    source = write_files(tmp_path / "pets", class_files())
    assert main(["pack", str(source), str(tmp_path / "packed"), "--resolution", "64"]) == 0
    return tmp_path / "packed"


def test_pack_writes_a_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_files(tmp_path / "pets", class_files())
    assert main(["pack", str(source), str(tmp_path / "out"), "--resolution", "64"]) == 0
    pack = open_pack(tmp_path / "out")
    assert (pack.card.num_images, pack.resolution, pack.num_classes) == (20, 64, 2)
    assert "packed 20 images of pets" in capsys.readouterr().out


def test_pack_takes_a_zip(tmp_path: Path) -> None:
    source = write_zip(tmp_path / "pets.zip", class_files())
    assert main(["pack", str(source), str(tmp_path / "out")]) == 0
    assert open_pack(tmp_path / "out").resolution == 32


def test_pack_takes_captions_and_attributes_of_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_files(tmp_path / "pets", class_files())
    rows = [f"cats/{i}.png,cat {i},{'long' if i % 2 else 'short'}" for i in range(9)]
    (tmp_path / "t.csv").write_text("\n".join(["file,caption,coat", *rows]))
    command = ["pack", str(source), str(tmp_path / "out"), "--captions", str(tmp_path / "t.csv")]
    assert main([*command, "--attributes", "coat"]) == 0
    output = capsys.readouterr()
    assert "9 captions" in output.out
    assert "pets: 11 of 20 images have no caption, say 'cats/9.png'" in output.err
    assert main(["show", str(tmp_path / "out")]) == 0
    assert "coat (long, short)" in capsys.readouterr().out
    refused = ["pack", "mnist", str(tmp_path / "mnist"), "--captions", str(tmp_path / "t.csv")]
    assert main(refused) == 2
    assert "--captions is for a folder or a zip of images" in capsys.readouterr().err


def test_pack_refuses_a_place_that_is_taken(
    pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (pets / IMAGES_FILE).read_bytes()
    assert main(["pack", str(tmp_path / "pets"), str(pets)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert (pets / IMAGES_FILE).read_bytes() == before


def test_pack_refuses_a_pack(
    pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pack", str(pets), str(tmp_path / "again")]) == 2
    assert "is a pack already" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


def test_a_broken_image_ends_with_code_2_and_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_files(tmp_path / "pets", {**class_files(), "dogs/7.png": b"text"})
    assert main(["pack", str(source), str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err.strip().split("\n")
    assert said[-1].startswith("python -m lab.data: the image ")
    assert not (tmp_path / "out").exists()


def test_list_names_every_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    assert "fashion-mini " in listed
    assert "celeba " in listed


def test_show_prints_the_card_and_draws_a_row_for_each_class(
    pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(pets), "--out", str(tmp_path / "sheet.webp")]) == 0
    said = capsys.readouterr().out
    assert open_pack(pets).card.fingerprint in said
    assert "match the fingerprint" in said
    with Image.open(tmp_path / "sheet.webp") as sheet:
        assert sheet.size == (640, 128)
        first = np.asarray(sheet.convert("RGB"))[:64, :64]
    train = open_pack(pets).train
    row = int((train.labels == 0).nonzero()[0])
    assert np.array_equal(first, train[row : row + 1][0].permute(1, 2, 0).numpy())


def test_show_notices_a_changed_pixel(pets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = bytearray((pets / IMAGES_FILE).read_bytes())
    content[-1] ^= 1
    (pets / IMAGES_FILE).write_bytes(bytes(content))
    assert main(["show", str(pets)]) == 2
    assert "do not match its fingerprint" in capsys.readouterr().err


@pytest.mark.parametrize("grid", ["sheet.txt", "file/sheet.png"])
def test_show_refuses_a_sheet_it_cannot_write(
    pets: Path, tmp_path: Path, grid: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["show", str(pets), "--grid", str(tmp_path / grid)]) == 2
    assert "--out" in capsys.readouterr().err
