"""Facts about the texts of a pack, by the encoders that the lab ships."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lab.config import DataConfig, TextConfig, make_config
from lab.data import find
from lab.errors import InputError
from lab.record.columns import R_PRECISION
from lab.text import TextBench, text_bench
from lab.text.bench import halves
from lab.text.captioned import captioned
from lab.text.scores import of_real_images
from lab.text.weights import read_encoders


def test_every_image_of_the_emoji_has_captions(bench: TextBench) -> None:
    assert bench.num_left_out == 0
    assert len(bench.train.rows) == len(bench.pack.train)
    lengths = bench.train.texts.vectors.norm(dim=1)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))


def test_the_halves_are_disjoint_and_whole() -> None:
    seen, scored = halves(2805)
    assert torch.equal(torch.cat([seen, scored]).sort().values, torch.arange(2805))


def test_real_images_are_near_their_texts_and_random_ones_are_not(bench: TextBench) -> None:
    assert bench.baseline[R_PRECISION] > 0.45
    images = captioned(bench.pack.train)
    captions = images.firsts[:-1]
    pixels = bench.pack.train[: len(captions)]
    others = bench.count(pixels.roll(500, dims=0), captions)
    assert others.total == len(halves(len(captions))[1])
    assert others.share < 0.04


def test_looking_up_the_nearest_caption_is_worse_than_the_image_itself(bench: TextBench) -> None:
    for score in of_real_images(bench):
        assert 0.01 < score.counts["lookup"].share < score.counts["real"].share


def test_images_without_a_caption_are_left_out_of_the_conditions(bench: TextBench) -> None:
    split = bench.pack.train
    assert split.captions is not None
    firsts = split.captions.firsts.copy()
    firsts[2] = firsts[1]  # the second image has none; its captions are the third's
    split = type(split)(
        split[0:3].permute(0, 2, 3, 1),
        split.labels[:3],
        type(split.captions)(split.captions.text, split.captions.starts, firsts[:4]),
    )
    images = captioned(split)
    assert images.rows.tolist() == [0, 2]
    assert images.images.tolist() == [0, 0, 1, 1, 1, 1]
    assert len(images.captions) == int(images.firsts[-1]) == 6


def test_a_persons_text_is_a_condition_of_length_one(bench: TextBench) -> None:
    vectors = bench.conditions_of(["a red heart", "猫 ❤", "xyzzy plugh"])
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))
    near = bench.conditions_of(["red heart"])[0] @ vectors[0]
    assert near > bench.conditions_of(["flag: Vietnam"])[0] @ vectors[0]


def test_data_without_captions_or_encoder_is_one_sentence(tmp_path: Path) -> None:
    pack = find(DataConfig())
    with pytest.raises(InputError, match="fashion-mini has 0 training images with captions"):
        text_bench(pack, "fashion-mini", TextConfig(), torch.device("cpu"))
    emoji = find(DataConfig(source="emoji-mini"))
    missing = TextConfig(encoder=str(tmp_path / "no.safetensors"))
    with pytest.raises(InputError, match="does not exist; give the path"):
        text_bench(emoji, "emoji-mini", missing, torch.device("cpu"))
    (tmp_path / "no.safetensors").write_bytes(b"no weights")
    with pytest.raises(InputError, match="cannot be used"):
        read_encoders(tmp_path / "no.safetensors")


def test_an_unknown_conditioning_names_those_there_are() -> None:
    with pytest.raises(InputError, match="plain, augmented"):
        make_config({}, {"network.text_conditioning": "texts"})
