"""JSON files and rows of the record: whole files by rename, rows by append.

JSON has no NaN: non-finite numbers are stored as the strings "nan", "inf" and "-inf" and come
back as floats. A reader tolerates a torn last line, and counts it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.errors import InputError
from lab.json_text import parsed
from lab.record.card import Card
from lab.record.columns import IMAGES_SEEN
from lab.record.durable import append_line, patiently, write_patiently
from lab.record.evaluations import Row
from lab.record.names import FORMAT


class NewerFormat(InputError):
    """A file of the record that a later version of the lab wrote."""


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """A whole JSON file that carries a format number. Raises StorageFailed.

    It is that of the record now, but a study that began in an older one keeps its own: it states
    on which scale the qualities of its rows were stored.
    """
    stored = _storable(data)
    began = stored.get("format")
    is_older = type(began) is int and 0 < began < FORMAT
    content = {"format": FORMAT, **stored} | {"format": began if is_older else FORMAT}
    text = json.dumps(content, indent=2, allow_nan=False)
    write_patiently(path, text.encode() + b"\n")


def write_card(path: Path, card: Card) -> None:
    """A card as its file of the record. Raises StorageFailed."""
    write_json(path, card.stored())


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file of the record.

    Raises InputError when it is missing, torn, or made by a newer format.
    """
    try:
        text = path.read_text()
        data = parsed(text)
        result: Any = _revived(data) if _may_hold_non_finite(text) else data
    except RecursionError:
        raise InputError(
            f"{path} is damaged (nested too deeply); restore it or remove its folder"
        ) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{path} cannot be read: {reason}") from None
    except ValueError as error:
        raise InputError(f"{path} is damaged ({error}); restore it or remove its folder") from None
    if not isinstance(data, dict):
        raise InputError(
            f"{path} is damaged: it holds no JSON object; restore it or remove its folder"
        )
    came = data.get("format")
    if type(came) is not int:
        raise InputError(
            f"{path} is damaged: its format is {came!r}, not a number; "
            "restore it or remove its folder"
        )
    if came > FORMAT:
        raise NewerFormat(
            f"{path} has format {came!r}; this lab reads formats up to {FORMAT}: "
            "upgrade the lab to the version that wrote it"
        )
    content: dict[str, Any] = result
    return content


def is_readable(path: Path) -> bool:
    """Whether a JSON file of the record is there and whole."""
    try:
        read_json(path)
    except InputError:
        return False
    return True


def now() -> str:
    """The time as the record writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Append one evaluation to a .jsonl file and flush it to the disk, all or nothing.

    After a torn last line a new line is begun, so that the tear costs one row and not two.
    Raises StorageFailed, the file as it was.
    """
    append_line(path, _as_line(row).encode())


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace a .jsonl file; used when a resumed run drops rows newer than its checkpoint."""
    write_patiently(path, "".join(map(_as_line, rows)).encode())


def _as_line(row: Mapping[str, Any]) -> str:
    """A row as JSON with its newline; almost every row is finite and is written as it is."""
    try:
        return json.dumps(row, allow_nan=False) + "\n"
    except ValueError:
        return json.dumps(_storable(row), allow_nan=False) + "\n"


@dataclass(frozen=True)
class Rows:
    """Rows of a .jsonl file, and how many of its lines were torn or damaged."""

    rows: list[Row]
    num_torn: int


def read_rows(path: Path) -> Rows:
    """The rows of a .jsonl file; a missing file has none, a damaged line is counted."""
    if not path.exists():
        return Rows([], 0)
    rows, torn = [], 0
    text = patiently(lambda: path.read_text(errors="replace"), path, doing="read")
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            row = parsed(line)
        except ValueError:
            torn += 1
            continue
        if isinstance(row, dict) and type(row.get(IMAGES_SEEN)) in (int, float):
            rows.append(_revived_row(row))
        else:
            torn += 1
    return Rows(rows, torn)


def _storable(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable(item) for item in value]
    return value


def _may_hold_non_finite(text: str) -> bool:
    """Whether written JSON may hold one of `_NON_FINITE`; almost always it does not."""
    return 'nan"' in text or 'inf"' in text


_NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_PLAIN = {float, int}


def _revived_row(row: Row) -> Row:
    """`_revived` of a row, which almost always holds numbers only."""
    if _PLAIN.issuperset(map(type, row.values())):
        return row
    return {key: _revived(value) for key, value in row.items()}


def _revived(value: Any) -> Any:
    if isinstance(value, str):
        return _NON_FINITE.get(value, value)
    if isinstance(value, dict):
        return {key: _revived(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_revived(item) for item in value]
    return value
