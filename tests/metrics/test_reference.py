from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

import lab.metrics.reference as module
from lab.errors import InputError
from lab.metrics.extractors import Extractor
from lab.metrics.reference import RealFeatures, real_features


def images(num: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (num, 1, 8, 8), generator=generator, dtype=torch.uint8)


TRAIN, HELDOUT = images(90, 0), images(30, 1)


def build(extractor: Extractor, cache: Path, fingerprint: str = "f") -> RealFeatures:
    return real_features(
        extractor, TRAIN, HELDOUT, num_samples=20, fingerprint=fingerprint, cache=cache
    )


def equal(one: RealFeatures, two: RealFeatures) -> bool:
    pairs = zip(
        (*one.moments, one.reference, one.heldout, *one.heldout_moments),
        (*two.moments, two.reference, two.heldout, *two.heldout_moments),
        strict=True,
    )
    return all(torch.equal(a, b) for a, b in pairs)


def test_a_second_build_reads_and_extracts_nothing(averages: Extractor, tmp_path: Path) -> None:
    first = build(averages, tmp_path)
    assert averages.module.num_images == 120

    second = build(averages, tmp_path)
    assert averages.module.num_images == 120
    assert equal(first, second)
    assert len(list(tmp_path.iterdir())) == 1, "nothing is left beside the cache file"


@pytest.mark.parametrize("damage", ["empty", "truncated", "one byte", "other file"])
def test_a_damaged_cache_file_is_made_again(
    averages: Extractor, tmp_path: Path, damage: str
) -> None:
    first = build(averages, tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    flipped = bytes([whole[-5] ^ 1])
    path.write_bytes(
        {
            "empty": b"",
            "truncated": whole[: len(whole) // 2],
            "one byte": whole[:-5] + flipped + whole[-4:],
            "other file": b"x" * len(whole),
        }[damage]
    )

    assert equal(build(averages, tmp_path), first)
    assert averages.module.num_images == 240
    assert path.read_bytes() == whole


def test_other_data_or_weights_are_other_cache_files(averages: Extractor, tmp_path: Path) -> None:
    build(averages, tmp_path)
    build(averages, tmp_path, fingerprint="g")
    build(replace(averages, digest="1"), tmp_path)

    assert averages.module.num_images == 3 * 120
    assert len(list(tmp_path.iterdir())) == 3


def test_a_build_by_another_process_in_the_middle_of_ours_does_no_harm(
    averages: Extractor, tmp_path: Path
) -> None:
    theirs: list[RealFeatures] = []

    def other_process(num_images: int) -> None:
        if not theirs:
            theirs.append(build(averages, tmp_path))

    ours = real_features(
        averages,
        TRAIN,
        HELDOUT,
        num_samples=20,
        fingerprint="f",
        cache=tmp_path,
        progress=other_process,
    )
    assert equal(ours, theirs[0])
    assert equal(build(averages, tmp_path), ours)
    assert averages.module.num_images == 2 * 120


def test_progress_counts_every_image_once(averages: Extractor, tmp_path: Path) -> None:
    told: list[int] = []
    for _ in range(2):
        real_features(
            averages,
            TRAIN,
            HELDOUT,
            num_samples=20,
            fingerprint="f",
            cache=tmp_path,
            progress=told.append,
        )
    assert sum(told) == 120


def test_a_cache_that_cannot_be_written_is_one_sentence(
    averages: Extractor, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    with pytest.raises(InputError, match="LAB_CACHE"):
        build(averages, file)


def test_moments_are_those_of_every_image_of_a_split(averages: Extractor, tmp_path: Path) -> None:
    found = build(averages, tmp_path)
    for images, moments in ((TRAIN, found.moments), (HELDOUT, found.heldout_moments)):
        features = averages.features(images).double()

        torch.testing.assert_close(moments.mean, features.mean(dim=0))
        torch.testing.assert_close(moments.covariance, features.T.cov())


def test_kept_rows_are_a_fixed_random_choice(
    averages: Extractor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = build(averages, tmp_path / "whole").reference
    monkeypatch.setattr(module, "NUM_KEPT_ROWS", 25)
    few = build(averages, tmp_path / "few").reference
    in_order = averages.features(TRAIN)

    assert torch.equal(few, whole[:25])
    assert not torch.equal(whole, in_order)
    assert torch.equal(whole.unique(dim=0), in_order.unique(dim=0))
