"""Folders and zips of images."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lab.config import DataConfig
from lab.data import Pack, find
from lab.data.image_files import image_source, read_image
from lab.data.shelf import folder_shelf, zip_shelf
from lab.errors import InputError
from tests.data.conftest import class_files, image_bytes, random_pixels, write_files, write_zip


def packed(path: Path, resolution: int = 32) -> Pack:
    return find(DataConfig(source=str(path), resolution=resolution))


def decoded(tmp_path: Path, content: bytes, channels: int, name: str = "0.png") -> np.ndarray:
    write_files(tmp_path / "one", {name: content})
    return read_image(folder_shelf(tmp_path / "one"), name, channels)


def test_sub_folders_become_classes(tmp_path: Path) -> None:
    pack = packed(write_files(tmp_path / "pets", class_files()))
    assert pack.card.name == "pets"
    assert pack.card.class_names == ("cats", "dogs")
    assert (pack.num_classes, pack.channels, pack.resolution) == (2, 3, 32)
    assert pack.train.labels.bincount().tolist() == [8, 8]
    assert pack.heldout.labels.bincount().tolist() == [2, 2]


def test_labels_belong_to_their_images(tmp_path: Path) -> None:
    flat = {
        f"{name}/{i}.png": image_bytes(np.full((32, 32), 10 * label + i, np.uint8))
        for label, name in enumerate(("cats", "dogs", "eels"))
        for i in range(10)
    }
    pack = packed(write_files(tmp_path / "pets", flat))
    shades = pack.train[:][:, 0, 0, 0]
    assert (shades // 10).tolist() == pack.train.labels.tolist()


def test_a_zip_gives_the_same_pack_as_its_folder(tmp_path: Path) -> None:
    files = class_files()
    folder = packed(write_files(tmp_path / "pets", files))
    zipped = packed(write_zip(tmp_path / "pets.zip", files))
    assert zipped.card.fingerprint == folder.card.fingerprint
    assert zipped.card.class_names == folder.card.class_names


def test_a_folder_that_wraps_all_others_is_no_class(tmp_path: Path) -> None:
    files = {f"download/v2/{name}": content for name, content in class_files().items()}
    assert packed(write_zip(tmp_path / "pets.zip", files)).card.class_names == ("cats", "dogs")


def test_images_without_sub_folders_have_no_labels(tmp_path: Path) -> None:
    files = {name.replace("/", "-"): content for name, content in class_files().items()}
    pack = packed(write_files(tmp_path / "pets", files))
    assert pack.num_classes == 0
    assert set(pack.train.labels.tolist()) == {-1}


def test_grey_images_make_a_pack_of_one_channel_and_one_colour_image_makes_it_three(
    tmp_path: Path,
) -> None:
    files = class_files(grey=True)
    assert packed(write_files(tmp_path / "grey", files)).channels == 1
    files["cats/colour.png"] = image_bytes(random_pixels(40, 40, 3))
    assert packed(write_files(tmp_path / "mixed", files)).channels == 3


def test_a_changed_file_is_packed_again(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "pets", class_files())
    first = packed(folder)
    assert packed(folder).folder == first.folder
    write_files(folder, {"cats/new.png": image_bytes(random_pixels(40, 40, 3, seed=7))})
    assert packed(folder).card.num_images == first.card.num_images + 1


def test_hidden_files_and_other_files_are_passed_over(tmp_path: Path) -> None:
    files = class_files()
    extra = {
        ".hidden/1.png": b"x",
        "cats/._1.png": b"x",
        "readme.txt": b"x",
        "__MACOSX/cats/1.png": b"x",
    }
    assert len(folder_shelf(write_files(tmp_path / "pets", {**files, "a.txt": b""})).names) == 20
    assert len(zip_shelf(write_zip(tmp_path / "pets.zip", {**files, **extra})).names) == 20


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "GIF", "JPEG"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_format_is_read_in_grey_and_in_colour(
    tmp_path: Path, kind: str, channels: int
) -> None:
    flat = np.full((20, 30, 3), 77, np.uint8)
    content = image_bytes(flat, kind)
    name = f"0.{kind.lower()}"
    pixels = decoded(tmp_path, content, channels, name)
    assert pixels.shape == (20, 30, channels)
    assert abs(pixels.astype(int) - 77).max() <= 1


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path: Path) -> None:
    wide = np.array([[0, 257 * 100, 65535]], np.uint16)
    assert decoded(tmp_path, image_bytes(wide), 1).flatten().tolist() == [0, 100, 255]
    assert image_source(folder_shelf(tmp_path / "one")).channels == 1


def test_transparent_pixels_are_white(tmp_path: Path) -> None:
    clear = np.zeros((4, 4, 4), np.uint8)
    clear[0, 0] = (9, 9, 9, 255)
    pixels = decoded(tmp_path, image_bytes(clear), 3)
    assert pixels[0, 0].tolist() == [9, 9, 9]
    assert pixels[3, 3].tolist() == [255, 255, 255]


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    orientation = Image.Exif()
    orientation[0x0112] = 6
    content = image_bytes(random_pixels(20, 30, 3), "JPEG", exif=orientation)
    assert decoded(tmp_path, content, 3, "0.jpg").shape == (30, 20, 3)


def test_a_broken_image_is_one_sentence_that_names_it(tmp_path: Path, cache: Path) -> None:
    files = class_files()
    whole = files["cats/3.png"]
    damages = {
        "no image": b"this is text",
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "flipped": whole[:2000] + bytes([whole[2000] ^ 255]) + whole[2001:],
    }
    for name, content in damages.items():
        folder = write_files(tmp_path / name, {**files, "cats/3.png": content})
        with pytest.raises(
            InputError, match=r"cats/3\.png cannot be read .*repair or remove"
        ) as error:
            packed(folder)
        assert "\n" not in str(error.value)
    assert list((cache / "packs").iterdir()) == []


def test_a_broken_image_in_a_zip_is_one_sentence_that_names_it(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "pets.zip", {**class_files(), "cats/3.png": b"text"})
    with pytest.raises(InputError, match=r"pets\.zip/cats/3\.png cannot be read"):
        packed(path)


def test_a_flipped_bit_in_a_zip_is_noticed(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "pets.zip", class_files())
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        place = archive.getinfo("dogs/5.png").header_offset
    content[place + 1000] ^= 255
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match=r"dogs/5\.png cannot be read"):
        packed(path)


def test_a_torn_zip_is_one_sentence(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "pets.zip", class_files())
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(InputError, match="neither a folder nor a zip"):
        packed(path)


def test_a_zip_never_writes_outside_the_cache(tmp_path: Path, cache: Path) -> None:
    contents = [image_bytes(random_pixels(20, 20, 3, seed=i)) for i in range(10)]
    files = {f"../../escaped/{i}.png": content for i, content in enumerate(contents)}
    packed(write_zip(tmp_path / "evil.zip", files))
    places = [path.name for path in tmp_path.iterdir()]
    assert sorted(places) == ["cache", "evil.zip"]
    assert not list(cache.rglob("*.png"))
    assert not (tmp_path.parent / "escaped").exists()


def test_a_folder_without_images_says_what_is_allowed(tmp_path: Path) -> None:
    write_files(tmp_path / "texts", {"a.txt": b"x"})
    with pytest.raises(InputError, match=r"holds no image files .*allowed are \.png, \.jpg"):
        packed(tmp_path / "texts")


def test_images_beside_class_folders_are_one_sentence(tmp_path: Path) -> None:
    files = {**class_files(), "stray.png": image_bytes(random_pixels(9, 9, 3))}
    with pytest.raises(InputError, match=r"1 beside them, say stray\.png"):
        packed(write_files(tmp_path / "pets", files))


def test_a_dangling_link_is_one_sentence(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "pets", class_files())
    (folder / "cats" / "link.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(InputError, match=r"link\.png cannot be read"):
        packed(folder)


def test_an_image_of_too_many_pixels_is_refused_by_its_header(tmp_path: Path) -> None:
    """A file of some hundred bytes can take gigabytes of memory."""
    for side, said in ((8_000, "8,000 x 8,000 pixels; at most 50,000,000"), (20_000, "exceeds")):
        bomb = io.BytesIO()
        Image.new("1", (side, side)).save(bomb, "PNG")
        assert len(bomb.getvalue()) < 60_000
        archive = write_zip(tmp_path / f"{side}.zip", {"0.png": bomb.getvalue()})
        with pytest.raises(InputError, match=said):
            image_source(zip_shelf(archive)).read(0)
        with pytest.raises(InputError, match=said):
            read_image(zip_shelf(archive), "0.png", 1)


def test_a_file_that_unpacks_to_too_many_bytes_is_refused_by_the_zips_list(tmp_path: Path) -> None:
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("0.png", bytes(257 * 2**20))
    assert archive.stat().st_size < 2**20
    with pytest.raises(InputError, match="269,484,032 bytes unpacked; at most 268,435,456"):
        zip_shelf(archive)
