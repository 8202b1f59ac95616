"""The text of a file: its size, its encoding, and whether it is text at all."""

from __future__ import annotations

import codecs
from pathlib import Path

from lab.errors import InputError
from lab.stability.log_columns import NothingYet

MAX_BYTES = 64 * 2**20
"""Rows take some twenty times the memory of their text; logs of evaluations are far smaller."""
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"\xfd7zX": "xz", b"BZh": "bzip2"}
SAMPLE = 65536


def read_bytes(path: Path) -> bytes:
    """The content of a file; InputError where it is missing, a folder, or too long."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"the log {path} cannot be read: {reason}; give a readable file"
        ) from None
    if len(data) > MAX_BYTES:
        raise InputError(
            f"the log {path} is longer than {MAX_BYTES // 2**20} MiB; give a file with the rows "
            "of the evaluations only"
        )
    return data


def as_text(data: bytes, path: Path) -> str:
    """The text of a file in UTF-8 or UTF-16; InputError where it is empty or binary."""
    data = data.rstrip(b"\0") if not _is_utf16(data) else data
    if not data.strip():
        raise NothingYet(f"the log {path} is empty; give one with a row for each evaluation")
    for magic, kind in PACKED.items():
        if data.startswith(magic):
            raise InputError(f"the log {path} is packed by {kind}; unpack it first")
    encoding = next((name for mark, name in BYTE_ORDER_MARKS if data.startswith(mark)), None)
    if encoding is None:
        encoding = _unmarked_utf16(data) or "utf-8"
    text = data.decode(encoding, errors="replace")
    sample = text[:SAMPLE]
    odd = sum(not (char.isprintable() or char in "\r\n\t\f\x1b\b") for char in sample)
    if "\0" in sample or odd + sample.count("�") > len(sample) / 20:
        raise InputError(
            f"the log {path} is binary; give a table, JSON, a printed log, or a folder of logs"
        )
    if not text.strip():
        raise NothingYet(f"the log {path} is empty; give one with a row for each evaluation")
    return text


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
