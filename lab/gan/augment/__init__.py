"""What stands between images and critic: augmentations, each one file and one catalogue line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from lab.catalogue import AUGMENTATIONS, resolve
from lab.config import RunConfig, value_of
from lab.errors import InputError, nearest
from lab.gan.draws import PassDraws
from lab.gan.rounds import ImageShape
from lab.gan.terms import Means, Now
from lab.user_file import UserFile, is_reference


class Augmentation(nn.Module):
    """A differentiable, twice differentiable map of images; a subclass implements `apply_to`.

    Random numbers come from `draw` under purposes that begin with `side`, so that real images,
    generated ones and those of the generator's step are changed apart. State belongs in buffers.
    """

    observes = False
    """Whether `observe` is to be called."""

    def __init__(self, config: RunConfig) -> None:
        """Raises InputError for a policy that it does not have."""
        super().__init__()

    def require(self, shape: ImageShape) -> None:
        """Raise InputError for images that it cannot change."""

    def apply_to(
        self, images: Tensor, draw: PassDraws, side: str, probability: float | Tensor
    ) -> Tensor:
        """[n, C, H, W] -> the same shape; `probability` of each transformation of each image."""
        raise NotImplementedError

    def probability(self, configured: float) -> float | Tensor:
        """What `apply_to` gets: the setting's present value, unless it finds its own."""
        return configured

    def observe(self, means: Means) -> None:
        """After each critic step, on every rank alike: the place to update buffers."""

    def numbers(self) -> dict[str, Tensor]:
        """What it finds itself, [] each, by the name of its signal; read at evaluations only."""
        return {}


class ImageAugmentation(Augmentation):
    """An augmentation of pixels in a plane, grey or in three colours."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        self.kind = config.augmentation.kind

    def require(self, shape: ImageShape) -> None:
        """Refuse points and other data that are no images."""
        if shape.channels not in (1, 3) or shape.resolution < SMALLEST_SIDE:
            side = shape.resolution
            raise InputError(
                f"augmentation.kind is {self.kind}, and the critic sees {shape.channels} channels "
                f"of {side}x{side} pixels; it changes images of 1 or 3 channels and at least "
                f"{SMALLEST_SIDE}x{SMALLEST_SIDE} pixels: set augmentation.kind to none"
            )


SMALLEST_SIDE = 8


def policy_words(config: RunConfig, allowed: Sequence[str]) -> tuple[str, ...]:
    """The words of `augmentation.policy`. Raises InputError for one that is not allowed."""
    settings = config.augmentation
    words = tuple(settings.policy.split(",")) if settings.policy else ()
    for word in words:
        if word not in allowed:
            raise InputError(
                f"augmentation.policy has {word!r}{nearest(word, allowed, 1)}, and the words of "
                f"augmentation.kind {settings.kind} are {', '.join(allowed)}: take these alone"
            )
    return words


class View(nn.Module):
    """Images as the critic is shown them: augmented, then with instance noise."""

    def __init__(self, config: RunConfig, augmentation: Augmentation | None) -> None:
        super().__init__()
        self.augmentation = augmentation
        self.settings = config.augmentation

    @property
    def changes(self) -> bool:
        """Whether the critic sees anything but the images."""
        return self.augmentation is not None or self.settings.instance_noise != 0

    @property
    def observes(self) -> bool:
        return self.augmentation is not None and self.augmentation.observes

    def forward(self, images: Tensor, draw: PassDraws | None, side: str, when: Now) -> Tensor:
        """[n, C, H, W] -> the same shape; the same draws whenever the side is the same."""
        if draw is None or not self.changes:
            return images
        if self.augmentation is not None:
            chance = value_of(self.settings.probability, when.images_seen)
            images = self.augmentation.apply_to(
                images, draw, side, self.augmentation.probability(chance)
            ).contiguous(memory_format=torch.channels_last)
        sigma = value_of(self.settings.instance_noise, when.images_seen)
        if sigma > 0:
            images = images + sigma * draw.normal(f"{side} noise", *images.shape[1:])
        return images

    def require(self, shape: ImageShape) -> None:
        """Raise InputError for images that the augmentation cannot change."""
        if self.augmentation is not None:
            self.augmentation.require(shape)

    def numbers(self) -> dict[str, Tensor]:
        """What the augmentation finds itself, [] each, by the name of its signal."""
        return {} if self.augmentation is None else self.augmentation.numbers()

    @torch.no_grad()
    def observe(self, means: Means) -> None:
        if self.augmentation is not None:
            self.augmentation.observe(means)


def view_of(config: RunConfig) -> View:
    """The configured view. Raises InputError for a policy that the augmentation does not have."""
    make = find_augmentation(config.augmentation.kind, config.files)
    return View(config, None if make is None else make(config))


@lru_cache(maxsize=64)
def find_augmentation(
    name: str, files: tuple[UserFile, ...] = ()
) -> Callable[[RunConfig], Augmentation] | None:
    """What makes an augmentation, by its name in the catalogue or by `mine.py:NAME`."""
    if name == "none":
        return None
    make: Any = resolve(AUGMENTATIONS, name, files)
    if is_reference(name) and not (isinstance(make, type) and issubclass(make, Augmentation)):
        raise InputError(
            f"augmentation.kind {name} is a {type(make).__name__}; it must be a subclass of "
            "lab.gan.augment.Augmentation"
        )
    kind: Callable[[RunConfig], Augmentation] = make
    return kind
