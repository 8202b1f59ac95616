"""Emoji drawn with Noto's colour font from Debian's packages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.data.emoji.unicode_files import ANNOTATION_FILES, TEST_FILE, Emoji
from lab.errors import InputError

FONT_FILE = Path("usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
SIDE = 136
"""Of a picture in pixels; the font's bitmaps are 136 wide and 128 high."""
_FONT_SIZE = 109
"""The only size that the font has."""
_FILES = {
    FONT_FILE: "fonts-noto-color-emoji",
    TEST_FILE: "unicode-data",
    **dict.fromkeys(ANNOTATION_FILES, "unicode-cldr-core"),
}


def require_files(root: Path) -> None:
    """Raise InputError where a file of Debian's packages is missing below `root`."""
    missing = {
        package: root / path for path, package in _FILES.items() if not (root / path).is_file()
    }
    if missing:
        packages = " ".join(missing)
        raise InputError(
            f"emoji are drawn from Debian's packages and {next(iter(missing.values()))} is not "
            f"there; run apt-get install {packages}, or unpack them into a folder with "
            "dpkg-deb -x and give it with --root; emoji-mini needs none"
        )


def drawer(emojis: Sequence[Emoji], root: Path) -> Callable[[int], NDArray[np.uint8]]:
    """A function that draws the emoji of an index: uint8 [136, 136, 3], on white.

    Raises InputError where Pillow cannot draw sequences of characters as one picture.
    """
    from PIL import Image, ImageDraw, ImageFont, features

    if not features.check("raqm"):
        raise InputError(
            "Pillow draws emoji of several characters with libraqm, which is not there; "
            "install Pillow from the package index (pip install --force-reinstall pillow)"
        )
    path, layout = str(root / FONT_FILE), ImageFont.Layout.RAQM
    font = ImageFont.truetype(path, _FONT_SIZE, layout_engine=layout)
    one_at_a_time = threading.Lock()  # FreeType's faces are not for several threads

    def draw(index: int) -> NDArray[np.uint8]:
        picture = Image.new("RGB", (SIDE, SIDE), "white")
        with one_at_a_time:
            left, top, right, bottom = font.getbbox(emojis[index].characters)
            corner = ((SIDE - left - right) / 2, (SIDE - top - bottom) / 2)
            ImageDraw.Draw(picture).text(
                corner, emojis[index].characters, font=font, embedded_color=True
            )
        return np.asarray(picture)

    return draw
