"""A pack on disk: its card and files, and opening it with all cheap checks."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from lab.data.captions import Captions
from lab.data.source import Attribute
from lab.data.split import Split
from lab.errors import InputError
from lab.json_text import parsed

PACK_FORMAT = 3
"""Of packs of a person's own images. Of named sets, those with captions, attributes or held-out
combinations have format 2, all others format 1."""
IMAGES_FILE = "images.npy"
LABELS_FILE = "labels.npy"
CAPTION_FILES = ("captions.npy", "caption_starts.npy", "caption_firsts.npy")
"""The three arrays of Captions."""
ATTRIBUTES_FILE = "attributes.npy"
CARD_FILE = "card.json"
SPLITS = ("train", "heldout", "combinations")
"""In the order of their rows."""

_CHUNK = 1024
_LATER = ("num_captions", "attributes", "labels_from", "notes")
"""Fields of the card that format 1 lacks."""

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]


class PackCard(BaseModel):
    """Description of a pack; stored as card.json and copied into study.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = Field(default=1, ge=1)
    name: str
    fingerprint: str
    """Hash of pixels, labels, splits, captions and attributes: equal ones mean equal data."""
    num_images: int = Field(ge=2)
    resolution: int = Field(ge=1)
    channels: int = Field(ge=1, le=4)
    num_classes: int = Field(ge=0)
    """0 when the images have no labels."""
    class_names: tuple[str, ...]
    licence: str
    attribution: str
    splits: dict[str, tuple[int, int]]
    """First row and the row after the last, of `train`, `heldout` and any `combinations`."""
    num_captions: int = Field(default=0, ge=0)
    """Captions of all images; 0 when the images have no texts."""
    attributes: dict[str, tuple[str, ...]] = {}
    """Names of the values of each attribute, by its name, in the order of their numbers."""
    labels_from: str = ""
    """Where the labels of a person's own images come from, or why there are none."""
    notes: tuple[str, ...] = ()
    """What packing reported: files left out, copies, scales; a sentence each."""

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        if len(self.class_names) != self.num_classes:
            raise ValueError(f"{self.num_classes} classes have {len(self.class_names)} names")
        if not {"train", "heldout"} <= set(self.splits) <= set(SPLITS):
            raise ValueError("the splits must be train and heldout, and combinations where given")
        ranges = [self.splits[name] for name in SPLITS if name in self.splits]
        starts, stops = (list(edges) for edges in zip(*ranges, strict=True))
        if starts != [0, *stops[:-1]] or stops[-1] != self.num_images:
            raise ValueError("the splits must cover all images, train first")
        if any(start >= stop for start, stop in ranges):
            raise ValueError("no split may be empty")
        return self

    @model_serializer(mode="wrap")
    def _as_earlier_labs_wrote_it(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without later formats' fields that are empty, so that earlier labs read the rest."""
        fields: dict[str, Any] = dump(self)
        return {name: value for name, value in fields.items() if value or name not in _LATER}

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
    combinations: Split | None = None
    """Images of which every word of the caption trains and the whole caption does not; None where
    the set has no such list."""

    @property
    def parts(self) -> Iterator[Split]:
        """All splits, in the order of their rows."""
        return (part for part in (self.train, self.heldout, self.combinations) if part is not None)

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
    captions = _open_captions(folder, card) if card.num_captions else None
    attributes = _open_attributes(folder, card) if card.attributes else {}

    def part(start: int, stop: int) -> Split:
        rows = slice(start, stop)
        return Split(
            pixels[rows],
            targets[rows],
            None if captions is None else captions.part(start, stop),
            {name: numbers[rows] for name, numbers in attributes.items()},
        )

    return Pack(folder, card, **{name: part(*edges) for name, edges in card.splits.items()})


def _open_captions(folder: Path, card: PackCard) -> Captions:
    texts, starts, firsts = CAPTION_FILES
    of_captions = _mapped(folder, starts, np.dtype(np.int64), (card.num_captions + 1,))
    of_images = _mapped(folder, firsts, np.dtype(np.int64), (card.num_images + 1,))
    for name, edges, last in ((starts, of_captions, None), (firsts, of_images, card.num_captions)):
        if edges[0] != 0 or (np.diff(edges) < 0).any() or last not in (None, edges[-1]):
            raise damaged(folder, f"{name} has numbers that are not in order")
    text = _mapped(folder, texts, np.dtype(np.uint8), (int(of_captions[-1]),))
    return Captions(text, of_captions, of_images)


def _open_attributes(folder: Path, card: PackCard) -> dict[str, torch.Tensor]:
    """int64 [N] by name."""
    shape = (card.num_images, len(card.attributes))
    table = np.array(_mapped(folder, ATTRIBUTES_FILE, np.dtype(np.int16), shape), dtype=np.int64)
    for (name, values), column in zip(card.attributes.items(), table.T, strict=True):
        if column.min() < -1 or column.max() >= len(values):
            raise damaged(
                folder, f"{ATTRIBUTES_FILE} has values of {name!r} outside -1..{len(values) - 1}"
            )
    return {
        name: torch.from_numpy(np.ascontiguousarray(column))
        for name, column in zip(card.attributes, table.T, strict=True)
    }


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


def stored_fingerprint(pack: Pack) -> str:
    """The fingerprint of what the files of a pack hold now; every pixel is read."""
    card = pack.card
    attributes = {
        name: Attribute(
            values,
            np.concatenate([part.attributes[name].numpy() for part in pack.parts]).astype(
                np.int16
            ),
        )
        for name, values in card.attributes.items()
    }
    return fingerprint(
        stored_pixels(pack.folder),
        np.concatenate([part.labels.numpy() for part in pack.parts]),
        card.splits,
        _open_captions(pack.folder, card) if card.num_captions else None,
        attributes,
    )


def stored_pixels(folder: Path) -> Iterator[Pixels]:
    """images.npy in pieces [n, H, W, C]."""
    images = np.load(folder / IMAGES_FILE, mmap_mode="r")
    return (images[start : start + _CHUNK] for start in range(0, len(images), _CHUNK))


def fingerprint(
    chunks: Iterable[Pixels],
    labels: Labels,
    splits: Mapping[str, tuple[int, int]],
    captions: Captions | None = None,
    attributes: Mapping[str, Attribute] | None = None,
) -> str:
    """32 hex digits (BLAKE2b) of the pixels [N, H, W, C], given in pieces, labels and splits.

    Captions and attributes count where there are any; a set without them has the fingerprint that
    earlier versions gave it.
    """
    digest = hashlib.blake2b(digest_size=16)
    for chunk in chunks:
        digest.update(np.ascontiguousarray(chunk).data)
    digest.update(labels.astype("<i8").tobytes())
    digest.update(json.dumps(splits, sort_keys=True).encode())
    if captions is not None:
        for part in (captions.text, captions.starts, captions.firsts):
            digest.update(np.ascontiguousarray(part).data)
    for name, attribute in (attributes or {}).items():
        digest.update(json.dumps([name, attribute.values]).encode())
        digest.update(attribute.numbers.astype("<i2").tobytes())
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
