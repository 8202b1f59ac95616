"""DiffAugment: colour, translation and cutout of real and generated images (Zhao et al. 2020)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from lab.config import RunConfig
from lab.gan.augment import ImageAugmentation, policy_words
from lab.gan.augment.shift import random_shift, shifted
from lab.gan.draws import PassDraws

POLICY = ("colour", "translation", "cutout")
CUTOUT = 0.5
"""Side of the square that is cut out, as a share of the image's."""
NUM_DRAWS = 12


class Parameters(NamedTuple):
    """What happens to each image."""

    brightness: Tensor
    """Added to all pixels, [n, 1, 1, 1]."""
    saturation: Tensor
    """Factor of the differences between channels, [n, 1, 1, 1]."""
    contrast: Tensor
    """Factor of the differences from the image's mean, [n, 1, 1, 1]."""
    shift: Tensor
    """Rows and columns of the translation, whole numbers [n, 2]."""
    hole: Tensor
    """Row and column of the centre of what is cut out, whole numbers [n, 2]."""
    cut: Tensor
    """Whether anything is cut out, [n]."""


def parameters(u: Tensor, side: int, probability: float | Tensor) -> Parameters:
    """From uniform numbers [n, NUM_DRAWS] in [0, 1); the first five decide what is applied.

    Brightness U(-.5, .5), saturation U(0, 2), contrast U(.5, 1.5), translation by up to
    LARGEST_SHIFT, and a hole of CUTOUT round any pixel (Zhao et al. 2020, appendix B).
    """
    applied = u[:, :5] < probability
    brightness = torch.where(applied[:, 0], u[:, 5] - 0.5, 0.0)
    saturation = torch.where(applied[:, 1], 2 * u[:, 6], 1.0)
    contrast = torch.where(applied[:, 2], u[:, 7] + 0.5, 1.0)
    shift = random_shift(u[:, 8:10], side)
    odd = int(side * CUTOUT + 0.5) % 2
    return Parameters(
        brightness=brightness.view(-1, 1, 1, 1),
        saturation=saturation.view(-1, 1, 1, 1),
        contrast=contrast.view(-1, 1, 1, 1),
        shift=torch.where(applied[:, 3:4], shift, 0.0).long(),
        hole=(u[:, 10:12] * (side + 1 - odd)).floor().long(),
        cut=applied[:, 4],
    )


def colour(x: Tensor, to: Parameters) -> Tensor:
    """Brightness, then saturation, then contrast: [n, C, H, W] -> the same."""
    x = x + to.brightness
    if x.shape[1] > 1:
        grey = x.mean(dim=1, keepdim=True)
        x = (x - grey) * to.saturation + grey
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return (x - mean) * to.contrast + mean


def translation(x: Tensor, to: Parameters) -> Tensor:
    """[n, C, H, W] -> the same, with zeros where nothing moved in."""
    return shifted(x, to.shift[:, 0], to.shift[:, 1])


def cutout(x: Tensor, to: Parameters) -> Tensor:
    """[n, C, H, W] -> the same, with a square of zeros."""
    side = x.shape[-1]
    size = int(side * CUTOUT + 0.5)
    distance = torch.arange(side, device=x.device) - to.hole[:, :, None] + size // 2
    within = (distance >= 0) & (distance < size)
    hole = within[:, 0, :, None] & within[:, 1, None, :] & to.cut[:, None, None]
    return x * (~hole)[:, None].to(x.dtype)


STEPS: dict[str, Callable[[Tensor, Parameters], Tensor]] = {
    "colour": colour,
    "translation": translation,
    "cutout": cutout,
}


class DiffAugment(ImageAugmentation):
    """The transformations of the policy, in its order."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        self.words = policy_words(config, POLICY) or POLICY

    def apply_to(
        self, images: Tensor, draw: PassDraws, side: str, probability: float | Tensor
    ) -> Tensor:
        """[n, C, H, W] -> the same."""
        u = draw.uniform(f"{side} transformations", NUM_DRAWS)
        to = parameters(u, images.shape[-1], probability)
        for word in self.words:
            images = STEPS[word](images, to)
        return images
