"""Mode seeking: different codes must give different images (Mao et al. 2019, MSGAN)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lab.gan.networks.network import generated
from lab.gan.terms import GeneratorSeen, Term

TINY = 1e-5
"""Added to the ratio, as in the authors' code."""


class ModeSeeking(Term):
    """weight / (E[ |G(z1) - G(z2)|_1 / |z1 - z2|_1 ] + 1e-5), eq. 2 there as a loss.

    Both distances are means over pixels and over parts of the code, so that the ratio depends
    neither on the resolution nor on the latent size. z1 is the code of each image of the batch, z2
    a second code of its own from the run's draws, with the same class and the same noise inputs.
    The expectation is over the pairs of a pass on all workers. The authors' code divides the mean
    of the one distance by the mean of the other, which for long codes differs little.
    """

    def generator(self, seen: GeneratorSeen, now: Any) -> Tensor | None:
        """[]"""
        codes = seen.draw.normal("mode seeking", seen.z.shape[1])
        others = generated(seen.generator, codes, seen.labels, seen.draw)
        of_images = (seen.fake - others).abs().flatten(1).mean(dim=1)
        of_codes = (seen.z - codes).abs().mean(dim=1)
        ratio = self.over_ranks(of_images / of_codes)
        return torch.as_tensor(now.weight / (ratio + TINY))
