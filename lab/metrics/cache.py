"""Files of computed values behind a checksum, so that a damaged one is made again."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lab.errors import InputError
from lab.record import write_whole

_CHECKSUM_BYTES = 32


def write_checked(path: Path, body: bytes) -> None:
    """Write one whole file; several processes may write the same content at once.

    Raises InputError when the folder cannot be written.
    """
    try:
        write_whole(path, _checksum(body) + body)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"the cache folder {path.parent} cannot be written: {reason}; set LAB_CACHE to a "
            "writable folder"
        ) from None


def read_checked(path: Path) -> bytes | None:
    """What `write_checked` was given; None when the file is missing or damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    checksum, body = content[:_CHECKSUM_BYTES], content[_CHECKSUM_BYTES:]
    return body if _checksum(body) == checksum else None


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_CHECKSUM_BYTES).digest()
