"""Trains a feature network as a classifier of labelled images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from lab.metrics.network import FeatureNetwork, channels_last, fitted
from lab.randomness import counted_generator

MAX_SHIFT = 2
"""Pixels by which a training batch is shifted at most, each way."""


@dataclass(frozen=True)
class Progress:
    """State of a training after an epoch."""

    epoch: int
    num_epochs: int
    loss: float


@dataclass(frozen=True)
class TrainingPlan:
    """How a feature network is trained."""

    num_epochs: int = 12
    """Passes over the images."""
    batch_size: int = 128
    """Images of one step."""
    peak_rate: float = 4e-3
    """AdamW's learning rate at its peak, a tenth of the way; from there a cosine to 0."""
    seed: int = 0
    """Seed of the initial weights, the order of the images and the augmentation."""


def train_network(
    network: FeatureNetwork, images: Tensor, labels: Tensor, side: int, plan: TrainingPlan
) -> Iterator[Progress]:
    """Train on [N, C, H, H] uint8 images and [N] int64 labels; yields after each epoch.

    Augmentation is light, as the features should be smooth and still see detail: half of the
    images are flipped, a batch is shifted by at most two pixels.
    """
    device = network.feature_mean.device
    optimizer = torch.optim.AdamW(network.parameters(), lr=plan.peak_rate, weight_decay=0.02)
    steps_per_epoch = len(images) // min(plan.batch_size, len(images))
    num_steps = plan.num_epochs * steps_per_epoch
    for epoch in range(plan.num_epochs):
        order = torch.randperm(len(images), generator=counted_generator(plan.seed, "order", epoch))
        total = 0.0
        network.train()
        for i, rows in enumerate(torch.split(order, plan.batch_size)[:steps_per_epoch]):
            step = epoch * steps_per_epoch + i
            for group in optimizer.param_groups:
                group["lr"] = plan.peak_rate * share_of_peak(step, num_steps)
            batch = fitted(images[rows].to(device), network.channels, side)
            logits = network(_augmented(batch, plan.seed, step))
            loss = F.cross_entropy(logits, labels[rows].to(device))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += float(loss.detach())
        yield Progress(epoch + 1, plan.num_epochs, total / steps_per_epoch)
    _standardise_features(network, images, side)


def accuracy(network: FeatureNetwork, images: Tensor, labels: Tensor, side: int) -> float:
    """Share of [N, C, H, H] uint8 images whose largest logit is their label's."""
    network.eval()
    device = network.feature_mean.device
    right = 0
    with torch.inference_mode():
        for part, truth in zip(torch.split(images, 250), torch.split(labels, 250), strict=True):
            logits = network(fitted(part.to(device), network.channels, side))
            right += int((logits.argmax(dim=1).cpu() == truth).sum())
    return right / len(images)


def initial_network(channels: int, num_classes: int, width: int, seed: int) -> FeatureNetwork:
    """An untrained network, He-initialised by counted randomness (He et al. 2015)."""
    network = FeatureNetwork(channels, num_classes, width)
    rng = counted_generator(seed, "extractor-weights", 0)
    for name, parameter in network.named_parameters():
        if parameter.ndim > 1:
            fan_in = parameter[0].numel()
            gain = 1.0 if name.startswith("head") else 2.0
            torch.nn.init.normal_(parameter, 0.0, math.sqrt(gain / fan_in), generator=rng)
        elif name.endswith("bias"):
            torch.nn.init.zeros_(parameter)
    return channels_last(network)


def share_of_peak(step: int, num_steps: int) -> float:
    """A learning rate over its peak: a linear rise over a tenth of the steps, then a cosine."""
    rise = max(1, num_steps // 10)
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1.0 + math.cos(math.pi * (step - rise) / max(1, num_steps - rise)))


def _augmented(images: Tensor, seed: int, step: int) -> Tensor:
    """Half of a batch flipped left to right, the whole of it shifted."""
    rng = counted_generator(seed, "augmentation", step)
    flipped = (torch.rand(len(images), generator=rng) < 0.5).to(images.device)
    return shifted(torch.where(flipped[:, None, None, None], images.flip(3), images), rng)


def shifted(images: Tensor, rng: torch.Generator) -> Tensor:
    """[B, C, H, H] shifted by at most two pixels, all of a batch equally; edges are repeated."""
    across, down = torch.randint(0, 2 * MAX_SHIFT + 1, (2,), generator=rng).tolist()
    side = images.shape[-1]
    padded = F.pad(images, (MAX_SHIFT,) * 4, mode="replicate")
    cropped = padded[:, :, down : down + side, across : across + side]
    return cropped.contiguous(memory_format=torch.channels_last)


def _standardise_features(network: FeatureNetwork, images: Tensor, side: int) -> None:
    """Set the feature's centre and scale from the training images, without augmentation."""
    network.eval()
    device = network.feature_mean.device
    with torch.inference_mode():
        parts = [
            network.pooled(fitted(part.to(device), network.channels, side)).double()
            for part in torch.split(images, 250)
        ]
    features = torch.cat(parts)
    variance = features.var(dim=0).mean()
    assert variance > 0, "a trained network's features vary"
    network.feature_mean.copy_(features.mean(dim=0))
    network.feature_scale.copy_(variance.sqrt())
