"""A recipe: everything that a picture is drawn from, and the PNG file that carries it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Annotated, Self

from PIL import Image, PngImagePlugin, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from torch import Tensor

from lab.errors import InputError
from lab.gan.sampling import grid

KEY = "recipe"
"""Keyword of the PNG's tEXt chunk."""
NUM_SLIDERS = 10
MOST_CODES = 64
FURTHEST = 6.0
"""Standard deviations that a slider may move a code by."""
LARGEST_CODE = 10**9
LONGEST_TEXT = 2_000
MOST_BYTES = 1_000_000
"""Of a file that is read as JSON."""

Code = Annotated[int, Field(ge=0, le=LARGEST_CODE)]
Shift = Annotated[float, Field(ge=-FURTHEST, le=FURTHEST, allow_inf_nan=False)]


class Recipe(BaseModel):
    """One grid of images of one generator, or one image of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str = Field(max_length=4_000)
    """The run's folder or URL."""
    images: Annotated[int, Field(ge=0)] | None = None
    """Images seen by the generator, one that the run kept; None: at the end."""
    first: Code = 0
    """Number of the first code; each number stands for one code, the same for all runs."""
    count: int = Field(default=16, ge=1, le=MOST_CODES)
    """Images of the grid."""
    to: Code | None = None
    """Code that the grid leads to in equal steps; None: it shows the codes after the first."""
    pick: Annotated[int, Field(ge=0)] | None = None
    """The one image of the grid that is drawn, counted from 0; None: all of them."""
    label: Annotated[int, Field(ge=0)] | None = None
    """Class of all images; None: each code has its own, its number modulo the classes."""
    text: str = Field(default="", max_length=LONGEST_TEXT)
    """Text of all images, for a generator that takes one."""
    psi: float = Field(default=1.0, ge=0.0, le=1.0)
    """Truncation of w; 1: none."""
    sliders: tuple[Shift, ...] = Field(default=(), max_length=NUM_SLIDERS)
    """Shifts along the principal directions, in standard deviations."""

    @model_validator(mode="after")
    def _picked_is_there(self) -> Self:
        if self.pick is not None and self.pick >= self.count:
            raise ValueError(f"pick is {self.pick} of {self.count} images counted from 0")
        return self


def parse_recipe(text: str | bytes, whose: str) -> Recipe:
    """A recipe from JSON. Raises InputError that names `whose` and the first mistake."""
    try:
        return Recipe.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        places = [whose, *([".".join(map(str, first["loc"]))] if first["loc"] else [])]
        raise InputError(": ".join([*places, first["msg"]])) from None


def read_recipe(path: Path) -> Recipe:
    """The recipe of a PNG that the explorer saved, or of a JSON file with one.

    Raises InputError for a file that has none.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); give another file") from None
    if path.suffix.lower() == ".json":
        return parse_recipe(content[:MOST_BYTES], str(path))
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            text = picture.info.get(KEY)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise InputError(f"{path} is no PNG ({type(error).__name__}); give one of the explorer") \
            from None  # fmt: skip
    if not isinstance(text, str):
        raise InputError(f"{path} holds no recipe; give a picture that the explorer saved")
    return parse_recipe(text, str(path))


def png_of(images: Tensor, recipe: Recipe) -> bytes:
    """A grid of [N, C, H, H] uint8 images as PNG, with its recipe as a tEXt chunk."""
    chunk = PngImagePlugin.PngInfo()
    chunk.add_text(KEY, json.dumps(recipe.model_dump()))
    file = io.BytesIO()
    picture = Image.fromarray(grid(images).contiguous().numpy())
    picture.save(file, "PNG", pnginfo=chunk, compress_level=1)
    return file.getvalue()
