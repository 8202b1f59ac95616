"""The contact sheet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageFont

from lab.data import Pack, open_pack
from lab.data.captions import compact
from lab.data.sheet import CELL, sheet_rows, wrapped, write_sheet
from lab.data.write import write_pack
from tests.data.conftest import random_source


def test_a_seed_draws_other_images_of_the_same_classes(pack: Pack) -> None:
    first, again, other = (sheet_rows(pack.train, 5, seed=seed) for seed in (1, 1, 2))
    assert [row.tolist() for row in first] == [row.tolist() for row in again]
    assert [row.tolist() for row in first] != [row.tolist() for row in other]
    for label, row in enumerate(first):
        assert pack.train.labels[row].tolist() == [label] * 8


def test_a_long_caption_is_cut_with_an_ellipsis() -> None:
    font = ImageFont.load_default(13)
    lines = wrapped("a very long caption that would never fit into three lines " * 3, font, 128, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert all(font.getlength(line) <= 128 for line in lines)
    assert wrapped("a red heart", font, 128, 3) == ["a red heart"]
    assert wrapped("w" * 100, font, 128, 3)[0].endswith("…")


@pytest.mark.parametrize("channels", [1, 3])
def test_captions_are_beneath_their_images(tmp_path: Path, channels: int) -> None:
    captions = compact([f"number {i}"] for i in range(50))
    source = replace(random_source(channels=channels), captions=captions)
    write_pack(lambda: source, tmp_path / "pack", resolution=8)
    pack = open_pack(tmp_path / "pack")
    write_sheet(pack.train, pack.card.class_names, tmp_path / "sheet.png", seed=3)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 8 * CELL
        assert sheet.height > 5 * CELL
