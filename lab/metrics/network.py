"""The small classifier whose penultimate layer gives the features, and how images enter it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

NUM_FEATURES = 64


class FeatureNetwork(nn.Module):
    """Six 3x3 convolutions, three of them strided, global average pooling, one linear layer.

    While it trains, batch normalisation follows each convolution; `folded` gives the equal
    network without it, which is what the weights file holds and the metrics run.
    """

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, channels: int, num_classes: int, width: int = 32, *, folded: bool = False):
        super().__init__()
        sizes = [channels, width, width, 2 * width, 2 * width, 3 * width, NUM_FEATURES]
        strides = (2, 1, 2, 1, 2, 1)
        self.channels, self.num_classes, self.width = channels, num_classes, width
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride, padding=1)
            for before, after, stride in zip(sizes[:-1], sizes[1:], strides, strict=True)
        )
        self.norms = nn.ModuleList(
            nn.Identity() if folded else nn.BatchNorm2d(size) for size in sizes[1:]
        )
        self.head = nn.Linear(NUM_FEATURES, num_classes)
        self.register_buffer("feature_mean", torch.zeros(NUM_FEATURES))
        self.register_buffer("feature_scale", torch.ones(()))

    def pooled(self, images: Tensor) -> Tensor:
        """[n, channels, side, side] floats in [-1, 1] -> the penultimate layer [n, 64], >= 0."""
        x = images
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = F.relu(norm(convolution(x)), inplace=True)
        return x.mean(dim=(2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """[n, channels, side, side] floats in [-1, 1] -> class logits [n, num_classes]."""
        logits: Tensor = self.head(self.pooled(images))
        return logits

    def features(self, images: Tensor) -> Tensor:
        """[n, channels, side, side] floats in [-1, 1] -> features [n, 64].

        They are centred on the training images and divided by one number, so that these have
        mean zero and a mean variance of one: the polynomial kernel then sees comparable moments.
        """
        return (self.pooled(images) - self.feature_mean) / self.feature_scale

    def logits_of(self, features: Tensor) -> Tensor:
        """Class logits [n, num_classes] of what `features` gave, [n, 64]."""
        logits: Tensor = self.head(features * self.feature_scale + self.feature_mean)
        return logits

    def folded(self) -> FeatureNetwork:
        """The same function in evaluation mode with each normalisation folded away."""
        result = FeatureNetwork(self.channels, self.num_classes, self.width, folded=True)
        self.eval()
        for i, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            assert isinstance(convolution, nn.Conv2d)
            assert isinstance(norm, nn.BatchNorm2d)
            result.convolutions[i] = fuse_conv_bn_eval(convolution, norm)
        result.head.load_state_dict(self.head.state_dict())
        result.feature_mean.copy_(self.feature_mean)
        result.feature_scale.copy_(self.feature_scale)
        return result.eval().requires_grad_(False)


def channels_last(network: FeatureNetwork) -> FeatureNetwork:
    """The network with its weights laid out channels-last, which runs twice as fast on a CPU."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def fitted(images: Tensor, channels: int, side: int) -> Tensor:
    """Images as a network takes them: [n, C, H, H] uint8 -> [n, channels, side, side] in [-1, 1].

    Floats in [0, 255] are taken as well, and keep their type and their graph.
    28 pixels are padded to 32 with black; other sides are resized with antialiasing. Colour
    becomes grey by the mean of its channels, grey becomes colour by repetition.
    """
    x = images if images.is_floating_point() else images.float()
    if x.shape[1] != channels:
        x = x.mean(dim=1, keepdim=True).expand(-1, channels, -1, -1)
    if x.shape[-1] == 28:
        x = F.pad(x, (2, 2, 2, 2))
    if x.shape[-1] != side:
        x = F.interpolate(x, size=(side, side), mode="bilinear", antialias=True)
    return (x / 127.5 - 1.0).contiguous(memory_format=torch.channels_last)
