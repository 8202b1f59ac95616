"""Packing: a source's images, fitted, shuffled and split once, written as a pack."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.cores import own_cores
from lab.data.aside import make_folder_whole
from lab.data.captions import Captions, compact
from lab.data.copies import WrittenImages
from lab.data.order import PackingOrder, given_order, stratified_order
from lab.data.pack import (
    ATTRIBUTES_FILE,
    CAPTION_FILES,
    CARD_FILE,
    IMAGES_FILE,
    LABELS_FILE,
    PackCard,
    Pixels,
    fingerprint,
    stored_pixels,
)
from lab.data.progress import tracked
from lab.data.shelf import BrokenImage, all_broken
from lab.data.source import Attribute, Source, fit
from lab.errors import InputError, printable
from lab.record import write_whole

MIN_IMAGES = 5
_CHUNK = 256
_CHUNK_PIXELS = _CHUNK * 256**2


def write_pack(
    load: Callable[[], Source], folder: Path, resolution: int, *, skip_broken: bool = False
) -> None:
    """Pack the source that `load` finds into `folder`, which appears whole or not at all.

    Does nothing when the folder is there already: of several processes one loads and packs, the
    others wait. With `skip_broken` images that cannot be read are left out and recorded.
    Raises InputError for too few images, for broken images and for a place that cannot be written.
    """
    make_folder_whole(folder, lambda aside: _fill(load(), aside, resolution, skip_broken))


def packing_order(source: Source, originals: NDArray[np.int64] | None = None) -> PackingOrder:
    """The split a source comes with, else our stratified one, in which `originals` have copies.

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
    labels = np.full(source.num_images, -1) if labels is None else labels
    order = stratified_order(labels, originals)
    if order.num_train == source.num_images:
        raise InputError(
            f"{source.name} has one image in each of its {len(source.class_names)} classes, so "
            "none can be held out; give each class several, or put all into one folder"
        )
    return order


def _fill(source: Source, folder: Path, resolution: int, skip_broken: bool) -> None:
    written = _write_images(source, folder, packing_order(source), resolution)
    if written.broken:
        errors = [written.broken[index] for index in sorted(written.broken)]
        if not skip_broken:
            raise all_broken(errors, source.num_images)
        intact = np.setdiff1d(np.arange(source.num_images), list(written.broken))
        source = _without_broken(source.at(intact), errors)
        written = _write_images(source, folder, packing_order(source), resolution)
    if source.is_own:
        _require_different(source, written)
        source = replace(source, notes=(*source.notes, *written.notes(source.num_train)))
        if source.num_train is None and written.num_copies:
            order = packing_order(source, written.originals)
            written = _write_images(source, folder, order, resolution)
    for note in source.notes:
        print(f"{source.name}: {note}", file=sys.stderr)
    _write_card(source, folder, written.order, resolution)


def _require_different(source: Source, written: WrittenImages) -> None:
    """Raise InputError for images that nearly all are the same."""
    num_different = source.num_images - written.num_copies
    if num_different < MIN_IMAGES:
        blank = ", each of a single colour," if written.num_blank == source.num_images else ""
        raise InputError(
            f"{source.name} has {source.num_images:,} images{blank} and without copies "
            f"{num_different}; a pack needs at least {MIN_IMAGES} different ones: check how they "
            "were made"
        )


def _without_broken(source: Source, errors: Sequence[BrokenImage]) -> Source:
    names = ", ".join(printable(str(error.path)) for error in errors)
    note = f"left out, being broken: {names}"
    return replace(source, notes=(*source.notes, note))


def _write_card(source: Source, folder: Path, order: PackingOrder, resolution: int) -> None:
    """Write labels, captions, attributes, and the card with the fingerprint of all."""
    num_train, num_images = order.num_train, source.num_images
    stop = num_images - order.num_combinations
    splits = {"train": (0, num_train), "heldout": (num_train, stop)}
    if order.num_combinations:
        splits["combinations"] = (stop, num_images)
    labels = np.full(num_images, -1, dtype=np.int64)
    if source.labels is not None:
        labels = source.labels[order.indices].astype(np.int64)
        np.save(folder / LABELS_FILE, labels, allow_pickle=False)
    captions = _write_captions(source, folder, order)
    attributes = _write_attributes(source, folder, order)
    card = PackCard(
        format=_format_of(source, captions, attributes),
        name=source.name,
        fingerprint=fingerprint(stored_pixels(folder), labels, splits, captions, attributes),
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
        labels_from=source.labels_from,
        notes=source.notes,
    )
    write_whole(folder / CARD_FILE, card.model_dump_json(indent=2).encode() + b"\n")


def _format_of(
    source: Source, captions: Captions | None, attributes: Mapping[str, Attribute]
) -> int:
    """The oldest format that has all of a pack, so that earlier labs read what they can."""
    if source.is_own:
        return 3
    return 2 if captions or attributes or source.num_combinations else 1


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


def _write_images(
    source: Source, folder: Path, order: PackingOrder, resolution: int
) -> WrittenImages:
    """Write images.npy row after row; broken images are black rows.

    Plain writes, not a map: a full disk is then an error and not a signal that kills the process.
    """
    written = WrittenImages(order, source.num_images)
    shape = (source.num_images, resolution, resolution, source.channels)
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    title = f"packing {source.name} at {resolution}x{resolution}"
    step = max(1, min(_CHUNK, _CHUNK_PIXELS // resolution**2))
    with (
        (folder / IMAGES_FILE).open("wb") as file,
        ThreadPoolExecutor(own_cores()) as pool,
        tracked(title, source.num_images) as advance,
    ):
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, source.num_images, step):
            indices = [int(index) for index in order.indices[start : start + step]]
            rows = list(pool.map(lambda index: _fitted(source, index, resolution), indices))
            for index, row in zip(indices, rows, strict=True):
                written.add(index, row)
            whole = [np.zeros(shape[1:], np.uint8) if isinstance(row, BrokenImage) else row
                     for row in rows]  # fmt: skip
            file.write(np.ascontiguousarray(np.stack(whole)).data)
            advance(len(rows))
        file.flush()
        os.fsync(file.fileno())
    return written


def _fitted(source: Source, index: int, resolution: int) -> Pixels | BrokenImage:
    """uint8 [resolution, resolution, C]"""
    try:
        return fit(source.read(index), resolution, source.border)
    except BrokenImage as error:
        return error
