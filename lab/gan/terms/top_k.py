"""Top-k training: the generator learns from its best images alone (Sinha et al. 2020)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lab.config import RunConfig
from lab.errors import InputError
from lab.gan.draws import PassDraws
from lab.gan.terms import GeneratorSeen, Term
from lab.gan.terms.settings import highest


class TopK(Term):
    """The mean loss of the k images with the highest logits in place of the mean of all.

    k is `share` times the generator's batch over all workers, at least 1; the paper lowers the
    share from 1 to .5 by a factor of .99 each epoch, which an exponential schedule gives:
    {"start": 1, "end": 0.5, "until_images": 69 times the training images, "shape":
    "exponential"}. The term is the difference of both means, so weight 1 is the method and a
    weight between moves towards it. With the k-th place shared, the first samples count.
    """

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        terms: Any = config.terms
        settings = terms.top_k
        if config.training.accumulate > 1:
            raise InputError(
                "terms.top_k.weight is not 0 and training.accumulate is "
                f"{config.training.accumulate}; the best images of a batch are known after its "
                "last pass only: set training.accumulate to 1 or the weight to 0"
            )
        if (weight := highest(settings.weight)) > 1:
            raise InputError(
                f"terms.top_k.weight is {weight:g}; at 1 the best images alone count: set it to 1"
            )
        if settings.every_steps > 1:
            raise InputError(
                f"terms.top_k.every_steps is {settings.every_steps}; the term replaces the loss "
                "of a step and acts on each: set it to 1"
            )

    def generator(self, seen: GeneratorSeen, now: Any) -> Tensor | None:
        """[]"""
        mine, logits = self._whole(seen)
        k = max(1, round(now.share * len(logits)))
        best = logits.argsort(descending=True, stable=True)[:k]
        counts = torch.zeros_like(logits).index_fill(0, best, len(logits) / k)
        return torch.as_tensor(now.weight * (seen.losses * (counts[mine] - 1)).mean())

    def _whole(self, seen: GeneratorSeen) -> tuple[slice, Tensor]:
        """Where this rank's samples are in the batch, and the logits of all, without a graph."""
        draw: PassDraws = seen.draw
        size = draw.draws.config.training.batch_size * draw.multiplier
        mine = slice(draw.rows.start * draw.multiplier, draw.rows.stop * draw.multiplier)
        logits = seen.logits.new_zeros(size)
        logits[mine] = seen.logits.detach()
        return mine, self.ranks.sum(logits)
