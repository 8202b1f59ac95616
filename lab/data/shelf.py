"""Image files by name, in a folder or a zip, and what lies beside them."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from lab.errors import InputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
MOST_BYTES = 2**28
"""Of one image file, unpacked from its zip."""


@dataclass(frozen=True)
class Shelf:
    """Image files by relative name, in a folder or a zip."""

    path: Path
    names: tuple[str, ...]
    """Sorted, with / between parts."""
    open: Callable[[str], IO[bytes]]
    beside: tuple[str, ...] = ()
    """Names of files beside the images that may describe them, .txt and .json."""


def folder_shelf(path: Path) -> Shelf:
    """All image files under a folder, hidden ones left out."""
    names: list[str] = []
    beside: list[str] = []
    for folder, folders, files in os.walk(path, onerror=_cannot_read):
        folders[:] = [name for name in folders if not name.startswith(".")]
        here = Path(folder).relative_to(path)
        names += [(here / name).as_posix() for name in files if _is_image(name)]
        beside += [(here / name).as_posix() for name in files if _may_describe(name)]
    names.sort()
    beside.sort()
    return Shelf(path, tuple(names), lambda name: (path / name).open("rb"), tuple(beside))


def zip_shelf(path: Path) -> Shelf:
    """All image files of a zip; nothing is extracted, so no name in it can reach the disk."""
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"the zip {path} cannot be read ({error}); fetch it again") from None
    entries = [
        entry
        for entry in archive.infolist()
        if not entry.is_dir() and not entry.filename.startswith("__MACOSX/")
    ]
    images = [entry for entry in entries if _is_image(entry.filename)]
    beside = sorted(entry.filename for entry in entries if _may_describe(entry.filename))
    names = sorted(entry.filename for entry in images)
    shelf = Shelf(path, tuple(names), archive.open, tuple(beside))
    for entry in images:
        if entry.file_size > MOST_BYTES:
            large = ValueError(f"{entry.file_size:,} bytes unpacked; at most {MOST_BYTES:,}")
            raise broken_image(path / entry.filename, large)
    return shelf


def broken_image(path: Path, error: Exception) -> InputError:
    """The error for a file that is no readable image."""
    reason = " ".join(str(error).split()) or type(error).__name__
    if reason.startswith("cannot identify image file"):
        reason = "it is no image, or damaged from the start"
    return InputError(f"the image {path} cannot be read ({reason}); repair or remove it")


def _is_image(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not _is_hidden(name)


def _may_describe(name: str) -> bool:
    return name.endswith((".txt", ".json")) and not _is_hidden(name)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") and part != ".." for part in PurePosixPath(name).parts)


def _cannot_read(error: OSError) -> None:
    raise InputError(
        f"the folder {error.filename} cannot be read ({error.strerror}); allow reading it"
    ) from error
