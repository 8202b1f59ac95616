"""One file of any format, by its content."""

from __future__ import annotations

from pathlib import Path

from lab.stability.log_columns import NothingYet
from lab.stability.logs.events import is_event_file, read_events
from lab.stability.logs.objects import looks_like_json, read_objects
from lab.stability.logs.parts import LogFile
from lab.stability.logs.printed import looks_printed, read_printed
from lab.stability.logs.tables import read_table
from lab.stability.logs.text import as_text, read_bytes


def read_file(path: Path, *, grows: bool = False) -> LogFile:
    """The runs of a file; InputError where it is missing, empty, binary, or of no known format.

    Of a file that `grows`, a last line without its end is left out: it may be half a number.
    """
    # A pipe can be read once only.
    if path.is_file() and is_event_file(path):
        return read_events(path, path.stem)
    text = as_text(read_bytes(path), path)
    if grows:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
        if not text.strip():
            raise NothingYet(f"the log {path} is empty; give one with a row for each evaluation")
    # A printed log may hold JSON lines, so it is looked for first.
    if looks_printed(text):
        return read_printed(text, path)
    if looks_like_json(text):
        return read_objects(text, path)
    return read_table(text, path)
