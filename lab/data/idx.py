"""The idx files of MNIST and its relatives (the format is described at yann.lecun.com/exdb/mnist).

Four bytes 0, 0, 8 (unsigned bytes), number of dimensions; each size as a big-endian int32; data.
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.errors import InputError

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def has_idx_files(folder: Path) -> bool:
    """Whether a folder holds all four files, compressed or not."""
    return all(_existing(folder, name) is not None for name in FILES)


def find_idx_folder(name: str, folders: Sequence[Path]) -> Path:
    """The first of the folders that holds all four files; raises InputError when none does."""
    for folder in folders:
        if has_idx_files(folder):
            return folder
    raise InputError(
        f"{name} is not in {' or '.join(str(folder) for folder in folders)}; "
        f"give the folder of its four files ({FILES[0]}[.gz], ...) with --root"
    )


def read_idx(folder: Path, name: str) -> NDArray[np.uint8]:
    """The uint8 array of one idx file, say [N, 28, 28] or [N]; raises InputError when damaged."""
    path = _existing(folder, name)
    if path is None:
        raise InputError(f"{folder / name} is missing; fetch the set's files again")
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise InputError(f"{path} cannot be read ({error}); fetch it again") from None
    num_dimensions = content[3] if content[:3] == b"\0\0\x08" else 0
    header = 4 + 4 * num_dimensions
    shape = [int(size) for size in np.frombuffer(content[4:header], dtype=">i4")]
    if num_dimensions == 0 or math.prod(shape) != len(content) - header:
        raise InputError(f"{path} is no whole idx file of bytes; fetch it again")
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)


def _existing(folder: Path, name: str) -> Path | None:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    return None
