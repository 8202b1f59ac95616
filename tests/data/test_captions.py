"""Texts and attributes of images, in memory and in packs."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lab.data import Pack, open_pack
from lab.data.captions import MOST_BYTES, compact
from lab.data.pack import (
    ATTRIBUTES_FILE,
    CAPTION_FILES,
    CARD_FILE,
    stored_fingerprint,
)
from lab.data.source import Attribute, Source
from lab.data.write import packing_order, write_pack
from lab.errors import InputError
from tests.data.conftest import random_source

SIZES = Attribute(("small", "large"), (np.arange(50) % 3 - 1).astype(np.int16))


def texts_of(index: int) -> list[str]:
    """No caption of every seventh image, else one or two."""
    return [] if index % 7 == 0 else [f"picture {index}", "größer 🎈 字"][: 1 + index % 2]


def captioned_source() -> Source:
    captions = compact(texts_of(index) for index in range(50))
    return replace(random_source(), captions=captions, attributes={"size": SIZES})


@pytest.fixture
def captioned(tmp_path: Path) -> Pack:
    write_pack(captioned_source, tmp_path / "captioned", resolution=8)
    return open_pack(tmp_path / "captioned")


def test_texts_come_back_as_they_were_in_every_script() -> None:
    texts = [("a cat", "猫"), (), ("emoji 🐈‍⬛",)]
    captions = compact(texts)
    assert list(captions) == texts
    assert (len(captions), captions.num_captions) == (3, 3)
    assert captions.counts.tolist() == [2, 0, 1]
    assert list(captions.part(1, 3)) == texts[1:]
    assert captions.part(1, 3).num_captions == 1


def test_white_space_is_cleaned_and_empty_texts_are_no_captions() -> None:
    assert list(compact([[" a \n red  heart ", "", " \t"]])) == [("a red heart",)]


def test_ten_thousand_words_are_too_long() -> None:
    with pytest.raises(InputError, match=f"at most {MOST_BYTES:,} are allowed: shorten it"):
        compact([["elephants " * 10_000]])
    with pytest.raises(InputError, match="half a surrogate pair"):
        compact([["\ud83d"]])


def test_memory_is_bounded_by_the_length_of_the_texts() -> None:
    """50,000 images with five captions of 40 bytes take 12 MB, and three times that to build."""
    texts = (
        [f"a photograph of number {i:5} with {j} birds" for j in range(5)] for i in range(2_000)
    )
    tracemalloc.start()
    captions = compact(texts)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    kept = captions.text.nbytes + captions.starts.nbytes + captions.firsts.nbytes
    assert kept <= captions.num_captions * (40 + 8 + 2)
    assert peak <= 3 * kept


def test_a_pack_keeps_texts_and_attributes_with_their_images(captioned: Pack) -> None:
    order = packing_order(captioned_source()).indices
    parts = {"train": (captioned.train, order[:40]), "heldout": (captioned.heldout, order[40:])}
    for part, indices in parts.values():
        assert part.captions is not None
        assert list(part.captions) == [tuple(texts_of(int(index))) for index in indices]
        assert part.attributes["size"].tolist() == SIZES.numbers[indices].tolist()
    assert captioned.card.attributes == {"size": ("small", "large")}
    assert captioned.card.num_captions == sum(len(texts_of(index)) for index in range(50))
    assert captioned.card.format == 2


def test_a_pack_without_texts_is_what_earlier_versions_wrote(pack: Pack) -> None:
    card = json.loads((pack.folder / CARD_FILE).read_text())
    assert card["format"] == 1
    assert not {"num_captions", "attributes"} & set(card)
    assert (pack.train.captions, pack.train.attributes, pack.combinations) == (None, {}, None)
    assert stored_fingerprint(pack) == pack.card.fingerprint


def test_texts_and_attributes_change_the_fingerprint(captioned: Pack, pack: Pack) -> None:
    assert stored_fingerprint(captioned) == captioned.card.fingerprint
    assert captioned.card.fingerprint != pack.card.fingerprint
    table = np.load(captioned.folder / ATTRIBUTES_FILE)
    np.save(captioned.folder / ATTRIBUTES_FILE, np.zeros_like(table))
    assert stored_fingerprint(open_pack(captioned.folder)) != captioned.card.fingerprint


def test_held_out_combinations_are_a_part_of_their_own(tmp_path: Path) -> None:
    source = replace(random_source(), num_train=30, num_combinations=5)
    write_pack(lambda: source, tmp_path / "pack", resolution=8)
    pack = open_pack(tmp_path / "pack")
    assert pack.combinations is not None
    assert [len(part) for part in pack.parts] == [30, 15, 5]
    assert sorted(pack.combinations.labels.tolist()) == [0, 1, 2, 3, 4]
    assert stored_fingerprint(pack) == pack.card.fingerprint


@pytest.mark.parametrize("name", [*CAPTION_FILES, ATTRIBUTES_FILE])
def test_a_damaged_file_of_texts_is_one_sentence(captioned: Pack, name: str) -> None:
    path = captioned.folder / name
    content = path.read_bytes()
    for damage in (content[:-3], content + b"x", b""):
        path.write_bytes(damage)
        with pytest.raises(InputError, match=f"{name} .*remove that folder and pack again"):
            open_pack(captioned.folder)
    path.unlink()
    with pytest.raises(InputError, match=f"{name} is missing"):
        open_pack(captioned.folder)


def test_texts_out_of_order_and_values_without_a_name_are_damage(captioned: Pack) -> None:
    starts = captioned.folder / CAPTION_FILES[1]
    before = np.load(starts)
    np.save(starts, before[::-1].copy())
    with pytest.raises(InputError, match="numbers that are not in order"):
        open_pack(captioned.folder)
    np.save(starts, before)
    np.save(captioned.folder / ATTRIBUTES_FILE, np.full((50, 1), 2, np.int16))
    with pytest.raises(InputError, match=r"values of 'size' outside -1\.\.1"):
        open_pack(captioned.folder)
