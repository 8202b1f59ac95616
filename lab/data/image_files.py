"""A folder or a zip of image files as a source: its pictures, split, classes and captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lab.data.beside import captions_beside, describing_files, labels_beside
from lab.data.caption_file import described, missing_note
from lab.data.folders import Classes, LabelChoice, arranged, classes_of
from lab.data.pixels import FULL, Header, Scale, read_header, read_image, scale_of
from lab.data.shelf import SUFFIXES, Shelf, left_out_note
from lab.data.source import Source
from lab.errors import InputError, printable


def image_source(
    shelf: Shelf,
    captions: Path | None = None,
    attributes: Sequence[str] = (),
    labels: LabelChoice = "auto",
) -> Source:
    """The images of a shelf; grey if all are grey, else colour.

    Folders named train and test are the split. Classes are those of `dataset.json`, else the
    sub-folders; `labels` asks for those or none. Captions are those of the file `captions`, whose
    columns `attributes` are attributes, else the .txt files beside the images.
    Raises InputError when there is no image, when sub-folders do not look like classes, and for
    captions and labels that cannot be read; a broken image raises one when it is read.
    """
    left_out = left_out_note(_others(shelf, captions))
    if not shelf.names:
        raise InputError(
            f"{shelf.path} holds no image files{f' ({left_out[0]})' if left_out else ''}; allowed "
            f"are {', '.join(SUFFIXES)}, in one folder or in a sub-folder for each class"
        )
    given = arranged(shelf)
    shelf = given.shelf
    from_file = labels_beside(shelf) if labels == "auto" else None
    classes = from_file or classes_of(given, labels)
    source = shelf_source(shelf, classes)
    notes = (note for note in (given.note, classes.note, *shelf.notes, *left_out) if note)
    source = replace(source, num_train=given.num_train, notes=(*notes, *source.notes))
    if captions is None:
        texts = captions_beside(shelf)
        missing = missing_note(texts, shelf.names) if texts is not None else ()
        return replace(source, captions=texts, notes=(*source.notes, *missing))
    of_file = described(captions, shelf.names, attributes)
    return replace(
        source,
        captions=of_file.captions,
        attributes=of_file.attributes,
        notes=(*source.notes, *of_file.notes, *missing_note(of_file.captions, shelf.names)),
    )


def shelf_source(shelf: Shelf, classes: Classes) -> Source:
    """The images of a shelf with these classes; grey if all are grey, else colour."""
    headers = [read_header(shelf, name) for name in shelf.names]
    readable = [header for header in headers if header is not None]
    wide = [
        name
        for name, header in zip(shelf.names, headers, strict=True)
        if header is not None and header.is_wide
    ]
    channels = 3 if any(header.has_colour for header in readable) else 1
    scale = scale_of(shelf, wide) if wide else FULL
    return Source(
        name=printable(shelf.path.stem),
        num_images=len(shelf.names),
        channels=channels,
        read=lambda index: read_image(shelf, shelf.names[index], channels, scale),
        labels=classes.labels,
        class_names=classes.names,
        licence="unknown (own images)",
        attribution=f"{len(shelf.names):,} image files of {printable(shelf.path.name)}",
        labels_from=classes.origin,
        notes=_header_notes(readable, len(wide), scale),
        is_own=True,
    )


def _header_notes(headers: Sequence[Header], num_wide: int, scale: Scale) -> tuple[str, ...]:
    notes = []
    if num_wide:
        notes.append(
            f"images of more than 8 bits, scaled alike ({scale.black:g} becomes 0, "
            f"{scale.white:g} becomes 255): {num_wide:,}"
        )
    if frames := sum(header.has_frames for header in headers):
        notes.append(f"files of several frames or pages, of which the first is packed: {frames:,}")
    if profiles := sum(header.has_profile for header in headers):
        notes.append(f"images with a colour profile, which is ignored: {profiles:,}")
    return tuple(notes)


def _others(shelf: Shelf, captions: Path | None) -> list[str]:
    """The files beside the images that describe none of them."""
    describing = set(describing_files(shelf))
    if captions is not None:
        describing |= {name for name in shelf.beside if shelf.path / name == captions.resolve()}
    return [name for name in shelf.beside if name not in describing]
