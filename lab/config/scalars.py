"""Numbers of a configuration that may change over a run: one number, or a ramp."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from lab.config.base import ConfigSection

Shape = Literal["linear", "cosine", "exponential"]


class Ramp(ConfigSection):
    """A number that moves from `start` to `end` while images are seen, and stays there."""

    start: float
    """Value up to `from_images`."""
    end: float
    """Value from `until_images` on."""
    until_images: float = Field(gt=0.0)
    """Images seen at which `end` is reached."""
    from_images: float = Field(default=0.0, ge=0.0)
    """Images seen at which the value begins to move."""
    shape: Shape = "linear"
    """Way from start to end: linear, cosine (half a period), or exponential."""

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.from_images >= self.until_images:
            raise ValueError(
                f"a schedule goes from {self.from_images:g} images to {self.until_images:g}; it "
                "must end after it starts: raise until_images or lower from_images"
            )
        if self.shape == "exponential" and not (self.start > 0 and self.end > 0):
            raise ValueError(
                f"an exponential schedule goes from {self.start:g} to {self.end:g}; both must be "
                "above 0: take another shape"
            )
        return self

    def at(self, images_seen: float) -> float:
        """The value after so many images."""
        share = (images_seen - self.from_images) / (self.until_images - self.from_images)
        if not 0 < share < 1:
            return self.start if share <= 0 else self.end
        if self.shape == "exponential":
            return float(self.start ** (1 - share) * self.end**share)
        if self.shape == "cosine":
            share = (1 - math.cos(math.pi * share)) / 2
        return self.start + (self.end - self.start) * share


class _Within:
    """The bounds of a number, for both ends of a ramp."""

    def __init__(self, bounds: dict[str, float]) -> None:
        self.bounds = bounds

    def __call__(self, value: float | Ramp) -> float | Ramp:
        numbers = [value.start, value.end] if isinstance(value, Ramp) else [value]
        for number in numbers:
            if problem := self._problem(number):
                raise PydanticCustomError("out_of_bounds", "{problem}", {"problem": problem})
        return value

    def _problem(self, number: float) -> str | None:
        tests = {
            "gt": ("greater than", number > self.bounds.get("gt", -math.inf)),
            "ge": ("greater than or equal to", number >= self.bounds.get("ge", -math.inf)),
            "lt": ("less than", number < self.bounds.get("lt", math.inf)),
            "le": ("less than or equal to", number <= self.bounds.get("le", math.inf)),
        }
        for name, (words, holds) in tests.items():
            if not holds:
                return f"it must be {words} {self.bounds[name]:g}"
        return None


NUMBER, RAMP = "number", "ramp"
"""Parts of the place of a validation error that say which form was taken."""


def _form(value: Any) -> str:
    return RAMP if isinstance(value, (Mapping, Ramp)) else NUMBER


def scheduled(**bounds: float) -> Any:
    """The type of a number within bounds (gt, ge, lt, le) that may be a ramp."""
    forms = Annotated[float, Tag(NUMBER)] | Annotated[Ramp, Tag(RAMP)]
    return Annotated[forms, Discriminator(_form), AfterValidator(_Within(bounds))]


def values_at(section: ConfigSection, images_seen: float) -> dict[str, Any]:
    """The settings of a section by name, each schedule by its value after so many images."""
    values = {name: getattr(section, name) for name in type(section).model_fields}
    return {name: value_of(to, images_seen) for name, to in values.items()}


def value_of(setting: float | Ramp, images_seen: float) -> float:
    """A setting's value after so many images."""
    return setting.at(images_seen) if isinstance(setting, Ramp) else setting
