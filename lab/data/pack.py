"""A pack on disk: its card and files, and opening it with all cheap checks."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lab.data.split import Split
from lab.errors import InputError
from lab.json_text import parsed

PACK_FORMAT = 1
IMAGES_FILE = "images.npy"
LABELS_FILE = "labels.npy"
CARD_FILE = "card.json"

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]


class PackCard(BaseModel):
    """Description of a pack; stored as card.json and copied into study.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = Field(default=PACK_FORMAT, ge=1)
    name: str
    fingerprint: str
    """Hash of pixels, labels and splits: equal fingerprints mean equal data."""
    num_images: int = Field(ge=2)
    resolution: int = Field(ge=1)
    channels: int = Field(ge=1, le=4)
    num_classes: int = Field(ge=0)
    """0 when the images have no labels."""
    class_names: tuple[str, ...]
    licence: str
    attribution: str
    splits: dict[str, tuple[int, int]]
    """First row and the row after the last, of `train` and of `heldout`."""

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        if len(self.class_names) != self.num_classes:
            raise ValueError(f"{self.num_classes} classes have {len(self.class_names)} names")
        train, heldout = self.splits.get("train"), self.splits.get("heldout")
        if train is None or heldout is None or len(self.splits) != 2:
            raise ValueError("the splits must be train and heldout")
        edges = (0, *train, *heldout, self.num_images)
        if edges[0] != edges[1] or edges[2] != edges[3] or edges[4] != edges[5]:
            raise ValueError("the splits must cover all images, train first")
        if not edges[1] < edges[2] < edges[4]:
            raise ValueError("no split may be empty")
        return self

    @property
    def image_shape(self) -> tuple[int, int, int, int]:
        """[N, H, W, C] of images.npy."""
        return (self.num_images, self.resolution, self.resolution, self.channels)


@dataclass(frozen=True)
class Pack:
    """An opened pack."""

    folder: Path
    card: PackCard
    train: Split
    heldout: Split

    @property
    def resolution(self) -> int:
        return self.card.resolution

    @property
    def channels(self) -> int:
        return self.card.channels

    @property
    def num_classes(self) -> int:
        return self.card.num_classes

    @property
    def class_counts(self) -> tuple[int, ...] | None:
        """Training images of each class; None where all have equally many, or one image none."""
        labels = self.train.labels
        if not self.num_classes or bool((labels < 0).any()):
            return None
        counts = torch.bincount(labels, minlength=self.num_classes)
        return None if bool((counts == counts[0]).all()) else tuple(counts.tolist())


def open_pack(folder: Path) -> Pack:
    """The pack in `folder`, memory-mapped; the pixels themselves are not read.

    Raises InputError with one sentence when a file is missing, truncated or does not fit the card,
    or when a newer format wrote it.
    """
    card = read_card(folder)
    images = _mapped(folder, IMAGES_FILE, np.dtype(np.uint8), card.image_shape)
    labels = np.full(card.num_images, -1, dtype=np.int64)
    if (folder / LABELS_FILE).exists():
        labels = np.array(_mapped(folder, LABELS_FILE, np.dtype(np.int64), labels.shape))
    elif card.num_classes:
        raise damaged(folder, f"{LABELS_FILE} is missing")
    if labels.min() < -1 or labels.max() >= card.num_classes:
        raise damaged(folder, f"{LABELS_FILE} has labels outside -1..{card.num_classes - 1}")
    with warnings.catch_warnings():
        # torch warns that writing to a read-only map is undefined: a Split never writes, and
        # hands out copies only.
        warnings.simplefilter("ignore", UserWarning)
        pixels = torch.from_numpy(images)
    targets = torch.from_numpy(labels)
    train, heldout = (slice(*card.splits[name]) for name in ("train", "heldout"))
    return Pack(
        folder,
        card,
        train=Split(pixels[train], targets[train]),
        heldout=Split(pixels[heldout], targets[heldout]),
    )


def is_pack(folder: Path) -> bool:
    """Whether a folder is a pack, possibly a damaged one."""
    return any((folder / name).is_file() for name in (CARD_FILE, IMAGES_FILE))


def read_card(folder: Path) -> PackCard:
    """The card of the pack in `folder`; raises InputError as `open_pack` does."""
    try:
        data = parsed((folder / CARD_FILE).read_text())
    except FileNotFoundError:
        raise damaged(folder, f"{CARD_FILE} is missing") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"the pack {folder} cannot be read: {reason}") from None
    except ValueError:
        raise damaged(folder, f"{CARD_FILE} is not JSON") from None
    came = data.get("format") if isinstance(data, dict) else None
    if isinstance(came, int) and came > PACK_FORMAT:
        raise InputError(
            f"the pack {folder} has format {came}; this lab reads formats up to {PACK_FORMAT}: "
            "upgrade the lab to the version that packed it, or pack it again"
        )
    try:
        return PackCard.model_validate(data)
    except ValidationError as error:
        problem = error.errors()[0]
        path = ".".join(str(part) for part in problem["loc"])
        reason = f"{path}: {problem['msg']}" if path else problem["msg"]
        raise damaged(folder, f"{CARD_FILE} is wrong ({reason})") from None


def damaged(folder: Path, reason: str) -> InputError:
    """The error for a pack that cannot be used."""
    return InputError(f"the pack {folder} is damaged: {reason}; remove that folder and pack again")


def fingerprint(
    chunks: Iterable[Pixels], labels: Labels, splits: Mapping[str, tuple[int, int]]
) -> str:
    """32 hex digits (BLAKE2b) of the pixels [N, H, W, C], given in pieces, labels and splits."""
    digest = hashlib.blake2b(digest_size=16)
    for chunk in chunks:
        digest.update(np.ascontiguousarray(chunk).data)
    digest.update(labels.astype("<i8").tobytes())
    digest.update(json.dumps(splits, sort_keys=True).encode())
    return digest.hexdigest()


def _mapped(
    folder: Path, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> np.memmap[Any, Any]:
    """A read-only map of an array that must have this type and shape."""
    path = folder / name
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise damaged(folder, f"{name} is missing") from None
    except (OSError, ValueError, EOFError):
        raise damaged(folder, f"{name} is truncated or no array") from None
    if not isinstance(array, np.memmap) or array.dtype != dtype or array.shape != shape:
        raise damaged(folder, f"{name} is not the {dtype} array {list(shape)} of its card")
    if array.offset + array.nbytes != path.stat().st_size:
        raise damaged(folder, f"{name} has bytes past its end")
    return array
