"""What a generator gets of a text's vector: the vector itself, or a Gaussian round a map of it.

Either has the size of the vector and goes where the class of a class-conditional generator goes;
a critic gets the vector as it is. A new way is one class here and a line of the catalogue.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from lab.catalogue import CONDITIONINGS, resolve
from lab.errors import InputError
from lab.gan.networks.initialisation import normal
from lab.gan.networks.layers import Linear
from lab.gan.networks.numbers import Numbers
from lab.user_file import UserFile, calling, is_reference

SLOPE = 0.2


class Conditioning(nn.Module):
    """Vectors of texts to conditions of a generator."""

    draws = False
    """Whether training passes random numbers."""

    def __init__(self, size: int) -> None:
        """`size` is that of the vectors, E."""
        super().__init__()
        self.size = size
        self.scale = math.sqrt(size)

    def forward(self, texts: Tensor, draw: Numbers | None = None) -> Tensor:
        """[B, E] of length 1 -> [B, E]"""
        raise NotImplementedError


class Plain(Conditioning):
    """The vector, scaled to a mean square of 1 as a latent code has."""

    def forward(self, texts: Tensor, draw: Numbers | None = None) -> Tensor:
        """[B, E] -> [B, E]"""
        return texts * self.scale


class Augmented(Conditioning):
    """Conditioning augmentation (Zhang et al. 2017, StackGAN, section 3.2).

    A sample of N(mu(t), diag(sigma(t)^2)) while training, mu(t) in evaluations. The term
    `conditioning` keeps the Gaussian near N(0, I).
    """

    draws = True

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.dense = Linear(size, 2 * size, fill=normal(1.0))

    def moments(self, texts: Tensor) -> tuple[Tensor, Tensor]:
        """[B, E] -> mu and log sigma, [B, E] each, in the type of the weights

        The weights are drawn with variance 1: of a vector of length 1 they make values of
        variance 1.
        """
        with torch.autocast(texts.device.type, enabled=False):
            values = leaky_relu(self.dense(texts.to(self.dense.weight)), SLOPE)
        mean, log_sigma = values.chunk(2, dim=1)
        return mean, 0.5 * log_sigma

    def forward(self, texts: Tensor, draw: Numbers | None = None) -> Tensor:
        """[B, E] -> [B, E]"""
        mean, log_sigma = self.moments(texts)
        if draw is None:
            return mean
        return mean + log_sigma.exp() * draw.normal("conditioning", mean.shape[1])


def conditioning(name: str, size: int, files: tuple[UserFile, ...] = ()) -> Conditioning:
    """The conditioning by its name in the catalogue, or by `mine.py:NAME` of one of the files.

    Raises InputError for data without texts, and when what a person's file defines is none.
    """
    if size == 0:
        raise InputError(
            f"network.text_conditioning is '{name}', but the data has no captions; take a set "
            "with captions, say data.source=emoji-mini, or set text_conditioning to 'none'"
        )
    make = resolve(CONDITIONINGS, name, files)
    made = calling(name, make, size) if is_reference(name) else make(size)
    if not isinstance(made, Conditioning):
        raise InputError(
            f"network.text_conditioning {name} makes a {type(made).__name__}; it must be a "
            "subclass of lab.gan.networks.conditioning.Conditioning"
        )
    return made
