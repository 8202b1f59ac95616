"""A folder or a zip of image files as a source; class sub-folders become labels."""

from __future__ import annotations

import os
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lab.data.source import Source
from lab.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
MOST_BYTES = 2**28
"""Of one image file, unpacked from its zip."""
MOST_PIXELS = 50_000_000
"""Of one image: decoding takes about 12 bytes a pixel, and each core decodes one."""
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")


@dataclass(frozen=True)
class Shelf:
    """Image files by relative name, in a folder or a zip."""

    path: Path
    names: tuple[str, ...]
    """Sorted, with / between parts."""
    open: Callable[[str], IO[bytes]]


def folder_shelf(path: Path) -> Shelf:
    """All image files under a folder, hidden ones left out."""
    names: list[str] = []
    for folder, folders, files in os.walk(path, onerror=_cannot_read):
        folders[:] = [name for name in folders if not name.startswith(".")]
        here = Path(folder).relative_to(path)
        names += [(here / name).as_posix() for name in files if _is_image(name)]
    return Shelf(path, tuple(sorted(names)), lambda name: (path / name).open("rb"))


def zip_shelf(path: Path) -> Shelf:
    """All image files of a zip; nothing is extracted, so no name in it can reach the disk."""
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"the zip {path} cannot be read ({error}); fetch it again") from None
    entries = [
        entry
        for entry in archive.infolist()
        if not entry.is_dir()
        and _is_image(entry.filename)
        and not entry.filename.startswith("__MACOSX/")
    ]
    shelf = Shelf(path, tuple(sorted(entry.filename for entry in entries)), archive.open)
    for entry in entries:
        if entry.file_size > MOST_BYTES:
            large = ValueError(f"{entry.file_size:,} bytes unpacked; at most {MOST_BYTES:,}")
            raise broken_image(shelf, entry.filename, large)
    return shelf


def image_source(shelf: Shelf) -> Source:
    """The images of a shelf; grey if all are grey, else colour.

    Raises InputError when there is none, or when a file's header is broken; a file that is broken
    further on raises one when it is read.
    """
    if not shelf.names:
        raise InputError(
            f"{shelf.path} holds no image files; allowed are {', '.join(SUFFIXES)}, "
            "in one folder or in a sub-folder for each class"
        )
    channels = 3 if any(_has_colour(shelf, name) for name in shelf.names) else 1
    labels, class_names = classes_of(shelf)
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
        raise broken_image(shelf, name, error) from error
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


def broken_image(shelf: Shelf, name: str, error: Exception) -> InputError:
    """The error for a file that is no readable image."""
    reason = " ".join(str(error).split()) or type(error).__name__
    if reason.startswith("cannot identify image file"):
        reason = "it is no image, or damaged from the start"
    return InputError(
        f"the image {shelf.path / name} cannot be read ({reason}); repair or remove it"
    )


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
        raise broken_image(shelf, name, error) from error


def _is_image(name: str) -> bool:
    hidden = any(part.startswith(".") and part != ".." for part in PurePosixPath(name).parts)
    return name.lower().endswith(SUFFIXES) and not hidden


def _without_shared_folders(parts: Sequence[tuple[str, ...]]) -> Sequence[tuple[str, ...]]:
    while len({part[0] for part in parts}) == 1 and all(len(part) > 1 for part in parts):
        parts = [part[1:] for part in parts]
    return parts


def _cannot_read(error: OSError) -> None:
    raise InputError(
        f"the folder {error.filename} cannot be read ({error.strerror}); allow reading it"
    ) from error
