"""What becomes of each kind of image that people have."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from lab.config import DataConfig
from lab.data import find
from lab.data.image_files import image_source
from lab.data.pixels import read_image
from lab.data.shelf import folder_shelf
from lab.data.source import Source
from tests.data.conftest import image_bytes, random_pixels, write_files


def source_of(folder: Path, **files: bytes) -> Source:
    """The files, of whose names _ stands for the dot."""
    named = {name.replace("_", "."): content for name, content in files.items()}
    return image_source(folder_shelf(write_files(folder, named)))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, format=kind, **options)
    return content.getvalue()


def first_pixel(source: Source) -> list[int]:
    return source.read(0)[0, 0].tolist()


@pytest.mark.parametrize("kind", ["TIFF", "PPM", "JPEG2000", "TGA", "BMP"])
def test_what_pillow_decodes_is_read(tmp_path: Path, kind: str) -> None:
    ending = {"TIFF": "tif", "PPM": "ppm", "JPEG2000": "jp2"}.get(kind, kind.lower())
    pixels = random_pixels(8, 8, 3)
    source = source_of(tmp_path, **{f"a_{ending}": image_bytes(pixels, kind)})
    assert np.abs(source.read(0).astype(int) - pixels).max() <= 2


def test_a_jfif_is_a_jpeg_and_joins_the_pngs(tmp_path: Path) -> None:
    flat = np.full((8, 8, 3), 90, np.uint8)
    source = source_of(tmp_path, a_jfif=image_bytes(flat, "JPEG"), b_png=image_bytes(flat))
    assert source.num_images == 2


def test_cmyk_becomes_red_green_blue(tmp_path: Path) -> None:
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    red, green, blue = first_pixel(source_of(tmp_path, a_tif=saved(cyan, "TIFF")))
    assert red < 10
    assert min(green, blue) > 245


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    image = Image.new("RGB", (8, 8), (200, 100, 0)).convert("P", palette=Image.Palette.ADAPTIVE)
    assert first_pixel(source_of(tmp_path, a_png=saved(image, "PNG"))) == [200, 100, 0]


def test_transparency_of_grey_of_palettes_and_of_colour_is_white(tmp_path: Path) -> None:
    clear = {
        "LA": Image.new("LA", (8, 8), (0, 0)),
        "RGBA": Image.new("RGBA", (8, 8), (9, 9, 9, 0)),
        "P": Image.new("P", (8, 8), 0),
    }
    for mode, image in clear.items():
        options = {"transparency": 0} if mode == "P" else {}
        source = source_of(tmp_path / mode, a_png=saved(image, "PNG", **options))
        assert source.read(0).min() == 255, mode


def test_one_bit_is_black_and_white(tmp_path: Path) -> None:
    pixels = np.eye(8, dtype=bool)
    source = source_of(tmp_path, a_tif=saved(Image.fromarray(pixels), "TIFF"))
    assert source.channels == 1
    assert np.array_equal(source.read(0)[:, :, 0], 255 * pixels)


def test_twelve_bits_in_sixteen_share_one_range(tmp_path: Path) -> None:
    """The brightest image of a set decides, not each for itself."""
    dark = image_bytes(np.full((8, 8), 1000, np.uint16))
    bright = image_bytes(np.full((8, 8), 4095, np.uint16))
    source = source_of(tmp_path, a_png=dark, b_png=bright)
    assert [source.read(i)[0, 0, 0] for i in (0, 1)] == [62, 255]
    (note,) = source.notes
    assert note == "images of more than 8 bits, scaled alike (0 becomes 0, 4095 becomes 255): 2"


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.0, 0.5, 1.0], [0, 128, 255]), ([0.0, 51.0, 255.0], [0, 51, 255]),
     ([-1.0, 0.0, 1.0], [0, 128, 255])],
)  # fmt: skip
def test_floats_are_scaled_by_the_range_of_their_set(
    tmp_path: Path, values: list[float], expected: list[int]
) -> None:
    pixels = np.tile(np.array(values, np.float32), (3, 1))
    source = source_of(tmp_path, a_tif=image_bytes(pixels, "TIFF"))
    assert source.channels == 1
    assert source.read(0)[0, :, 0].tolist() == expected


def test_floats_that_are_not_finite_make_a_broken_image(tmp_path: Path) -> None:
    pixels = np.array([[0.0, np.nan]], np.float32)
    source = source_of(tmp_path, a_tif=image_bytes(pixels, "TIFF"))
    with pytest.raises(ValueError, match=r"a\.tif cannot be read \(it has values that are not"):
        source.read(0)


def test_whole_numbers_of_32_bits_are_scaled(tmp_path: Path) -> None:
    pixels = np.array([[0, 65_535]], np.int32)
    source = source_of(tmp_path, a_tif=image_bytes(pixels, "TIFF"))
    assert source.read(0)[0, :, 0].tolist() == [0, 255]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_frames_the_first_is_packed_aloud(tmp_path: Path, kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), (40 * i, 0, 0)) for i in range(3)]
    options = {"lossless": True} if kind == "WEBP" else {}
    content = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    source = source_of(tmp_path, **{f"a_{kind.lower()}": content})
    assert first_pixel(source)[0] == 0
    assert source.notes == ("files of several frames or pages, of which the first is packed: 1",)


def test_colour_profiles_are_ignored_aloud(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = image_bytes(np.full((8, 8, 3), 77, np.uint8), icc_profile=profile)
    source = source_of(tmp_path, a_png=content)
    assert first_pixel(source) == [77, 77, 77]
    assert source.notes == ("images with a colour profile, which is ignored: 1",)


def test_lab_colours_become_red_green_blue(tmp_path: Path) -> None:
    grey = Image.new("LAB", (8, 8), (255, 128, 128))
    assert min(first_pixel(source_of(tmp_path, a_tif=saved(grey, "TIFF")))) > 240


def test_the_scale_is_that_of_the_pack(tmp_path: Path) -> None:
    files = {f"{i}.png": image_bytes(np.full((32, 32), 400 * i, np.uint16)) for i in range(10)}
    folder = write_files(tmp_path / "set", files)
    pack = find(DataConfig(source=str(folder), resolution=32))
    values = {*pack.train[:].flatten().tolist(), *pack.heldout[:].flatten().tolist()}
    assert values == {400 * i * 255 // 4095 for i in range(10)}
    assert read_image(folder_shelf(folder), "9.png", 1).max() == 3600 // 257
