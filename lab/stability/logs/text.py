"""The text of a file: its size, its encoding, and whether it is text at all."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lab.errors import InputError
from lab.stability.log_columns import LogOptions, NothingYet

MAX_BYTES = 64 * 2**20
"""Rows take some twenty times the memory of their text; of a longer file only some are kept."""
MAX_LINE = 2**20
"""Characters of a line of a long file."""
BEGINNING = 2**20
"""Bytes by which the format of a long file is known: StudioGAN prints its networks first."""
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"\xfd7zX": "xz", b"BZh": "bzip2"}
SAMPLE = 65536


class Reading(NamedTuple):
    """How files are read."""

    grows: bool = False
    """Whether a last line without its end is left out: it may be half a number."""
    options: LogOptions | None = None
    """Which rows of a long file are kept depends on its columns; None refuses a long file."""


@dataclass(frozen=True)
class LogText:
    """The text of a file, whole or line by line."""

    path: Path
    beginning: str
    """The whole text, or that of a long file's first bytes."""
    lines: Iterable[str]
    """With their ends, to be read once."""
    long_by: LogOptions | None = None
    """The columns by which rows of a long file are kept; None for a file that fits in memory."""


def read_text(path: Path, reading: Reading) -> LogText:
    """The text of a file; InputError where it is missing, a folder, empty, binary or too long."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"the log {path} cannot be read: {reason}; give a readable file"
        ) from None
    if len(data) > MAX_BYTES:
        if reading.options is None or not path.is_file():
            raise too_long(path, "give a file with the rows of the evaluations only")
        beginning = as_text(data[:BEGINNING], path)
        lines = _lines(path, _encoding(data), grows=reading.grows)
        return LogText(path, beginning, lines, reading.options)
    text = as_text(data, path)
    if reading.grows:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
        if not text.strip():
            raise empty(path)
    return LogText(path, text, io.StringIO(text, None))


def limit_of(path: Path, reading: Reading) -> LogOptions | None:
    """The columns by which rows of a file are kept, if it is a long one."""
    return reading.options if path.stat().st_size > MAX_BYTES else None


def too_long(path: Path, remedy: str) -> InputError:
    """The error of a file that cannot be read in parts."""
    return InputError(f"the log {path} is longer than {MAX_BYTES // 2**20} MiB; {remedy}")


def empty(path: Path) -> NothingYet:
    """The error of a file without rows."""
    return NothingYet(f"the log {path} is empty; give one with a row for each evaluation")


def _lines(path: Path, encoding: str, *, grows: bool) -> Iterator[str]:
    """The lines of a long file, without the zeros that a crash may leave at its end."""
    with path.open(encoding=encoding, errors="replace") as file:
        while line := file.readline(MAX_LINE):
            if len(line) == MAX_LINE:
                raise too_long(
                    path, f"one with a line of {MAX_LINE} characters is not read; give rows"
                )
            if grows and not line.endswith("\n"):
                return
            if line := line.rstrip("\0"):
                yield line


def as_text(data: bytes, path: Path) -> str:
    """The text of a file in UTF-8 or UTF-16; InputError where it is empty or binary."""
    data = data.rstrip(b"\0") if not _is_utf16(data) else data
    if not data.strip():
        raise empty(path)
    for magic, kind in PACKED.items():
        if data.startswith(magic):
            raise InputError(f"the log {path} is packed by {kind}; unpack it first")
    text = data.decode(_encoding(data), errors="replace")
    sample = text[:SAMPLE]
    odd = sum(not (char.isprintable() or char in "\r\n\t\f\x1b\b") for char in sample)
    if "\0" in sample or odd + sample.count("�") > len(sample) / 20:
        raise InputError(
            f"the log {path} is binary; give a table, JSON, a printed log, or a folder of logs"
        )
    if not text.strip():
        raise empty(path)
    return text


def _encoding(data: bytes) -> str:
    marked = next((name for mark, name in BYTE_ORDER_MARKS if data.startswith(mark)), None)
    return marked or _unmarked_utf16(data) or "utf-8"


def _is_utf16(data: bytes) -> bool:
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return data.startswith(marks) or _unmarked_utf16(data) is not None


def _unmarked_utf16(data: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of plain characters is zero."""
    sample = data[:1024]
    pairs = len(sample) // 2
    if pairs < 4:
        return None
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sample[first::2].count(0) > 0.9 * pairs and sample[1 - first :: 2].count(0) == 0:
            return name
    return None
