"""One image file as uint8 pixels: what becomes of each kind that Pillow reads (docs/data.md)."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.data.shelf import BrokenImage, Shelf

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MOST_PIXELS = 50_000_000
"""Of one image: decoding takes about 12 bytes a pixel, and each core decodes one."""
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "DIB", "GIF", "TIFF", "JPEG2000", "PPM", "AVIF", "TGA")
"""Decoded by Pillow itself; TGA, whose files have no mark at their start, comes last."""
_WHITES = (1, 255, 1023, 4095, 16_383, 65_535)
"""Largest values of floats from 0 to 1 and of 8, 10, 12, 14 and 16 bits."""


class Scale(NamedTuple):
    """The values that become 0 and 255, one pair for all wide images of a set."""

    black: float
    white: float


class Header(NamedTuple):
    """What the header of an image file states."""

    mode: str
    has_frames: bool
    """Whether there are further frames or pages."""
    has_profile: bool
    """Whether it carries an ICC profile."""

    @property
    def has_colour(self) -> bool:
        return not self.mode.startswith(("1", "L", "I", "F")) or self.mode == "LAB"

    @property
    def is_wide(self) -> bool:
        """Grey of 16 bits, 32 bits or floats."""
        return self.mode.startswith(("I", "F"))


FULL = Scale(0, 65_535)


def read_header(shelf: Shelf, name: str) -> Header | None:
    """The header of an image file; None where it cannot be read."""
    try:
        with _opened(shelf, name) as image:
            frames = bool(getattr(image, "is_animated", False))
            return Header(image.mode, frames, "icc_profile" in image.info)
    except Exception:  # on broken bytes the decoders raise nearly anything
        return None


def read_image(shelf: Shelf, name: str, channels: int, scale: Scale = FULL) -> NDArray[np.uint8]:
    """uint8 [H, W, channels] of an image file: upright, its first frame, transparency on white.

    Wide images are scaled by `scale`. Raises BrokenImage when it cannot be decoded.
    """
    from PIL import ImageOps

    try:
        with _opened(shelf, name) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
        flat = _eight_bits(upright, scale).convert("RGB" if channels == 3 else "L")
    except Exception as error:  # on broken bytes the decoders raise nearly anything
        raise BrokenImage(shelf.path / name, error) from error
    return np.asarray(flat).reshape(flat.height, flat.width, channels)


def scale_of(shelf: Shelf, names: Sequence[str]) -> Scale:
    """The scale of all wide images of a set: from 0, or the least value, to a whole bit depth."""
    lowest, highest, has_floats = 0.0, 0.0, False
    for name in names:
        try:
            with _opened(shelf, name) as image:
                values = np.asarray(image)
        except Exception:  # the file is reported when it is packed
            continue
        finite = values[np.isfinite(values)]
        if finite.size:
            lowest = min(lowest, float(finite.min()))
            highest = max(highest, float(finite.max()))
        has_floats |= values.dtype.kind == "f"
    whites = _WHITES if has_floats else _WHITES[1:]
    white = next((white for white in whites if white >= highest), highest)
    return Scale(lowest, float(white))


@functools.cache
def _formats() -> tuple[str, ...]:
    """Those that this Pillow was built with."""
    from PIL import Image

    Image.init()
    return tuple(kind for kind in _FORMATS if kind in Image.OPEN)


@contextmanager
def _opened(shelf: Shelf, name: str) -> Iterator[Picture]:
    """An image file of which only the header is read; too large an image is an error."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit is below
        with shelf.open(name) as file, Image.open(file, formats=_formats()) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(
                    f"{image.width:,} x {image.height:,} pixels; at most {MOST_PIXELS:,} pixels"
                )
            yield image


def _eight_bits(image: Picture, scale: Scale) -> Picture:
    """Wide grey scaled to 8 bits; transparent pixels laid on white; others as they are."""
    from PIL import Image

    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_scaled(np.asarray(image), scale))
    if "A" in image.getbands() or "transparency" in image.info:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA"))
    if image.mode == "LAB":
        from PIL import ImageCms

        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, *profiles, outputMode="RGB")
        assert converted is not None
        return converted
    return image


def _scaled(values: NDArray[Any], scale: Scale) -> NDArray[np.uint8]:
    """uint8 of wide values; whole numbers are rounded down, as 16 bits lose their lower 8."""
    if not np.isfinite(values).all():
        raise ValueError("it has values that are not finite")
    if values.dtype.kind == "f":
        shares = (values.astype(np.float64) - scale.black) / (scale.white - scale.black)
        return (shares * 255).round().clip(0, 255).astype(np.uint8)
    black, white = int(scale.black), int(scale.white)
    whole = (values.astype(np.int64) - black) * 255 // (white - black)
    return whole.clip(0, 255).astype(np.uint8)
