"""Games that serve half of the looks of classes, and all looks out of focus.

The looks of a class are ordered along the first principal component of its images' features; half
of them are those on one side of the median.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from lab.config import EvaluationConfig
from lab.data.split import Split
from lab.metrics.extractors import load_extractor, settled
from lab.validate.planted.data import whole_pack
from lab.validate.planted.games import FewClasses, ServedGame

LAST_BLURS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
"""Standard deviations, in pixels, of the blur at the end of a run, one for each seed in turn."""


@lru_cache(maxsize=1)
def one_half() -> Tensor:
    """Which held-out images are in the first half of their class's looks, bool [N]."""
    pack = whole_pack()
    split = pack.heldout
    config = settled(EvaluationConfig(), pack.channels)
    features = load_extractor(config, torch.device("cpu")).features(split[:]).double()
    first = torch.zeros(len(split), dtype=torch.bool)
    for number in range(pack.num_classes):
        rows = torch.nonzero(split.labels == number).flatten()
        component = _first_component(features[rows])
        first[rows] = component <= component.median()
    return first


def _first_component(features: Tensor) -> Tensor:
    """Features [n, d] along their first principal component, [n]."""
    centred = features - features.mean(dim=0)
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)
    first = directions[0]
    component: Tensor = centred @ (first * first[first.abs().argmax()].sign())
    return component


class HalfOfEachClass(FewClasses):
    """Near-real images of every class are served, of half of its looks alone."""

    def allowed(self, split: Split) -> Tensor:
        return torch.nonzero(one_half()).flatten()


class HalfOfOneClass(FewClasses):
    """Near-real images are served, of half of the looks of one class, by the seed, and of all
    looks of the others. The class keeps its share."""

    def allowed(self, split: Split) -> Tensor:
        inside = split.labels == self.config.seed % self.num_classes
        kept = torch.nonzero(inside & one_half()).flatten()
        return torch.cat([torch.nonzero(~inside).flatten(), kept, kept])


class Blurred(ServedGame):
    """Held-out images of every class are served under a blur that sinks to that of the seed:
    diverse at every quality from poor to good."""

    def changed(self, images: Tensor) -> Tensor:
        last = LAST_BLURS[self.config.seed % len(LAST_BLURS)]
        return blurred(images, last * (1.0 + 2.0 * max(0.0, 1.0 - self.share_done)))


def blurred(images: Tensor, sigma: float) -> Tensor:
    """Images [B, 1, H, W] under a Gaussian blur of `sigma` pixels, cut off at 3 sigma."""
    reach = math.ceil(3.0 * sigma)
    places = torch.arange(-reach, reach + 1, device=images.device, dtype=images.dtype)
    weights = torch.softmax(-0.5 * (places / sigma).square(), dim=0)
    wide = pad(images, [reach] * 4, mode="replicate")
    return conv2d(conv2d(wide, weights.view(1, 1, 1, -1)), weights.view(1, 1, -1, 1))
