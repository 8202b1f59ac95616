"""R-precision: how often an image is nearer its own text than 99 others (Xu et al. 2018, AttnGAN).

An encoder of texts and images decides that the generator was not trained against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lab.randomness import counted_generator

NUM_WRONG = 99
CHANCE = 1 / (NUM_WRONG + 1)


class Count(NamedTuple):
    """k of n images whose own text was the nearest."""

    hits: int
    total: int

    @property
    def share(self) -> float:
        """NaN without images."""
        return self.hits / self.total if self.total else float("nan")


@dataclass(frozen=True, eq=False)
class Ranking:
    """Texts as the scoring encoder's vectors."""

    vectors: Tensor
    """[M, E], of all captions of a split."""
    identity: Tensor
    """int64 [M], equal for captions of equal text."""
    candidates: Tensor
    """int64 [K], the captions that wrong ones are drawn from."""

    def count(self, images: Tensor, captions: Tensor) -> Count:
        """`images` are vectors [n, E], `captions` the number of each one's own text, int64 [n].

        The wrong texts are counted draws by position, so the same for every generator; of equal
        texts one's own counts alone.
        """
        return Count(int(self.hits(images, captions).sum()), len(images))

    def hits(self, images: Tensor, captions: Tensor) -> Tensor:
        """Whether each image's own text is nearer than the wrong ones, bool [n]; as `count`."""
        if not len(images):
            return torch.empty(0, dtype=torch.bool)
        rng = counted_generator(0, "wrong captions", 0)
        picks = torch.randint(len(self.candidates), (len(images), NUM_WRONG), generator=rng)
        wrong = self.candidates[picks]
        matching = (images * self.vectors[captions]).sum(dim=1)
        others = torch.einsum("ne,nwe->nw", images, self.vectors[wrong])
        same = self.identity[wrong] == self.identity[captions][:, None]
        nearest = others.masked_fill(same, -2.0).amax(dim=1)
        return matching > nearest


def identities(texts: Sequence[str]) -> Tensor:
    """int64 [M], equal for equal texts."""
    _, numbers = np.unique(np.array(texts, dtype=object), return_inverse=True)
    return torch.from_numpy(numbers.astype(np.int64))
