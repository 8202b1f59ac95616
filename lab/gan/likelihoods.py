"""Likelihoods of an image given the decoder's pixels: negative logarithms in nats, summed over
pixels and channels."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from lab.config import VaeConfig

NegativeLogLikelihood = Callable[[Tensor, Tensor], Tensor]
"""(images [B, C, H, W] in [-1, 1], the decoder's pixels before the tanh) -> [B]"""


def bernoulli(images: Tensor, pixels: Tensor) -> Tensor:
    """-log p(x | z) of intensities v = (x + 1) / 2 (Kingma & Welling 2014, appendix C.1).

    The image that a generator makes is tanh(a) = 2 sigmoid(2a) - 1, so the logits of v are 2a.
    """
    each = binary_cross_entropy_with_logits(2 * pixels, 0.5 * (images + 1), reduction="none")
    return each.flatten(1).sum(dim=1)


def gaussian(images: Tensor, made: Tensor, sigma: float) -> Tensor:
    """-log N(x; G(z), sigma^2 I) (Kingma & Welling 2014, appendix C.2, with one fixed sigma).

    `made` are the decoder's images.
    """
    squared = (images - made).square().flatten(1).sum(dim=1)
    num_values = images[0].numel()
    constant = num_values * (math.log(sigma) + 0.5 * math.log(2 * math.pi))
    return squared / (2 * sigma**2) + constant


def likelihood_of(config: VaeConfig, *, bounded: bool) -> NegativeLogLikelihood:
    """The configured likelihood; `bounded`: whether a tanh makes the decoder's pixels images."""
    if config.likelihood == "bernoulli":
        assert bounded, "logits are of a generator with a tanh"
        return bernoulli

    def of_pixels(images: Tensor, pixels: Tensor) -> Tensor:
        made = torch.tanh(pixels) if bounded else pixels
        return gaussian(images, made, config.sigma)

    return of_pixels
