"""Small image sets, generated, and a cache of their own for every test."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lab.data.pack import Pack, open_pack
from lab.data.source import Source, array_source
from lab.data.write import write_pack


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("LAB_CACHE", str(folder))
    return folder


def random_pixels(*shape: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def random_source(
    num_images: int = 50, side: int = 8, channels: int = 3, num_classes: int = 5
) -> Source:
    """Random images; the label of image i is i modulo the classes."""
    labels = np.arange(num_images) % num_classes if num_classes else None
    return array_source(
        "random",
        random_pixels(num_images, side, side, channels),
        labels,
        tuple(f"class {label}" for label in range(num_classes)),
        "none",
        "generated",
    )


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """50 colour images of 8x8 in 5 classes."""
    folder = tmp_path / "pack"
    write_pack(random_source, folder, resolution=8)
    return open_pack(folder)


def image_bytes(pixels: NDArray[np.uint8], kind: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format=kind, **options)
    return content.getvalue()


def class_files(num_each: int = 10, *, grey: bool = False) -> dict[str, bytes]:
    """PNG files of two classes, cats and dogs, of differing shapes, by relative name."""
    files = {}
    for label, name in enumerate(("cats", "dogs")):
        for i in range(num_each):
            shape = (40 + i, 50) if grey else (40 + i, 50, 3)
            files[f"{name}/{i}.png"] = image_bytes(random_pixels(*shape, seed=100 * label + i))
    return files


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path
