"""One file of any format, by its content."""

from __future__ import annotations

from pathlib import Path

from lab.stability.logs.database import is_database, read_database
from lab.stability.logs.events import is_event_file, read_events
from lab.stability.logs.objects import looks_like_json, read_objects
from lab.stability.logs.offline import is_offline_file, read_offline
from lab.stability.logs.parts import LogFile
from lab.stability.logs.printed import looks_printed, read_printed
from lab.stability.logs.tables import read_table
from lab.stability.logs.text import Reading, read_text


def read_file(path: Path, reading: Reading) -> LogFile:
    """The runs of a file; InputError where it is missing, empty, binary, or of no known format."""
    # A pipe can be read once only.
    if path.is_file() and is_event_file(path):
        return read_events(path, path.stem)
    if path.is_file() and is_offline_file(path):
        return read_offline(path, path.stem, reading)
    if path.is_file() and is_database(path):
        return read_database(path)
    text = read_text(path, reading)
    # A printed log may hold JSON lines, so it is looked for first.
    if looks_printed(text.beginning):
        return read_printed(text)
    if looks_like_json(text.beginning):
        return read_objects(text)
    return read_table(text)
