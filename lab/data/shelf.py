"""Image files by name, in a folder or a zip, and what lies beside them."""

from __future__ import annotations

import os
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from lab.errors import InputError, printable

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif", ".bmp", ".dib", ".gif"),
    *(".tif", ".tiff", ".jp2", ".tga", ".ppm", ".pgm", ".pbm", ".pnm"),
)
"""Of files that Pillow itself decodes; it leaves .eps and .pdf to other programs."""
MOST_BYTES = 2**28
"""Of one image file, unpacked from its zip."""
_MOST_LISTED = 50
_MOST_KINDS = 10
_ZIP_METHODS = {
    zipfile.ZIP_STORED,
    zipfile.ZIP_DEFLATED,
    zipfile.ZIP_BZIP2,
    zipfile.ZIP_LZMA,
    getattr(zipfile, "ZIP_ZSTANDARD", zipfile.ZIP_STORED),
}
"""What this Python unpacks."""
_ENCRYPTED = 1
"""Bit of a zip entry's flags."""


@dataclass(frozen=True)
class Shelf:
    """Image files by relative name, in a folder or a zip."""

    path: Path
    names: tuple[str, ...]
    """Sorted, with / between parts; where there is a given split, those that train come first."""
    open: Callable[[str], IO[bytes]]
    beside: tuple[str, ...] = ()
    """Names of all other files, hidden ones left out."""
    notes: tuple[str, ...] = ()
    """What the person should know of these files, a sentence each."""


class BrokenImage(InputError):
    """A file that is no readable image."""

    def __init__(self, path: Path, error: Exception) -> None:
        reason = " ".join(str(error).split()) or type(error).__name__
        if reason.startswith("cannot identify image file"):
            reason = "it is no image, or damaged from the start"
        self.path = path
        self.reason = reason
        super().__init__(f"the image {path} cannot be read ({reason}); repair or remove it")


def all_broken(errors: Sequence[BrokenImage], num_images: int) -> InputError:
    """One error for all files of a set that cannot be read."""
    if len(errors) == 1:
        return errors[0]
    files = [f"{error.path} ({error.reason})" for error in errors[:_MOST_LISTED]]
    more = len(errors) - len(files)
    return InputError(
        f"{len(errors):,} of {num_images:,} images cannot be read: {', '.join(files)}"
        f"{f' and {more:,} more' if more else ''}; repair or remove them, or pack the others with "
        "`python -m lab.data pack SOURCE OUT --skip-broken`"
    )


def folder_shelf(path: Path) -> Shelf:
    """All image files under a folder, hidden ones left out; links to folders are followed."""
    names: list[str] = []
    beside: list[str] = []
    repeated: list[str] = []
    for folder, files in _folders(path, repeated):
        relative = folder.relative_to(path)
        for file in files:
            if not _is_hidden(file):
                (names if _is_image(file) else beside).append((relative / file).as_posix())
    names.sort()
    beside.sort()
    notes = (_repeated_note(repeated),) if repeated else ()
    return Shelf(path, tuple(names), lambda name: (path / name).open("rb"), tuple(beside), notes)


def _folders(path: Path, repeated: list[str]) -> Iterator[tuple[Path, list[str]]]:
    """Each folder once with its files, folders before links to them; loops of links end here."""
    seen: set[tuple[int, int]] = set()
    waiting = [path]
    while waiting:
        links: list[Path] = []
        while waiting:
            folder = waiting.pop()
            try:
                facts = folder.stat()
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError as error:
                raise InputError(
                    f"the folder {folder} cannot be read ({error.strerror}); allow reading it"
                ) from error
            if (facts.st_dev, facts.st_ino) in seen:
                repeated.append(folder.relative_to(path).as_posix())
                continue
            seen.add((facts.st_dev, facts.st_ino))
            inner = {entry.name: entry for entry in entries if _is_folder(entry)}
            for name, entry in inner.items():
                if not _is_hidden(name):
                    (links if entry.is_symlink() else waiting).append(folder / name)
            yield folder, [entry.name for entry in entries if entry.name not in inner]
        waiting = sorted(links, reverse=True)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _repeated_note(repeated: Sequence[str]) -> str:
    return (
        f"left out, being links to folders that are packed already: {printable(repeated[0])!r}"
        + (f" and {len(repeated) - 1:,} more" if len(repeated) > 1 else "")
    )


def zip_shelf(path: Path) -> Shelf:
    """All image files of a zip; nothing is extracted, so no name in it can reach the disk.

    Raises InputError for a zip that is encrypted or compressed as no Python unpacks it.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"the zip {path} cannot be read ({error}); fetch it again") from None
    entries: dict[str, zipfile.ZipInfo] = {}
    num_repeated = 0
    for entry in archive.infolist():
        name = entry.filename.replace("\\", "/")
        if name.endswith("/") or name.startswith("__MACOSX/") or _is_hidden(name):
            continue
        if name in entries:
            num_repeated += 1
            name = next(new for n in range(2, 2**31) if (new := _numbered(name, n)) not in entries)
        entries[name] = entry
    images = sorted(name for name in entries if _is_image(name))
    _require_readable(path, [(name, entries[name]) for name in images])
    notes = (f"files of the zip with the name of another one, packed as well: {num_repeated:,}",)
    return Shelf(
        path,
        tuple(images),
        lambda name: archive.open(entries[name]),
        tuple(sorted(set(entries) - set(images))),
        notes if num_repeated else (),
    )


def _numbered(name: str, number: int) -> str:
    """`cats/a (2).png`"""
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem} ({number}){path.suffix}"))


def _require_readable(path: Path, images: Sequence[tuple[str, zipfile.ZipInfo]]) -> None:
    if any(entry.flag_bits & _ENCRYPTED for _, entry in images):
        raise InputError(
            f"the zip {path} is encrypted; unpack it with its password and give the folder"
        )
    methods = sorted({entry.compress_type for _, entry in images} - _ZIP_METHODS)
    if methods:
        raise InputError(
            f"the zip {path} is compressed by method {methods[0]}, which Python does not unpack; "
            "unpack it with another program, say 7z, and give the folder"
        )
    for name, entry in images:
        if entry.file_size > MOST_BYTES:
            large = ValueError(f"{entry.file_size:,} bytes unpacked; at most {MOST_BYTES:,}")
            raise BrokenImage(path / name, large)


def left_out_note(names: Iterable[str]) -> tuple[str, ...]:
    """A sentence on files that are not packed, counted by kind; empty where there are none."""
    kinds = Counter(PurePosixPath(name).suffix.lower() or "without ending" for name in names)
    if not kinds:
        return ()
    most = kinds.most_common(_MOST_KINDS)
    counts = ", ".join(f"{count:,} {printable(kind)}" for kind, count in most)
    more = f" and {len(kinds) - len(most):,} more kinds" if len(kinds) > len(most) else ""
    return (f"left out, being no images: {counts}{more}",)


def _is_image(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") and part != ".." for part in PurePosixPath(name).parts)
