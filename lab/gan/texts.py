"""Texts as conditions: a vector for each caption, and which captions an image has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Texts:
    """The captions of the images that train, as vectors of length 1.

    A caption is drawn in two steps, so that images of many captions do not count more than others.
    """

    vectors: Tensor
    """[M, E], of all M captions."""
    firsts: Tensor
    """int64 [n + 1], the first caption of each image; the next image's is the one after its last.
    Every image has one or more."""
    encode: Callable[[Tensor], Tensor] | None = None
    """Images [B, C, H, W] in [-1, 1] -> vectors [B, E] that are near their captions',
    differentiable; None without an encoder of images."""

    @property
    def num_images(self) -> int:
        return len(self.firsts) - 1

    def captions_of(self, images: Tensor, share: Tensor) -> Tensor:
        """A caption of each image: its number among all, int64.

        `images` is int64, `share` in [0, 1) of the same shape decides between an image's captions.
        """
        first, stop = self.firsts[images], self.firsts[images + 1]
        return first + (share * (stop - first)).long().minimum(stop - first - 1)

    def numbers(self, uniform: Tensor) -> Tensor:
        """Numbers of random captions, int64 [...], from uniform numbers in [0, 1), [..., 2]."""
        images = (uniform[..., 0] * self.num_images).long().clamp_max(self.num_images - 1)
        return self.captions_of(images, uniform[..., 1])

    def drawn(self, uniform: Tensor) -> Tensor:
        """Vectors [..., E] of random captions, from uniform numbers in [0, 1), [..., 2]."""
        return self.vectors[self.numbers(uniform)]

    def of_first(self, num_images: int) -> Texts:
        """Those of the first images alone."""
        return replace(self, firsts=self.firsts[: num_images + 1])

    def on(self, device: torch.device, dtype: torch.dtype) -> Texts:
        """The same on a device, the vectors in this type."""
        return replace(self, vectors=self.vectors.to(device, dtype), firsts=self.firsts.to(device))


def unit(vectors: Tensor) -> Tensor:
    """[..., E] -> the same directions, of length 1."""
    return torch.nn.functional.normalize(vectors, dim=-1)
