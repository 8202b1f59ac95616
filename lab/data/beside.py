"""What lies beside image files and describes them: captions in .txt files, and `dataset.json`.

A text has the name of its image and a caption in each line, as trainers of text-to-image models
keep them; `dataset.json` is that of StyleGAN, with the class of each file.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from zipfile import BadZipFile

import numpy as np

from lab.data.captions import Captions, compact
from lab.data.folders import Classes
from lab.data.shelf import Shelf
from lab.errors import InputError
from lab.json_text import parsed

LABELS_FILE = "dataset.json"
MOST_BYTES = 2**20
"""Of the captions of one image."""
MOST_JSON_BYTES = 2**28
MOST_CLASSES = 2**15


def text_files(shelf: Shelf) -> dict[str, str]:
    """The .txt file of each image that has one, by the image's name."""
    there = {name for name in shelf.beside if name.endswith(".txt")}
    if not there:  # every start of a run asks
        return {}
    pairs = ((name, str(PurePosixPath(name).with_suffix(".txt"))) for name in shelf.names)
    return {name: text for name, text in pairs if text in there}


def captions_beside(shelf: Shelf) -> Captions | None:
    """The captions of each image; None where no image has a .txt file."""
    texts = text_files(shelf)
    if not texts:
        return None
    return compact(_lines(shelf, texts[name]) if name in texts else () for name in shelf.names)


def describing_files(shelf: Shelf) -> list[str]:
    """Names of the files that describe images of this shelf."""
    return [*text_files(shelf).values(), *({LABELS_FILE} & set(shelf.beside))]


def labels_beside(shelf: Shelf) -> Classes | None:
    """The classes of `dataset.json`, which may have no labels.

    None where there is no such file, or it is another program's. Raises InputError for labels that
    are no class numbers from 0 on, and for images without one.
    """
    if LABELS_FILE not in shelf.beside:
        return None
    path = shelf.path / LABELS_FILE
    try:
        with shelf.open(LABELS_FILE) as file:
            data = parsed(file.read(MOST_JSON_BYTES))
    except (OSError, ValueError, BadZipFile, zlib.error) as error:
        raise InputError(f"{path} is no JSON ({error}); repair or remove it") from None
    if not isinstance(data, dict) or "labels" not in data:
        return None
    if data["labels"] is None:
        return Classes(None, (), f"none: {LABELS_FILE} has null")
    try:
        numbers = {str(file): label for file, label in data["labels"]}
    except (TypeError, ValueError):
        numbers = {}
    if not all(isinstance(label, int) and 0 <= label < MOST_CLASSES for label in numbers.values()):
        raise InputError(
            f"{path} has labels that are no class numbers; they must be whole numbers from 0 to "
            f"{MOST_CLASSES - 1:,}, "
            'as in {"labels": [["00000/a.png", 3], ...]}'
        )
    missing = [name for name in shelf.names if name not in numbers]
    if missing:
        raise InputError(
            f"{path} has no class for {len(missing):,} of {len(shelf.names):,} images, say "
            f"{missing[0]}; add or remove them, or remove {LABELS_FILE}"
        )
    labels = np.array([numbers[name] for name in shelf.names], dtype=np.int64)
    return Classes(labels, tuple(map(str, range(labels.max() + 1))), LABELS_FILE)


def _lines(shelf: Shelf, name: str) -> Sequence[str]:
    path = shelf.path / name
    try:
        with shelf.open(name) as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise InputError(
                f"the captions {path} have more than {MOST_BYTES:,} bytes; shorten or remove them"
            )
        return content.decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError, BadZipFile, zlib.error) as error:
        raise InputError(
            f"the captions {path} cannot be read ({error}); write them as UTF-8, or remove them"
        ) from None
