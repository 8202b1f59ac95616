"""One file with the captions of many image files: COCO's JSON, or a table as CSV or Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from lab.data.captions import Captions, clean, compact
from lab.data.source import Attribute
from lab.errors import InputError
from lab.json_text import parsed

SUFFIXES = (".json", ".csv", ".tsv", ".parquet")
FILE_COLUMNS = ("file_name", "file", "filename", "image", "image_path", "path")
CAPTION_COLUMNS = ("caption", "captions", "text", "texts", "sentence", "sentences", "prompt")
"""Names of columns, the first that is there."""
MOST_VALUES = 1000
"""Of an attribute; a column with more is no attribute but a text or a number."""


class Row(NamedTuple):
    """Texts and attributes of one image file; a file may have several rows."""

    file: str
    captions: Sequence[str]
    attributes: Sequence[str] = ()


class Described(NamedTuple):
    """What a file of captions has for n images."""

    captions: Captions
    attributes: Mapping[str, Attribute]
    notes: tuple[str, ...]


def described(path: Path, names: Sequence[str], attributes: Sequence[str] = ()) -> Described:
    """Captions, and the columns `attributes` of a table, of the image files `names`.

    A row belongs to the image of its file name, with folders or, where that is unique, without.
    Several rows of one image are several captions; its attributes are those of the first row.
    Raises InputError for a file that cannot be read, lacks a column, or names none of the images.
    """
    indices = _by_name(names)
    texts: list[list[str]] = [[] for _ in names]
    values: list[Sequence[str]] = [()] * len(names)
    num_unmatched = 0
    example = ""
    for row in _rows(path, attributes):
        index = indices.get(row.file.removeprefix("./"))
        if index is None:
            index = indices.get(PurePosixPath(row.file).name)
        if index is None:
            num_unmatched, example = num_unmatched + 1, example or row.file
            continue
        texts[index].extend(row.captions)
        values[index] = values[index] or row.attributes
    if not any(texts):
        named = f", which names {example!r} for one," if example else ""
        raise InputError(
            f"{path}{named} has no caption of any of the {len(names):,} images, of which "
            f"{names[0]!r} is one; its file names must be those of the images"
        )
    notes = [f"{num_unmatched:,} rows of {path.name} name no image, say {example!r}"]
    return Described(
        compact(texts),
        {name: attribute([v[i] if v else "" for v in values], name, path)
         for i, name in enumerate(attributes)},
        tuple(notes if num_unmatched else ()),
    )  # fmt: skip


def missing_note(captions: Captions, names: Sequence[str]) -> tuple[str, ...]:
    """A sentence where images have no caption; empty where all have."""
    without = np.flatnonzero(captions.counts == 0)
    if not len(without):
        return ()
    example = names[int(without[0])]
    return (
        f"{len(without):,} of {len(names):,} images have no caption, say {example!r}; "
        "they are packed without",
    )


def attribute(texts: Sequence[str], name: str, path: Path) -> Attribute:
    """The attribute of n texts; an empty text is no value.

    Raises InputError for one value or none, and for more than 1,000.
    """
    values = sorted(set(texts) - {""})
    if not 2 <= len(values) <= MOST_VALUES:
        raise InputError(
            f"the attribute {name!r} of {path} has {len(values):,} different values; it must have "
            f"2 to {MOST_VALUES:,}: leave it out, or give another column"
        )
    numbers = {value: number for number, value in enumerate(values)} | {"": -1}
    return Attribute(tuple(values), np.array([numbers[text] for text in texts], dtype=np.int16))


def column_of(columns: Iterable[str], allowed: Sequence[str]) -> str | None:
    """The column with the first of the allowed names, in any case of letters."""
    by_name = {column.lower(): column for column in columns}
    return next((by_name[name] for name in allowed if name in by_name), None)


def texts_of(value: Any) -> list[str]:
    """The texts of a cell: one, a list of them, or none; empty ones are left out."""
    texts = value if isinstance(value, list) else [value]
    return [text for text in (clean(str(text)) for text in texts if text is not None) if text]


def _by_name(names: Sequence[str]) -> dict[str, int]:
    """The index of each image by its name, and by that without folders where it is unique."""
    bare: dict[str, int] = {}
    repeated: set[str] = set()
    for index, name in enumerate(names):
        last = PurePosixPath(name).name
        if last in bare:
            repeated.add(last)
        bare[last] = index
    unique = {name: index for name, index in bare.items() if name not in repeated}
    return unique | {name: index for index, name in enumerate(names)}


def _rows(path: Path, attributes: Sequence[str]) -> Iterator[Row]:
    kind = path.suffix.lower()
    if kind not in SUFFIXES:
        raise InputError(
            f"the captions {path} end in {kind or 'nothing'!r}; allowed are {', '.join(SUFFIXES)}"
        )
    if not path.is_file():
        raise InputError(f"the captions {path} are not there; give a file with --captions")
    try:
        if kind == ".json":
            yield from _coco_rows(path, attributes)
        elif kind == ".parquet":
            yield from _parquet_rows(path, attributes)
        else:
            yield from _table_rows(path, attributes, "\t" if kind == ".tsv" else ",")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"the captions {path} cannot be read ({error}); repair the file"
        ) from None


def _coco_rows(path: Path, attributes: Sequence[str]) -> Iterator[Row]:
    """COCO's captions: `images` with id and file_name, `annotations` with image_id and caption."""
    if attributes:
        raise InputError(
            f"{path} has captions alone; --attributes are columns of a table (.csv, .parquet)"
        )
    try:
        data = parsed(path.read_bytes())
        files = {image["id"]: image["file_name"] for image in data["images"]}
        for note in data["annotations"]:
            yield Row(str(files[note["image_id"]]), texts_of(note["caption"]))
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"{path} is no file of captions as COCO's ({type(error).__name__}: {error}); it needs "
            "images with id and file_name, and annotations with image_id and caption"
        ) from None


def _table_rows(path: Path, attributes: Sequence[str], separator: str) -> Iterator[Row]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, delimiter=separator, strict=True)
        file_column, text_column = _columns(path, reader.fieldnames or (), attributes)
        for row in reader:
            texts = texts_of(row[text_column])
            yield Row(row[file_column] or "", texts, [row[name] or "" for name in attributes])


def _parquet_rows(path: Path, attributes: Sequence[str]) -> Iterator[Row]:
    try:
        from pyarrow import ArrowInvalid
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise InputError(
            f"{path} is a Parquet file, which the package pyarrow reads; pip install pyarrow, "
            "or give the table as .csv"
        ) from None
    try:
        table = ParquetFile(path)
    except ArrowInvalid as error:
        raise InputError(f"{path} is no Parquet file ({error}); write it again") from None
    wanted = [*_columns(path, table.schema_arrow.names, attributes), *attributes]
    for batch in table.iter_batches(columns=list(dict.fromkeys(wanted))):
        parts = [batch.column(name).to_pylist() for name in wanted]
        for file, text, *values in zip(*parts, strict=True):
            of_row = ["" if value is None else str(value) for value in values]
            yield Row(str(file), texts_of(text), of_row)


def _columns(path: Path, names: Sequence[str], attributes: Sequence[str]) -> tuple[str, str]:
    """The columns of files and of captions; raises InputError where one is missing."""
    file_column, text_column = (column_of(names, each) for each in (FILE_COLUMNS, CAPTION_COLUMNS))
    has = f"has the columns {', '.join(islice(names, 20)) or '(none)'}"
    if file_column is None or text_column is None:
        what, allowed = ("captions", CAPTION_COLUMNS) if file_column else ("files", FILE_COLUMNS)
        raise InputError(
            f"{path} {has}; name that of the {what} {' or '.join(allowed[:3])} in its first line"
        )
    for name in attributes:
        if name not in names:
            raise InputError(f"--attributes names {name!r}, but {path} {has}")
    return file_column, text_column
