"""A folder that the Hugging Face package `datasets` saved (`save_to_disk`), read by pyarrow.

`state.json` names its Arrow files, `dataset_info.json` what the columns are; a folder of several
splits has `dataset_dict.json` and a folder for each. Pixels stay on the disk until they are read.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from lab.data.caption_file import CAPTION_COLUMNS, column_of, missing_note, texts_of
from lab.data.captions import compact
from lab.data.folders import HELDOUT, Classes
from lab.data.image_files import shelf_source
from lab.data.shelf import Shelf
from lab.data.source import Attribute, Source
from lab.errors import InputError
from lab.json_text import parsed

SPLITS_FILE = "dataset_dict.json"
STATE_FILE = "state.json"
INFO_FILE = "dataset_info.json"


def is_saved_dataset(folder: Path) -> bool:
    """Whether `save_to_disk` wrote this folder, with one split or several."""
    return (folder / SPLITS_FILE).is_file() or all(
        (folder / name).is_file() for name in (STATE_FILE, INFO_FILE)
    )


def arrow_files(folder: Path) -> list[Path]:
    """The files that hold the rows, to notice when they change."""
    return sorted(folder.rglob("*.arrow"))


def saved_dataset(folder: Path) -> Source:
    """Its images; columns of texts named `caption` or `text` are captions, classes are labels.

    The first column of the feature Image has the images. Of columns of the feature ClassLabel the
    one named `label`, else the first, is the class, and the others are attributes. The split
    `train` trains, and `validation` or `test` is held out where there is one.
    Raises InputError for a folder that cannot be read, and without pyarrow.
    """
    splits, notes = _splits(folder)
    first = splits[0]
    image = first.of_kind("Image")
    if not image:
        raise InputError(
            f"{folder} has no column of images; its columns are {', '.join(first.features)}: "
            "cast the one with images to datasets.Image() and save it again"
        )
    sizes = [len(split.table) for split in splits]
    numbers = [(split, row) for split in splits for row in range(len(split.table))]
    names = tuple(f"{split.name}/{row:08d}" for split, row in numbers)
    rows = dict(zip(names, numbers, strict=True))

    def opened(name: str) -> IO[bytes]:
        split, row = rows[name]
        cell = split.table.column(image[0])[row].as_py() or {}
        if not cell.get("bytes"):
            raise ValueError("its row has no bytes; save it again with embedded files")
        return io.BytesIO(cell["bytes"])

    classes = first.of_kind("ClassLabel")
    label = column_of(classes, ("label", "labels")) or next(iter(classes), None)
    of_classes = {
        name: Attribute(tuple(first.features[name]["names"]), _numbers(splits, name))
        for name in classes
    }
    text = column_of(first.features, CAPTION_COLUMNS)
    captions = compact(_texts(splits, text)) if text else None
    missing = missing_note(captions, names) if captions is not None else ()
    labels = of_classes.pop(label) if label else None
    of_column = (
        Classes(None, (), "none: no column of classes")
        if labels is None
        else Classes(labels.numbers.astype(np.int64), labels.values, f"the column {label}")
    )
    source = shelf_source(Shelf(folder, names, opened), of_column)
    return replace(
        source,
        num_train=sizes[0] if len(sizes) > 1 else None,
        captions=captions,
        attributes=of_classes,
        notes=(*notes, *source.notes, *missing),
    )


class _Rows(NamedTuple):
    """One split: its Arrow table, mapped, and the features of its columns."""

    name: str
    table: Any
    features: Mapping[str, Any]

    def of_kind(self, kind: str) -> list[str]:
        """The columns of a feature, say Image."""
        return [
            name
            for name, feature in self.features.items()
            if isinstance(feature, dict) and feature.get("_type") == kind
        ]


def _splits(folder: Path) -> tuple[list[_Rows], tuple[str, ...]]:
    """The split that trains and that held out, if any, and a note of those that are left out."""
    if not (folder / SPLITS_FILE).is_file():
        return [_read(folder, "rows")], ()
    names = _json(folder / SPLITS_FILE).get("splits", [])
    if "train" not in names:
        raise InputError(
            f"{folder} has the splits {', '.join(map(str, names)) or '(none)'} and no train; give "
            "the folder of one of them"
        )
    chosen = ["train", *[name for name in HELDOUT if name in names][:1]]
    left_out = [name for name in names if name not in chosen]
    note = f"the splits {', '.join(left_out)} are left out; {' and '.join(chosen)} are packed"
    return [_read(folder / name, name) for name in chosen], ((note,) if left_out else ())


def _read(folder: Path, name: str) -> _Rows:
    try:
        import pyarrow
    except ImportError:
        raise InputError(
            f"{folder} is a data set of the package datasets, which is read by pyarrow; "
            "pip install datasets (or pyarrow), or save its images as files"
        ) from None
    entries = _json(folder / STATE_FILE).get("_data_files") or []
    files = [folder / str(entry["filename"]) for entry in entries]
    features = _json(folder / INFO_FILE).get("features") or {}
    try:
        parts = [
            pyarrow.ipc.open_stream(pyarrow.memory_map(str(path))).read_all() for path in files
        ]
        table = pyarrow.concat_tables(parts)
    except (OSError, pyarrow.ArrowInvalid) as error:
        raise InputError(f"{folder} cannot be read ({error}); save it again") from None
    return _Rows(
        name, table, {name: features[name] for name in table.column_names if name in features}
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        data = parsed(path.read_bytes())
        if isinstance(data, dict):
            return data
        reason = "no object"
    except (OSError, ValueError) as error:
        reason = str(error)
    raise InputError(f"{path} cannot be read ({reason}); save the data set again")


def _numbers(splits: Sequence[_Rows], name: str) -> Any:
    """int16 [N] of a column of class numbers; -1 where it has none."""
    cells = [split.table.column(name).to_pylist() for split in splits]
    return np.array([-1 if n is None else n for part in cells for n in part], dtype=np.int16)


def _texts(splits: Sequence[_Rows], name: str) -> Iterator[list[str]]:
    """The captions of each image, read part by part."""
    for split in splits:
        for chunk in split.table.column(name).chunks:
            yield from map(texts_of, chunk.to_pylist())
