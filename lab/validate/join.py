"""Parts that were run one by one, or at several sizes, as one record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lab.errors import InputError
from lab.record import read_json


def joined(paths: Sequence[Path], order: Sequence[str]) -> dict[str, Any]:
    """One record of the parts of several validation.json files, in `order`; each part keeps its
    size.

    Raises InputError where a part is in two of them, or where they are of several versions.
    """
    records = [_read(path) for path in paths]
    for path, record in zip(paths[1:], records[1:], strict=True):
        if record["versions"] != records[0]["versions"]:
            raise InputError(
                f"{path} and {paths[0]} are of different versions; run the parts of one of them "
                "again"
            )
    parts = [
        {"quick": bool(record["quick"]), **part} for record in records for part in record["parts"]
    ]
    names = [part["name"] for part in parts]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"the part {twice} is in two of the files; give it once")
    return {
        **records[0],
        "command": "\n".join(dict.fromkeys(str(record["command"]) for record in records)),
        "created": max(str(record["created"]) for record in records),
        "quick": all(part["quick"] for part in parts),
        "passed": all(part["passed"] for part in parts),
        "seconds": sum(record["seconds"] for record in records),
        "parts": sorted(parts, key=lambda part: order.index(part["name"])),
    }


def _read(path: Path) -> dict[str, Any]:
    record = read_json(path)
    if not {"parts", "command", "versions"} <= record.keys():
        raise InputError(f"{path} is no validation.json; make one with `python -m lab.validate`")
    return record
