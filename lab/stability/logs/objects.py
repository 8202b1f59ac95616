"""JSON: a row a line, a list of rows, columns of equal length, or scores by step.

StyleGAN's metric-*.jsonl holds `results` and the clock in the snapshot's name, its stats.jsonl
objects with a `mean`; mimicry's fid.json holds a list of scores for each step.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.record import Row
from lab.stability.log_columns import NothingYet
from lab.stability.logs.parts import LogFile, in_order, number_or_text, unread
from lab.stability.logs.separate import separate
from lab.stability.logs.text import LogText, too_long
from lab.stability.logs.thinned import thinned

SNAPSHOT = re.compile(r"network-snapshot-(\d+)")
"""StyleGAN's metric-*.jsonl gives the clock (kimg) in the name of the snapshot."""
ROW_LISTS = ("evaluations", "rows", "history", "log", "logs", "results", "metrics")
"""Names of the list of rows in a JSON object that holds more than rows."""
LEFT_OUT = ("config", "hparams", "hyperparameters")
"""Settings, which Ray repeats in every row, are no measurements."""
DEEPEST = 4


def looks_like_json(text: str) -> bool:
    """Whether any of the first lines is a JSON object, or all of it may be one value."""
    lines = [line.strip() for line in text[:65536].splitlines() if line.strip()]
    if not lines or lines[0][0] not in "{[":
        return any(object_of(line) for line in lines[1:20])
    return lines[0][0] == "{" or _begins_a_list(text)


def read_objects(text: LogText) -> LogFile:
    """The runs of JSON; InputError where nothing in it is a row."""
    path = text.path
    notes: list[str] = []
    kept: tuple[str, ...] = ()
    whole = None if text.long_by is not None else _whole(text.beginning)
    if isinstance(whole, Mapping):
        rows = _rows_of_object(whole, path)
    elif isinstance(whole, list):
        rows = [flat(item) for item in whole if isinstance(item, Mapping)]
        notes += unread(len(whole) - len(rows), "item", path.name)
    elif text.long_by is not None and not _begins_with_lines(text.beginning):
        raise too_long(path, "of JSON, only a file with an object a line is read in parts")
    elif text.beginning.lstrip().startswith("["):
        rows = _rows_of_torn_list(text.beginning)
        notes += unread(1, "line", path.name)
    else:
        rows, kept = thinned(rows_of_lines(text.lines, path, notes), path, text.long_by)
    rows = [row for row in rows if row]
    if not rows:
        raise NothingYet(
            f"the log {path} has no row that can be read; give JSON with an object for each "
            "evaluation"
        )
    return LogFile(separate(rows, path.stem), (*kept, *notes))


def rows_of_lines(lines: Iterable[str], path: Path, notes: list[str]) -> Iterator[Row]:
    """A row for each line that is a JSON object; at the end the number of others is noted."""
    torn = 0
    for line in lines:
        content = object_of(line)
        if content:
            yield flat(content)
        else:
            torn += bool(line.strip())
    notes += unread(torn, "line", path.name)


def flat(content: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Row:
    """A row without nesting: inner names follow the outer after a `/`, means stand for objects."""
    row: Row = {}
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and "mean" in value:
            row[name] = number_or_text(value["mean"])
        elif isinstance(value, dict):
            if depth < DEEPEST and key not in LEFT_OUT:
                inner = "" if key == "results" else f"{name}/"
                row |= flat(value, inner, depth + 1)
        elif value is not None and not isinstance(value, list):
            row[name] = number_or_text(value)
    snapshot = SNAPSHOT.search(str(content.get("snapshot_pkl", "")))
    if snapshot and "kimg" not in row:
        row["kimg"] = float(snapshot.group(1))
    return row


def object_of(line: str) -> dict[str, Any] | None:
    """The JSON object that a line is, if it is one."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _whole(text: str) -> Any:
    """The text as one JSON value, or None."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _begins_with_lines(text: str) -> bool:
    """Whether any of the first lines is a whole object, and the first does not begin a list."""
    return not _begins_a_list(text) and any(map(object_of, text.splitlines()[:20]))


def _begins_a_list(text: str) -> bool:
    """`[{`, as the first characters; a printed log begins with `[INFO]` or a date."""
    return bool(re.match(r"\[\s*(\{|\d[\d.]*\s*,|\]|\[)", text.lstrip()))


def _rows_of_torn_list(text: str) -> list[Row]:
    """The whole objects of a list that ends in the middle."""
    decoder = json.JSONDecoder()
    rows: list[Row] = []
    position = text.index("[") + 1
    while begin := re.compile(r"[\s,]*(?=\{)").match(text, position):
        try:
            content, position = decoder.raw_decode(text, begin.end())
        except (ValueError, RecursionError):
            break
        rows.append(flat(content))
    return rows


def _rows_of_object(content: Mapping[str, Any], path: Path) -> list[Row]:
    """Scores by step, columns, a list under a usual name, or a single row."""
    if content and all(re.fullmatch(r"\d+(\.\d+)?", key) for key in content):
        return _scores_by_step(content, path)
    for name in ROW_LISTS:
        rows = content.get(name)
        if isinstance(rows, list) and any(isinstance(row, Mapping) for row in rows):
            return [flat(row) for row in rows if isinstance(row, Mapping)]
    columns = {
        name: values
        for name, values in content.items()
        if isinstance(values, list) and not any(isinstance(v, (list, Mapping)) for v in values)
    }
    length = max((len(values) for values in columns.values()), default=0)
    if length > 1 and len(columns) > 1:
        return [
            {
                name: number_or_text(values[i])
                for name, values in columns.items()
                if i < len(values) and values[i] is not None
            }
            for i in range(length)
        ]
    return [flat(content)]


def _scores_by_step(content: Mapping[str, Any], path: Path) -> list[Row]:
    """mimicry's {step: [score, ...]}: the mean over the repetitions of an evaluation."""
    metric = re.match(r"(?:.*[^a-z])?(fid|kid|inception_score)", path.stem.lower())
    column = metric.group(1) if metric else path.stem
    rows: list[Row] = []
    for step, value in content.items():
        if isinstance(value, Mapping):
            rows.append({"step": float(step), **flat(value)})
            continue
        scores = [_first_number(item) for item in (value if isinstance(value, list) else [value])]
        numbers = [score for score in scores if score is not None]
        if numbers:
            rows.append({"step": float(step), column: sum(numbers) / len(numbers)})
    return in_order(rows, "step")


def _first_number(item: Any) -> float | None:
    """A score, or the first of a pair of mean and deviation."""
    while isinstance(item, list) and item:
        item = item[0]
    value = number_or_text(item)
    return float(value) if isinstance(value, (int, float)) else None
