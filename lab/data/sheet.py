"""A contact sheet of a split: a picture of some of its images."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from lab.data.split import Split
from lab.errors import InputError
from lab.record import write_whole

ROWS = 10
COLUMNS = 10
_FORMATS = {".webp": "WEBP", ".png": "PNG"}


def sheet_rows(split: Split, num_classes: int) -> list[Tensor]:
    """Rows of at most ten indices: one for each of the first ten classes, else the first 100."""
    if num_classes:
        classes = range(min(num_classes, ROWS))
        return [torch.nonzero(split.labels == label)[:COLUMNS, 0] for label in classes]
    return [*torch.split(torch.arange(min(len(split), ROWS * COLUMNS)), COLUMNS)]


def write_sheet(split: Split, num_classes: int, path: Path) -> None:
    """Write the sheet as a lossless .webp or a .png; raises InputError for any other ending."""
    import io

    from PIL import Image

    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"--grid got {path}; the file must end in {' or '.join(_FORMATS)}")
    rows = sheet_rows(split, num_classes)
    _, channels, side, _ = split[0:1].shape
    sheet = torch.full((channels, len(rows) * side, COLUMNS * side), 255, dtype=torch.uint8)
    for row, indices in enumerate(rows):
        for column, index in enumerate(indices.tolist()):
            top, left = row * side, column * side
            sheet[:, top : top + side, left : left + side] = split[index : index + 1][0]
    pixels = sheet.permute(1, 2, 0).numpy()
    content = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels).save(
        content, format=kind, lossless=True
    )
    try:
        write_whole(path, content.getvalue())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"--grid {path} cannot be written: {reason}") from error
