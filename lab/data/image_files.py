"""A folder or a zip of image files as a source; class sub-folders become labels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lab.data.beside import captions_beside, labels_beside
from lab.data.caption_file import described, missing_note
from lab.data.shelf import SUFFIXES, Shelf, broken_image
from lab.data.source import Source
from lab.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MOST_PIXELS = 50_000_000
"""Of one image: decoding takes about 12 bytes a pixel, and each core decodes one."""
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")


def image_source(
    shelf: Shelf, captions: Path | None = None, attributes: Sequence[str] = ()
) -> Source:
    """The images of a shelf; grey if all are grey, else colour.

    Classes are those of `dataset.json`, else the sub-folders. Captions are those of the file
    `captions`, whose columns `attributes` are attributes, else the .txt files beside the images.
    Raises InputError when there is no image, when a file's header is broken, and for captions and
    labels that cannot be read; a file that is broken further on raises one when it is read.
    """
    if not shelf.names:
        raise InputError(
            f"{shelf.path} holds no image files; allowed are {', '.join(SUFFIXES)}, "
            "in one folder or in a sub-folder for each class"
        )
    labels, class_names = labels_beside(shelf) or classes_of(shelf)
    source = shelf_source(shelf, labels, class_names)
    if captions is None:
        texts = captions_beside(shelf)
        notes = missing_note(texts, shelf.names) if texts is not None else ()
        return replace(source, captions=texts, notes=notes)
    of_file = described(captions, shelf.names, attributes)
    return replace(
        source,
        captions=of_file.captions,
        attributes=of_file.attributes,
        notes=(*of_file.notes, *missing_note(of_file.captions, shelf.names)),
    )


def shelf_source(
    shelf: Shelf, labels: NDArray[np.int64] | None, class_names: tuple[str, ...]
) -> Source:
    """The images of a shelf with these labels, int64 [N]; grey if all are grey, else colour."""
    channels = 3 if any(_has_colour(shelf, name) for name in shelf.names) else 1
    return Source(
        name=shelf.path.stem,
        num_images=len(shelf.names),
        channels=channels,
        read=lambda index: read_image(shelf, shelf.names[index], channels),
        labels=labels,
        class_names=class_names,
        licence="unknown (own images)",
        attribution=f"{len(shelf.names):,} image files of {shelf.path.name}",
    )


def classes_of(shelf: Shelf) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    """Labels int64 [N] and class names from the first sub-folder in which the files differ.

    Leading folders that all files share are ignored; without sub-folders there are no labels.
    Raises InputError when files lie both beside and inside sub-folders.
    """
    parts = _without_shared_folders([PurePosixPath(name).parts for name in shelf.names])
    loose = [name for name, part in zip(shelf.names, parts, strict=True) if len(part) == 1]
    if len(loose) == len(parts):
        return None, ()
    if loose:
        raise InputError(
            f"{shelf.path} has images inside sub-folders but {len(loose)} beside them, "
            f"say {loose[0]}; sub-folders are classes, so move these into one or remove them"
        )
    class_names = tuple(sorted({part[0] for part in parts}))
    numbers = {name: number for number, name in enumerate(class_names)}
    return np.array([numbers[part[0]] for part in parts], dtype=np.int64), class_names


def read_image(shelf: Shelf, name: str, channels: int) -> NDArray[np.uint8]:
    """uint8 [H, W, channels] of an image file; upright, transparency on white.

    Raises InputError that names the file when it cannot be decoded.
    """
    from PIL import ImageOps

    try:
        with _opened(shelf, name) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
    except Exception as error:  # on broken bytes the decoders raise nearly anything
        raise broken_image(shelf.path / name, error) from error
    flat = _eight_bits(upright).convert("RGB" if channels == 3 else "L")
    return np.asarray(flat).reshape(flat.height, flat.width, channels)


@contextmanager
def _opened(shelf: Shelf, name: str) -> Iterator[Picture]:
    """An image file of which only the header is read; too large an image is an error."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit is below
        with shelf.open(name) as file, Image.open(file, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(
                    f"{image.width:,} x {image.height:,} pixels; at most {MOST_PIXELS:,} pixels"
                )
            yield image


def _eight_bits(image: Picture) -> Picture:
    """16-bit grey scaled to 8 bits; transparent pixels laid on white; others as they are."""
    from PIL import Image

    if image.mode.startswith("I"):
        wide = np.asarray(image, dtype=np.int64)
        return Image.fromarray((wide // 257).clip(0, 255).astype(np.uint8))
    if "A" in image.getbands() or "transparency" in image.info:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA"))
    return image


def _has_colour(shelf: Shelf, name: str) -> bool:
    """Whether an image can hold colour by its header."""
    try:
        with _opened(shelf, name) as image:
            return not image.mode.startswith(("1", "L", "I"))
    except Exception as error:  # on broken bytes the decoders raise nearly anything
        raise broken_image(shelf.path / name, error) from error


def _without_shared_folders(parts: Sequence[tuple[str, ...]]) -> Sequence[tuple[str, ...]]:
    while len({part[0] for part in parts}) == 1 and all(len(part) > 1 for part in parts):
        parts = [part[1:] for part in parts]
    return parts
