"""W&B's files of a run (.wandb), whose records the wandb package knows.

The framing is LevelDB's log format (https://github.com/google/leveldb/blob/main/doc/log_format.md)
after a header of W&B; newer versions of the package no longer have a reader of it in Python.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from lab.errors import InputError
from lab.record import Row
from lab.stability.log_columns import NothingYet
from lab.stability.logs.parts import LogFile, LogRun, first_bytes
from lab.stability.logs.settings import flat_settings
from lab.stability.logs.text import Reading, limit_of
from lab.stability.logs.thinned import thinned

SIGN = b":W&B"
HEADER = 7
"""Bytes of the file's header, and of the checksum, length and kind of each part of a record."""
BLOCK = 32768
WHOLE, LAST = 1, 4
"""Kinds of parts that end a record."""


def is_offline_file(path: Path) -> bool:
    """Whether a file is one of W&B's, by its first bytes."""
    return first_bytes(path, len(SIGN)) == SIGN


def read_offline(path: Path, name: str, reading: Reading) -> LogFile:
    """The history of a run and its settings; a record that is not complete yet ends it.

    Raises InputError without the wandb package, and for a damaged file or one without history.
    """
    try:
        from wandb.proto import wandb_internal_pb2
    except ImportError:
        raise InputError(
            f"{path} is W&B's file of a run; to read it, pip install wandb, or give the history "
            "that W&B exports as CSV"
        ) from None
    with path.open("rb") as file:
        config: dict[str, Any] = {}
        rows, notes = thinned(
            _rows(file, wandb_internal_pb2, path, config), path, limit_of(path, reading)
        )
    if not rows:
        raise NothingYet(f"{path} holds no history; give the file of a run that logged numbers")
    return LogFile((LogRun(name, rows, flat_settings(config)),), notes)


def _rows(file: BinaryIO, messages: Any, path: Path, config: dict[str, Any]) -> Iterator[Row]:
    """The rows of the history; `config` is filled with the settings that come between them."""
    for data in _records(file):
        record = messages.Record()
        try:
            record.ParseFromString(data)
        except Exception as error:  # protobuf's DecodeError, which is imported with wandb only
            raise InputError(
                f"{path} cannot be read as W&B's file of a run: {error}; give a whole file"
            ) from None
        kind = record.WhichOneof("record_type")
        if kind in ("run", "config"):
            changed = record.run.config if kind == "run" else record.config
            config |= {
                ".".join(item.nested_key) or item.key: json.loads(item.value_json)
                for item in changed.update
            }
        if kind == "history":
            cells = {
                "/".join(item.nested_key) or item.key: json.loads(item.value_json)
                for item in record.history.item
            }
            yield {key: cell for key, cell in cells.items() if isinstance(cell, (int, float))}


def _records(file: BinaryIO) -> Iterator[bytes]:
    """The content of each record, of which parts may lie in several blocks."""
    position = len(file.read(HEADER))
    parts: list[bytes] = []
    while True:
        rest = BLOCK - position % BLOCK
        if rest < HEADER:
            position += len(file.read(rest))
            continue
        head = file.read(HEADER)
        if len(head) < HEADER:
            return
        _, length, kind = struct.unpack("<IHB", head)
        part = file.read(length)
        if len(part) < length:
            return
        position += HEADER + length
        parts.append(part)
        if kind in (WHOLE, LAST):
            yield b"".join(parts)
            parts.clear()
