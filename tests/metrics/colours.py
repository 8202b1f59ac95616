"""Images in colour whose classes differ in hue alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lab.data.source import array_source
from lab.data.write import write_pack

CLASSES = ("red", "green", "blue")


def hued_images(count: int) -> Tensor:
    """[count, 3, 32, 32] uint8: a square on white in red, green, blue, red, ...

    The squares of all classes have the same mean over the channels.
    """
    draw = np.random.default_rng(0)
    images = np.full((count, 3, 32, 32), 255, dtype=np.uint8)
    for i, (image, (top, left, side)) in enumerate(
        zip(images, draw.integers(4, 14, (count, 3)), strict=True)
    ):
        square = image[:, top : top + side, left : left + side]
        square[:] = 30
        square[i % len(CLASSES)] = 240
    return torch.from_numpy(images)


def other_hues(images: Tensor) -> Tensor:
    """The same images with red as green, green as blue, blue as red."""
    return images.roll(1, dims=1)


def write_hued_pack(folder: Path, count: int = 400) -> Path:
    """A pack of them, with the hue as class."""
    pixels = hued_images(count).permute(0, 2, 3, 1).numpy()
    labels = np.arange(count) % len(CLASSES)
    source = array_source("hues", pixels, labels, CLASSES, "none", "generated")
    write_pack(lambda: source, folder, 32)
    return folder
