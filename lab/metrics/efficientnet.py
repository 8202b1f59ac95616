"""The extractor `efficientnet`: EfficientNet-Lite0's last features, pooled; they see colour."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from lab.config import EvaluationConfig
from lab.efficientnet import Encoder, deviation_of_last, pretrained, weights_file
from lab.metrics.extractors import Extractor
from lab.metrics.network import fitted
from lab.metrics.weights_file import file_digest

NAME = "efficientnet-lite0-v1"
"""Its number rises when equal images get other features."""
SIDE = 128
"""Pixels that images are resized to, not the published 224, at which one costs three times as
much: features of images of 32 pixels then have 4x4 places."""


class PooledFeatures(nn.Module):
    """The mean over all places of the 320 features with stride 32, divided by one number.

    They are the last that Projected GAN's critic reads. The classifier's 1,280 features after them
    would outnumber the real images of a small set. Over ImageNet's images those of a place have
    mean zero and, divided so, a mean variance of one: the polynomial kernel then sees moments like
    those of the lab's own small network.
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        """`state` as `lab.efficientnet.pretrained` returns it."""
        super().__init__()
        self.encoder = Encoder(state, channels=3)
        self.deviation = deviation_of_last(state)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """[n, C, H, H] uint8, C 1 or 3 -> ([n, 320],)"""
        last = self.encoder(fitted(images, 3, SIDE))[-1]
        return (last.mean(dim=(2, 3)) / self.deviation,)


def efficientnet(config: EvaluationConfig, device: torch.device) -> Extractor:
    """EfficientNet-Lite0 with the weights of the extra [features].

    Raises InputError where they are not installed.
    """
    module = PooledFeatures(pretrained()).eval().to(device)
    digest = file_digest(weights_file())
    return Extractor(NAME, "efficientnet", digest, module, device, batch_size=50)
