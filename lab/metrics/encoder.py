"""The shipped feature network as a frozen, differentiable encoder of images in [-1, 1]."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lab.metrics.extractors import FASHION_WEIGHTS
from lab.metrics.network import FeatureNetwork, fitted
from lab.metrics.weights_file import read_weights


class Encoder(nn.Module):
    """The penultimate layer of a feature network, in full precision also under autocast."""

    def __init__(self, network: FeatureNetwork, side: int) -> None:
        super().__init__()
        self.network = network
        self.side = side

    def forward(self, images: Tensor) -> Tensor:
        """[n, C, H, H] in [-1, 1] -> [n, 64], of the images as the metrics see them

        without the rounding to 256 levels, which has no gradient.
        """
        with torch.autocast(images.device.type, enabled=False):
            levels = (images + 1.0) * 127.5
            return self.network.features(fitted(levels, self.network.channels, self.side))


def shipped_encoder() -> Encoder:
    """A copy of its own, frozen."""
    network, card = read_weights(FASHION_WEIGHTS)
    return Encoder(network, card.side).eval().requires_grad_(False)
