"""A contact sheet of a split: a picture of some of its images, with captions if it has any."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lab.data.split import Split
from lab.errors import InputError
from lab.randomness import counted_generator
from lab.record import write_whole

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from PIL.ImageFont import FreeTypeFont
    from PIL.ImageFont import ImageFont as BitmapFont

ROWS = 10
COLUMNS = 10
_FORMATS = {".webp": "WEBP", ".png": "PNG"}

CAPTIONED_COLUMNS = 8
CELL = 128
"""Width in pixels of a captioned image."""
_GAP = 12
_LINES = 4
"""Of a caption at most; what is longer ends in an ellipsis."""
_TEXT_SIZE, _TITLE_SIZE = 13, 16
_LINE, _TITLE_LINE = 17, 28
"""Heights in pixels."""
_INK, _FRAME = (40, 40, 40), (222, 222, 222)


def sheet_rows(
    split: Split, num_classes: int, columns: int = COLUMNS, seed: int | None = None
) -> list[Tensor]:
    """Rows of at most `columns` indices: one for each of the first ten classes, else ten rows.

    They are the split's first images, or those that `seed` draws.
    """
    if seed is None:
        order = torch.arange(len(split))
    else:
        rng = counted_generator(seed, "contact sheet", 0)
        order = torch.randperm(len(split), generator=rng)
    if num_classes:
        of_order = split.labels[order]
        return [order[of_order == label][:columns] for label in range(min(num_classes, ROWS))]
    return [*torch.split(order[: ROWS * columns], columns)]


def write_sheet(
    split: Split, class_names: tuple[str, ...], path: Path, seed: int | None = None
) -> None:
    """Write the sheet as a lossless .webp or a .png, with a row for each class.

    Of a split with captions each image is enlarged or reduced to 128 pixels, and its first caption
    is beneath it. Raises InputError for any other ending.
    """
    import io

    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"--out got {path}; the file must end in {' or '.join(_FORMATS)}")
    columns = COLUMNS if split.captions is None else CAPTIONED_COLUMNS
    rows = [row for row in sheet_rows(split, len(class_names), columns, seed) if len(row)]
    draw = _plain_sheet if split.captions is None else _captioned_sheet
    content = io.BytesIO()
    draw(split, class_names, rows).save(content, format=kind, lossless=True)
    try:
        write_whole(path, content.getvalue())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"--out {path} cannot be written: {reason}") from error


def _plain_sheet(split: Split, class_names: tuple[str, ...], rows: list[Tensor]) -> Picture:
    from PIL import Image

    side = split[0:1].shape[2]
    sheet = Image.new("RGB", (COLUMNS * side, len(rows) * side), "white")
    for row, indices in enumerate(rows):
        for column, index in enumerate(indices.tolist()):
            sheet.paste(_picture(split, index), (column * side, row * side))
    return sheet


def _captioned_sheet(split: Split, class_names: tuple[str, ...], rows: list[Tensor]) -> Picture:
    from PIL import Image, ImageDraw

    assert split.captions is not None
    font = _font(_TEXT_SIZE)
    title_height = _TITLE_LINE if class_names else 0
    captions = [
        [
            wrapped(next(iter(split.captions[index]), "(no caption)"), font, CELL, _LINES)
            for index in indices.tolist()
        ]
        for indices in rows
    ]
    heights = [
        title_height + CELL + _LINE * max(map(len, of_row)) + 2 * _GAP for of_row in captions
    ]
    width = _GAP + CAPTIONED_COLUMNS * (CELL + _GAP)
    sheet = Image.new("RGB", (width, _GAP + sum(heights)), "white")
    pen = ImageDraw.Draw(sheet)
    top = _GAP
    for indices, of_row, height in zip(rows, captions, heights, strict=True):
        if class_names:
            name = class_names[int(split.labels[indices[0]])]
            pen.text((_GAP, top), name, fill=_INK, font=_font(_TITLE_SIZE))
        for column, (index, lines) in enumerate(zip(indices.tolist(), of_row, strict=True)):
            left, upper = _GAP + column * (CELL + _GAP), top + title_height
            sheet.paste(_fitted(_picture(split, index)), (left, upper))
            pen.rectangle((left - 1, upper - 1, left + CELL, upper + CELL), outline=_FRAME)
            for line, words in enumerate(lines):
                corner = (left, upper + CELL + 4 + line * _LINE)
                pen.text(corner, words, fill=_INK, font=font)
        top += height
    return sheet


def wrapped(text: str, font: FreeTypeFont | BitmapFont, width: int, num_lines: int) -> list[str]:
    """The text in at most `num_lines` lines of `width` pixels; an ellipsis ends what is cut."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < num_lines:
        count = 1
        while count < len(words) and font.getlength(" ".join(words[: count + 1])) <= width:
            count += 1
        is_cut = len(lines) == num_lines - 1 and count < len(words)
        line = " ".join(words[:count])
        words = words[count:]
        if is_cut or font.getlength(line) > width:
            while line and font.getlength(f"{line}…") > width:
                line = line[:-1].rstrip()
            line += "…"
        lines.append(line)
    return lines


def _picture(split: Split, index: int) -> Picture:
    """An image of the split in colour."""
    from PIL import Image

    pixels = split[index : index + 1][0].permute(1, 2, 0).numpy()
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).convert("RGB")


def _fitted(picture: Picture) -> Picture:
    """At 128 pixels: small pictures are enlarged without a filter, so that pixels stay visible."""
    from PIL.Image import Resampling

    kind = Resampling.NEAREST if CELL % picture.width == 0 else Resampling.LANCZOS
    return picture.resize((CELL, CELL), kind)


def _font(size: int) -> FreeTypeFont | BitmapFont:
    """DejaVu Sans, which has many scripts, where it is installed; else Pillow's own font."""
    from PIL import ImageFont

    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)
