"""The input of packing: images by index, labels, licence and attribution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from lab.data.captions import Captions, compact
from lab.errors import InputError


@dataclass(frozen=True)
class Attribute:
    """A named property that each image has one value of, say `skin tone`."""

    values: tuple[str, ...]
    """Names of its values, at most 32,767."""
    numbers: NDArray[np.int16]
    """int16 [N], the value of each image; -1 where it has none or it is unknown."""


@dataclass(frozen=True)
class Source:
    """A set of original images, read one at a time; `read` may be called from several threads."""

    name: str
    num_images: int
    channels: int
    read: Callable[[int], NDArray[np.uint8]]
    """The image at an index: uint8 [H, W, C], of any height and width."""
    labels: NDArray[np.int64] | None
    """int64 [N], -1 where unlabelled; None when the set has no labels."""
    class_names: tuple[str, ...]
    licence: str
    attribution: str
    num_train: int | None = None
    """Train images of an official split, which come first; None: packing makes the split."""
    num_combinations: int = 0
    """Held-out combinations of an official split, which come last."""
    border: int = 0
    """Rows and columns of black added around an image that must grow (28 -> 32: 2)."""
    captions: Captions | None = None
    """Of each image; None when the set has no texts."""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """By name."""
    labels_from: str = ""
    """Where the labels of a person's own images come from, or why there are none."""
    notes: tuple[str, ...] = ()
    """What the person should know of the import, a sentence each; packing prints them."""
    is_own: bool = False
    """A person's own images, which are looked through for copies and blank ones."""

    def at(self, indices: NDArray[np.int64]) -> Source:
        """The images at `indices`, in increasing order."""
        captions = self.captions
        stop = self.num_images - self.num_combinations
        return replace(
            self,
            num_images=len(indices),
            read=lambda index: self.read(int(indices[index])),
            labels=None if self.labels is None else self.labels[indices],
            num_train=None if self.num_train is None else int((indices < self.num_train).sum()),
            num_combinations=int((indices >= stop).sum()),
            captions=None if captions is None else compact(captions[int(n)] for n in indices),
            attributes={
                name: Attribute(attribute.values, attribute.numbers[indices])
                for name, attribute in self.attributes.items()
            },
        )


def fit(image: NDArray[np.uint8], resolution: int, border: int = 0) -> NDArray[np.uint8]:
    """uint8 [H, W, C] -> [resolution, resolution, C]: black border, centre crop, Lanczos.

    The border is added only where the image must grow anyway, so 28x28 digits become 32x32 without
    a filter, and 64x64 by an exact doubling of that.
    """
    if border and resolution > image.shape[0]:
        image = np.pad(image, ((border, border), (border, border), (0, 0)))
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    square = image[top : top + side, left : left + side]
    if side == resolution:
        return square
    from PIL import Image

    plane = square[:, :, 0] if square.shape[2] == 1 else square
    resized = Image.fromarray(np.ascontiguousarray(plane)).resize(
        (resolution, resolution), Image.Resampling.LANCZOS
    )
    return np.asarray(resized).reshape(resolution, resolution, -1)


def array_source(
    name: str,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64] | None,
    class_names: tuple[str, ...],
    licence: str,
    attribution: str,
    *,
    num_train: int | None = None,
    border: int = 0,
) -> Source:
    """A source of images already in memory, uint8 [N, H, W, C]."""
    if labels is not None and len(labels) != len(images):
        raise InputError(
            f"{name} has {len(images)} images but {len(labels)} labels; fetch its files again"
        )
    return Source(
        name=name,
        num_images=len(images),
        channels=images.shape[3],
        read=lambda index: images[index],
        labels=labels,
        class_names=class_names,
        licence=licence,
        attribution=attribution,
        num_train=num_train,
        border=border,
    )
