"""Emoji in colour, with captions: `emoji` at any resolution, `emoji-mini` in the package."""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.data.captions import compact
from lab.data.emoji.draw import drawer, require_files
from lab.data.emoji.heldout import split_of
from lab.data.emoji.meaning import GENDERS, TONES, genders, tones
from lab.data.emoji.unicode_files import Emoji, read_emoji
from lab.data.source import Attribute, Source, fit

EMBEDDED_FILE = "emoji-mini.xz"
EMBEDDED_SIDE = 32
LICENCE = "OFL-1.1 (pictures), Unicode-DFS-2016 (texts)"
ATTRIBUTION = (
    "Noto Color Emoji, Copyright 2013-2017 Google Inc. "
    "(https://github.com/googlefonts/noto-emoji); names, keywords and groups Copyright 1991-2022 "
    "Unicode, Inc. (https://www.unicode.org)"
)
SUB_GROUP, SKIN_TONE, GENDER = "sub-group", "skin tone", "gender"
"""Names of the attributes; the class is the group."""


def emoji(root: Path | None) -> Source:
    """Every fully qualified emoji, drawn at 136 pixels from Debian's packages.

    `root` is the folder that they are unpacked in, None where they are installed. Raises
    InputError, which names the packages, where they are missing.
    """
    root = root or Path("/")
    require_files(root)
    emojis = read_emoji(root)
    return _source("emoji", emojis, drawer(emojis, root))


def emoji_mini() -> Source:
    """The embedded emoji at 32 pixels."""
    emojis, images = embedded_emoji()
    return _source("emoji-mini", emojis, images.__getitem__)


def embedded_emoji() -> tuple[list[Emoji], NDArray[np.uint8]]:
    """The embedded emoji and their pictures, uint8 [N, 32, 32, 3], in the order of Unicode."""
    packed = resources.files("lab.data.embedded").joinpath(EMBEDDED_FILE).read_bytes()
    first_line, _, pixels = lzma.decompress(packed).partition(b"\n")
    emojis = [
        Emoji(characters, group, sub_group, name, tuple(keywords))
        for characters, group, sub_group, name, keywords in json.loads(first_line)
    ]
    images = np.frombuffer(pixels, dtype=np.uint8)
    return emojis, images.reshape(len(emojis), EMBEDDED_SIDE, EMBEDDED_SIDE, 3)


def embedded_bytes(root: Path) -> bytes:
    """The embedded file: the emoji as a line of JSON, then all pixels at 32x32, by xz.

    Plain rows compress best: 3.1 MB. Filters (left, up, minus green), planes of colours and other
    settings of LZMA give 3.1 to 3.6 MB, lossless WebP 3.8 MB.
    """
    require_files(root)
    emojis = read_emoji(root)
    draw = drawer(emojis, root)
    pixels = b"".join(fit(draw(i), EMBEDDED_SIDE).tobytes() for i in range(len(emojis)))
    first_line = json.dumps(emojis, ensure_ascii=False, separators=(",", ":")).encode()
    return lzma.compress(first_line + b"\n" + pixels, preset=9 | lzma.PRESET_EXTREME)


def _source(
    name: str, emojis: Sequence[Emoji], draw: Callable[[int], NDArray[np.uint8]]
) -> Source:
    """The source of these emoji, in the order of their split; `draw` gives the picture of one."""
    split = split_of(emojis)
    order = np.array([*split.train, *split.heldout, *split.combinations])
    groups = [emoji.group for emoji in emojis]
    class_names = tuple(dict.fromkeys(groups))
    sub_groups = [emoji.sub_group for emoji in emojis]
    values = tuple(dict.fromkeys(sub_groups))
    numbers = {
        SUB_GROUP: (values, [values.index(sub_group) for sub_group in sub_groups]),
        SKIN_TONE: (TONES, tones(emojis)),
        GENDER: (GENDERS, genders(emojis)),
    }
    return Source(
        name=name,
        num_images=len(emojis),
        channels=3,
        read=lambda index: draw(int(order[index])),
        labels=np.array([class_names.index(group) for group in groups])[order],
        class_names=class_names,
        licence=LICENCE,
        attribution=ATTRIBUTION,
        num_train=len(split.train),
        num_combinations=len(split.combinations),
        captions=compact(_captions(emojis[index]) for index in order),
        attributes={
            key: Attribute(values, np.array(of_emoji, dtype=np.int16)[order])
            for key, (values, of_emoji) in numbers.items()
        },
    )


def _captions(emoji: Emoji) -> tuple[str, ...]:
    """The name, then the keywords in one line unless they are that name alone."""
    keywords = ", ".join(emoji.keywords)
    return (emoji.name,) if keywords in ("", emoji.name) else (emoji.name, keywords)
