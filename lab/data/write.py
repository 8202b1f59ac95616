"""Packing: a source's images, fitted, shuffled and split once, written as a pack."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.cores import own_cores
from lab.data.aside import make_folder_whole
from lab.data.captions import Captions, compact
from lab.data.order import PackingOrder, given_order, stratified_order
from lab.data.pack import (
    ATTRIBUTES_FILE,
    CAPTION_FILES,
    CARD_FILE,
    IMAGES_FILE,
    LABELS_FILE,
    PACK_FORMAT,
    PackCard,
    Pixels,
    fingerprint,
)
from lab.data.progress import tracked
from lab.data.source import Attribute, Source, fit
from lab.errors import InputError
from lab.record import write_whole

MIN_IMAGES = 5
_CHUNK = 256
_CHUNK_PIXELS = _CHUNK * 256**2


def write_pack(load: Callable[[], Source], folder: Path, resolution: int) -> None:
    """Pack the source that `load` finds into `folder`, which appears whole or not at all.

    Does nothing when the folder is there already: of several processes one loads and packs, the
    others wait. Raises InputError for too few images, for a broken image and for a place that
    cannot be written.
    """
    make_folder_whole(folder, lambda aside: _fill(load(), aside, resolution))


def packing_order(source: Source) -> PackingOrder:
    """The split a source comes with, else our stratified one.

    Raises InputError when there are too few images to hold any out.
    """
    if source.num_train is not None:
        return given_order(source.num_images, source.num_train, source.num_combinations)
    if source.num_images < MIN_IMAGES:
        raise InputError(
            f"{source.name} has {source.num_images} images; a pack needs at least {MIN_IMAGES} "
            "so that some can be held out"
        )
    labels = source.labels
    order = stratified_order(np.full(source.num_images, -1) if labels is None else labels)
    if order.num_train == source.num_images:
        raise InputError(
            f"{source.name} has one image in each of its {len(source.class_names)} classes, so "
            "none can be held out; give each class several, or put all into one folder"
        )
    return order


def _fill(source: Source, folder: Path, resolution: int) -> None:
    order = packing_order(source)
    num_train, num_images = order.num_train, source.num_images
    stop = num_images - order.num_combinations
    splits = {"train": (0, num_train), "heldout": (num_train, stop)}
    if order.num_combinations:
        splits["combinations"] = (stop, num_images)
    labels = np.full(num_images, -1, dtype=np.int64)
    if source.labels is not None:
        labels = source.labels[order.indices].astype(np.int64)
        np.save(folder / LABELS_FILE, labels, allow_pickle=False)
    for note in source.notes:
        print(f"{source.name}: {note}", file=sys.stderr)
    captions = _write_captions(source, folder, order)
    attributes = _write_attributes(source, folder, order)
    pixels = _written(source, folder, order, resolution)
    card = PackCard(
        format=PACK_FORMAT if captions or attributes or order.num_combinations else 1,
        name=source.name,
        fingerprint=fingerprint(pixels, labels, splits, captions, attributes),
        num_images=num_images,
        resolution=resolution,
        channels=source.channels,
        num_classes=len(source.class_names),
        class_names=source.class_names,
        licence=source.licence,
        attribution=source.attribution,
        splits=splits,
        num_captions=captions.num_captions if captions else 0,
        attributes={name: attribute.values for name, attribute in attributes.items()},
    )
    write_whole(folder / CARD_FILE, card.model_dump_json(indent=2).encode() + b"\n")


def _write_captions(source: Source, folder: Path, order: PackingOrder) -> Captions | None:
    """The captions in the pack's order; None where no image has one."""
    if source.captions is None or not source.captions.num_captions:
        return None
    captions = compact(source.captions[int(index)] for index in order.indices)
    arrays: tuple[NDArray[Any], ...] = (captions.text, captions.starts, captions.firsts)
    for name, content in zip(CAPTION_FILES, arrays, strict=True):
        np.save(folder / name, content, allow_pickle=False)
    return captions


def _write_attributes(source: Source, folder: Path, order: PackingOrder) -> dict[str, Attribute]:
    """The attributes in the pack's order; their numbers as one array int16 [N, attributes]."""
    attributes = {
        name: Attribute(attribute.values, attribute.numbers[order.indices])
        for name, attribute in source.attributes.items()
    }
    if attributes:
        table = np.stack([attribute.numbers for attribute in attributes.values()], axis=1)
        np.save(folder / ATTRIBUTES_FILE, table, allow_pickle=False)
    return attributes


def _written(
    source: Source, folder: Path, order: PackingOrder, resolution: int
) -> Iterator[Pixels]:
    """Write images.npy row after row and hand each piece on to be hashed.

    Plain writes, not a map: a full disk is then an error and not a signal that kills the process.
    """
    shape = (source.num_images, resolution, resolution, source.channels)
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    with (folder / IMAGES_FILE).open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for chunk in _fitted(source, order, resolution):
            file.write(chunk.data)
            yield chunk
        file.flush()
        os.fsync(file.fileno())


def _fitted(source: Source, order: PackingOrder, resolution: int) -> Iterator[Pixels]:
    """Contiguous uint8 [n, resolution, resolution, C], decoded by threads, in the pack's order."""

    def one(index: int) -> Pixels:
        return fit(source.read(index), resolution, source.border)

    title = f"packing {source.name} at {resolution}x{resolution}"
    with ThreadPoolExecutor(own_cores()) as pool, tracked(title, source.num_images) as advance:
        step = max(1, min(_CHUNK, _CHUNK_PIXELS // resolution**2))
        for start in range(0, source.num_images, step):
            rows = [int(index) for index in order.indices[start : start + step]]
            yield np.ascontiguousarray(np.stack(list(pool.map(one, rows))))
            advance(len(rows))
