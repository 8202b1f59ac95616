"""Fashion-MNIST: class names and licence, and `fashion-mini`, the 10,000 images in the package."""

from __future__ import annotations

import lzma
from importlib import resources
from pathlib import Path

import numpy as np

from lab.data.source import Source, array_source

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
LICENCE = "MIT"
ATTRIBUTION = (
    "Fashion-MNIST, Copyright (c) 2017 Zalando SE (Xiao, Rasul and Vollgraf 2017, "
    "https://github.com/zalandoresearch/fashion-mnist)"
)
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
SIDE = 28
BORDER = 2
EMBEDDED_FILE = "fashion-mini.xz"


def fashion_mini() -> Source:
    """The embedded t10k images; packing holds out a stratified fifth."""
    packed = resources.files("lab.data.embedded").joinpath(EMBEDDED_FILE).read_bytes()
    flat = np.frombuffer(lzma.decompress(packed), dtype=np.uint8)
    images, labels = np.split(flat, [len(flat) // (SIDE * SIDE + 1) * SIDE * SIDE])
    return array_source(
        "fashion-mini",
        images.reshape(-1, SIDE, SIDE, 1),
        labels.astype(np.int64),
        CLASS_NAMES,
        LICENCE,
        ATTRIBUTION + "; its 10,000 t10k images",
        border=BORDER,
    )
