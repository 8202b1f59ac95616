"""A small pack with classes and attributes, and runs of a small generator on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lab.config import RunConfig
from lab.data.source import Attribute, array_source
from lab.data.write import write_pack
from lab.record import CONFIG_FILE, write_json
from tests.runs import finish, small_run

CLASS_NAMES = ("dark", "grey", "bright")


def write_attributed_pack(folder: Path, num_images: int = 600, **attributes: Attribute) -> Path:
    """Grey 32x32 images of squares, in three classes by brightness; `side` is left or right, and
    a third of the images has no `side` at all: their square is in the middle."""
    draw = np.random.default_rng(0)
    images = np.zeros((num_images, 32, 32, 1), dtype=np.uint8)
    labels = np.arange(num_images) % 3
    sides = draw.integers(-1, 2, num_images)
    for image, label, side, top in zip(
        images, labels, sides, draw.integers(2, 18, num_images), strict=True
    ):
        left = {-1: 10, 0: 1, 1: 19}[int(side)]
        image[top : top + 12, left : left + 12] = 100 + 70 * label
    given = {"side": Attribute(("left", "right"), sides.astype(np.int16)), **attributes}
    source = replace(
        array_source("squares", images, labels, CLASS_NAMES, "none", "generated"),
        attributes=given,
    )
    write_pack(lambda: source, folder, resolution=32)
    return folder


def write_run(pack: Path, folder: Path, values: dict[str, Any] | None = None) -> RunConfig:
    """A finished run outside a study."""
    config = small_run(pack, {"evaluation.extractor": "fashion", **(values or {})})
    write_json(folder / CONFIG_FILE, {"config": config.model_dump()})
    finish(config, folder)
    return config
