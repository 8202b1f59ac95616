from __future__ import annotations

import io
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from lab.gan.sampling import (
    BATCH,
    encode_webp,
    generate,
    grid,
    in_shares,
    latents,
    save_grid,
    to_uint8,
)
from tests.gan.games import small_game


def codes(count: int, *, seed: int = 0, purpose: str = "test") -> tuple[Tensor, Tensor]:
    z, labels = zip(*latents(count, 4, 3, seed=seed, purpose=purpose), strict=True)
    return torch.cat(z), torch.cat(labels)


def test_every_grey_level_survives_the_way_to_the_critic_and_back() -> None:
    levels = torch.arange(256, dtype=torch.uint8)

    assert torch.equal(to_uint8(levels.float() / 127.5 - 1), levels)
    assert to_uint8(torch.tensor([-1.0, 1.0])).tolist() == [0, 255]


def test_fewer_codes_are_the_beginning_of_more() -> None:
    many, _ = codes(2 * BATCH + 7)
    for count in (1, 64, BATCH, BATCH + 1):
        few, labels = codes(count)
        assert torch.equal(few, many[:count])
        assert len(labels) == count


def test_codes_are_normal_and_depend_on_seed_and_purpose() -> None:
    z, _ = codes(1000)

    assert abs(z.mean()) < 0.05
    assert abs(z.std() - 1) < 0.05
    assert len({tuple(row) for row in z.tolist()}) == 1000
    assert not torch.equal(z, codes(1000, seed=1)[0])
    assert not torch.equal(z, codes(1000, purpose="other")[0])


def test_classes_go_round_across_batches() -> None:
    _, labels = codes(BATCH + 2)

    assert labels.tolist() == [i % 3 for i in range(BATCH + 2)]
    without = next(latents(5, 4, 0, seed=0, purpose="test"))[1]
    assert without.tolist() == [0] * 5


def test_images_are_what_the_generator_makes_of_the_codes() -> None:
    average = small_game().average
    z, labels = codes(5)

    images = generate(
        average, iter([(z[:3], labels[:3]), (z[3:], labels[3:])]), autocast=nullcontext()
    )

    assert images is not None
    assert images.dtype == torch.uint8
    assert torch.equal(images, to_uint8(average(z, labels)))


def test_a_generator_of_anything_but_numbers_makes_no_images() -> None:
    average = small_game().average
    next(average.parameters()).data[0] = float("nan")

    assert generate(average, latents(4, 4, 0, seed=0, purpose="x"), autocast=nullcontext()) is None


def test_a_grid_shows_the_images_row_by_row_and_fills_with_black() -> None:
    images = torch.arange(1, 6, dtype=torch.uint8)[:, None, None, None].expand(5, 1, 2, 2)

    sheet = grid(images, columns=3)

    assert sheet.shape == (4, 6, 3)
    assert sheet[::2, ::2, 0].tolist() == [[1, 2, 3], [4, 5, 0]]
    assert grid(torch.zeros(64, 3, 8, 8, dtype=torch.uint8)).shape == (64, 64, 3)


def test_a_grid_keeps_colours_and_orientation() -> None:
    image = torch.zeros(1, 3, 2, 2, dtype=torch.uint8)
    image[0, :, 0, 1] = torch.tensor([10, 20, 30], dtype=torch.uint8)

    assert grid(image)[0, 1].tolist() == [10, 20, 30]


def test_a_stored_grid_is_a_readable_webp_in_place_of_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "samples" / "00000064.webp"
    for level in (0, 200):
        save_grid(torch.full((4, 1, 16, 16), level, dtype=torch.uint8), path)

    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("WEBP", (32, 32))
        assert picture.convert("L").getpixel((5, 5)) == pytest.approx(200, abs=3)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert Image.open(io.BytesIO(encode_webp(grid(torch.zeros(1, 1, 8, 8).byte())))).size == (8, 8)


def test_classes_of_unequal_sizes_come_in_their_shares_from_the_first_on() -> None:
    counts = [30, 10, 0, 5]
    classes = in_shares(900, counts)
    assert torch.bincount(classes, minlength=4).tolist() == [600, 200, 0, 100]
    for n in (1, 7, 45, 450):
        assert torch.equal(in_shares(n, counts), classes[:n])
        wanted = n * torch.tensor(counts) / sum(counts)
        assert float((torch.bincount(classes[:n], minlength=4) - wanted).abs().max()) <= 1


def test_classes_of_equal_sizes_go_round() -> None:
    assert torch.equal(in_shares(10, [7, 7, 7]), torch.arange(10) % 3)
