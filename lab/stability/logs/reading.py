"""A log on disk, a file or a folder."""

from __future__ import annotations

from pathlib import Path

from lab.errors import InputError
from lab.stability.log_columns import LogOptions
from lab.stability.logs.files import read_file
from lab.stability.logs.folders import read_folder
from lab.stability.logs.parts import LogFile
from lab.stability.logs.text import Reading


def read_logs(path: Path, *, grows: bool = False, options: LogOptions = LogOptions()) -> LogFile:
    """The runs of a file or folder by its content, with texts of numbers as numbers.

    Of a file that `grows`, a last line without its end is left out; of a long one, rows that have
    no part in a verdict by the columns of `options`.
    Raises InputError for what is missing, empty, binary, too long, or of no known format.
    """
    reading = Reading(grows, options)
    try:
        return read_folder(path, reading) if path.is_dir() else read_file(path, reading)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"the log {path} cannot be read: {reason}; give a readable file or folder"
        ) from None
