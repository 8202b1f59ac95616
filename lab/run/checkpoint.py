"""A run's checkpoints: `checkpoint-00008000.pt` by images seen, the newest two kept.

Each is an ordinary torch file that loads with ``weights_only=True`` and carries a checksum over
every name, dtype, shape and byte of what it holds, verified on load.
"""

from __future__ import annotations

import io
import logging
import pickle
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from lab.errors import InputError
from lab.record import IMAGES_SEEN
from lab.record.durable import patiently, remove_patiently, write_patiently

log = logging.getLogger(__name__)

NUM_KEPT = 2
CHECKSUM = "checksum"
GAME = "game"
UNNUMBERED = "checkpoint.pt"
"""The one checkpoint of a run that version 0.1 began: it has no checksum."""
_NUMBERED = re.compile(r"checkpoint-(\d{8,})\.pt")


class DamagedCheckpoint(InputError):
    """A checkpoint that does not hold what was stored."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        self.why = why
        self.finding = f"the checkpoint {path} is damaged ({why})"
        super().__init__(f"{self.finding}; remove {path.parent} to train this run from its start")

    def __reduce__(self) -> tuple[type[DamagedCheckpoint], tuple[Path, str]]:
        return DamagedCheckpoint, (self.path, self.why)


def checkpoint_file(folder: Path, images_seen: int) -> Path:
    """<run>/checkpoint-00008000.pt"""
    return folder / f"checkpoint-{images_seen:08d}.pt"


def checkpoint_files(folder: Path) -> list[Path]:
    """The checkpoints of a run's folder, the newest first."""
    numbered = [
        (int(match[1]), path)
        for path in folder.glob("checkpoint-*.pt")
        if (match := _NUMBERED.fullmatch(path.name))
    ]
    files = [path for _, path in sorted(numbered, reverse=True)]
    unnumbered = folder / UNNUMBERED
    return [*files, unnumbered] if unnumbered.exists() else files


def write_checkpoint(folder: Path, game: Mapping[str, Any], images_seen: int) -> Path:
    """Store a game's state, then remove all but the newest two. Raises StorageFailed."""
    content = content_of(game, images_seen)
    content[CHECKSUM] = checksum(content)
    path = checkpoint_file(folder, images_seen)
    write_patiently(path, lambda file: _save(content, file))
    for old in checkpoint_files(folder)[NUM_KEPT:]:
        remove_patiently(old)
    return path


def _save(content: Mapping[str, Any], file: IO[bytes]) -> None:
    """`torch.save`. Raises OSError when the storage fails.

    On a full disk torch's writer fails a second time as it closes its archive, with a
    RuntimeError that hides the storage's error.
    """
    try:
        torch.save(content, file)
    except RuntimeError as error:
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise


def content_of(game: Mapping[str, Any], images_seen: int) -> dict[str, Any]:
    """What a checkpoint holds beside its checksum, every tensor on the CPU."""
    return {GAME: _on_cpu(game), IMAGES_SEEN: images_seen}


def read_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint's content, loaded without running any code from it.

    Raises DamagedCheckpoint when it is not what was stored, StorageFailed when it cannot be read.
    """
    stored_bytes = patiently(path.read_bytes, path, doing="read")
    try:
        content = torch.load(io.BytesIO(stored_bytes), map_location="cpu", weights_only=True)
        stored = content.pop(CHECKSUM, None)
        images_seen = int(content[IMAGES_SEEN])
        computed = checksum(content)
    except (
        AttributeError,
        struct.error,
        OSError,
        RuntimeError,
        EOFError,
        LookupError,
        TypeError,
        ValueError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
    ) as error:
        raise DamagedCheckpoint(path, type(error).__name__) from None
    if images_seen < 0:
        raise DamagedCheckpoint(path, f"{IMAGES_SEEN} is {images_seen}")
    if stored != computed and not (stored is None and path.name == UNNUMBERED):
        raise DamagedCheckpoint(path, "its checksum does not match")
    return dict(content)


def whole_checkpoints(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The checkpoints of a run's folder that are whole, the newest first, read one by one.

    A damaged one is warned about when an older may stand in. Raises DamagedCheckpoint when there
    are checkpoints and all are damaged.
    """
    files = checkpoint_files(folder)
    newest: DamagedCheckpoint | None = None
    num_whole = 0
    for path in files:
        try:
            content = read_checkpoint(path)
        except DamagedCheckpoint as error:
            newest = newest or error
            if path != files[-1]:
                log.warning("%s; continuing from the checkpoint before it", error.finding)
            continue
        num_whole += 1
        yield path, content
    if newest is not None and not num_whole:
        raise newest


def checksum(content: Any) -> int:
    """CRC-32 of nested mappings, lists, numbers and tensors [any shape], names and types included.

    It guards against damage, not against forgery; at 6 GB/s it is a fifth of what BLAKE2b costs.
    """
    return _checksum(content, 0)


def _checksum(content: Any, so_far: int) -> int:
    if isinstance(content, Tensor):
        kind = f"tensor {content.dtype} {tuple(content.shape)};"
        flat = content.detach().contiguous().reshape(-1).view(torch.uint8)
        return zlib.crc32(flat.numpy().data, zlib.crc32(kind.encode(), so_far))
    if isinstance(content, Mapping):
        so_far = zlib.crc32(f"mapping {len(content)};".encode(), so_far)
        for key, value in content.items():
            so_far = _checksum(value, zlib.crc32(f"{key!r}:".encode(), so_far))
        return so_far
    if isinstance(content, (list, tuple)):
        so_far = zlib.crc32(f"list {len(content)};".encode(), so_far)
        for value in content:
            so_far = _checksum(value, so_far)
        return so_far
    return zlib.crc32(f"{content!r};".encode(), so_far)


def _on_cpu(content: Any) -> Any:
    """The same with every tensor on the CPU: copied once, for both checksum and file."""
    if isinstance(content, Tensor):
        return content.detach().cpu()
    if isinstance(content, Mapping):
        return {key: _on_cpu(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return type(content)(_on_cpu(value) for value in content)
    return content
