"""Generated images in one pass, of which only the first features and a few images are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from lab.audit.classifier import GroupClassifier
from lab.audit.real import RealImages
from lab.metrics.nearest import Nearest, nearest
from lab.metrics.reference import in_batches

NUM_PAIRS = 16
"""Pairs of a generated image and a training image in the picture."""
BLOCK = 2_000
"""Samples that are compared with the real images at once."""


class Pairs(NamedTuple):
    """The generated images most like copies of training images, the most suspicious first."""

    images: Tensor
    """[n, C, H, W] uint8"""
    row: Tensor
    """Row of each one's nearest training image in the train split, int64 [n]."""
    ratio: Tensor
    """Distance to it over the distance to its own nearest neighbour, [n]."""


class Sampled(NamedTuple):
    """What an audit keeps of N generated images."""

    features: Tensor
    """[P, d] of the first ones."""
    training: Nearest
    """The nearest image that trained, of each; rows of `RealImages.members`."""
    heldout: Nearest
    """The nearest held-out image of each."""
    groups: dict[str, Tensor]
    """The group that each is assigned to, int64 [N], by grouping."""
    pairs: Pairs


def near(samples: Nearest, among: Tensor) -> Tensor:
    """Squared distance to the nearest training image over `among`, that image's to its nearest."""
    smallest = torch.finfo(torch.float32).tiny
    return samples.distance / among[samples.row].clamp(min=smallest)


def sampled(
    parts: Iterable[Tensor], real: RealImages, classifiers: Mapping[str, GroupClassifier]
) -> Sampled:
    """One pass over images [n, C, H, W] uint8 that come in parts."""
    firsts, count = [], 0
    seen = _Seen(real, classifiers)
    waiting: list[tuple[Tensor, Tensor]] = []
    for images in in_batches(parts, real.extractor.batch_size):
        features = real.extractor.features(images)
        if count < real.num_paired:
            firsts.append(features[: real.num_paired - count])
        count += len(features)
        waiting.append((images, features))
        if sum(len(part) for part, _ in waiting) >= BLOCK:
            seen.add(*(torch.cat(part) for part in zip(*waiting, strict=True)))
            waiting = []
    if waiting:
        seen.add(*(torch.cat(part) for part in zip(*waiting, strict=True)))
    assert seen.pairs is not None, "there is a generated image"
    groups = {name: torch.cat(each) for name, each in seen.groups.items()}
    return Sampled(
        torch.cat(firsts), _joined(seen.training), _joined(seen.heldout), groups, seen.pairs
    )


class _Seen:
    """What is kept of the images so far, besides the first features."""

    def __init__(self, real: RealImages, classifiers: Mapping[str, GroupClassifier]) -> None:
        self.real = real
        self.classifiers = classifiers
        self.training: list[Nearest] = []
        self.heldout: list[Nearest] = []
        self.groups: dict[str, list[Tensor]] = {name: [] for name in classifiers}
        self.pairs: Pairs | None = None

    def add(self, images: Tensor, features: Tensor) -> None:
        """Compare a block of images [n, C, H, W] with the real ones."""
        self.training.append(nearest(features, self.real.members))
        self.heldout.append(nearest(features, self.real.heldout))
        for name, classifier in self.classifiers.items():
            self.groups[name].append(classifier.assigned(features))
        self.pairs = _nearer(self.pairs, images, self.training[-1], self.real)


def _joined(parts: list[Nearest]) -> Nearest:
    return Nearest(
        torch.cat([one.distance for one in parts]), torch.cat([one.row for one in parts])
    )


def _nearer(best: Pairs | None, images: Tensor, training: Nearest, real: RealImages) -> Pairs:
    """The most suspicious pairs of those so far and of a further block."""
    ratio = near(training, real.neighbours.distance).cpu()
    order = ratio.sort(stable=True).indices[:NUM_PAIRS]
    rows = real.order[real.trained[training.row.cpu()[order]]]
    block = Pairs(images[order], rows, ratio[order])
    if best is None:
        return block
    images, rows, ratio = (torch.cat(both) for both in zip(best, block, strict=True))
    order = ratio.sort(stable=True).indices[:NUM_PAIRS]
    return Pairs(images[order], rows[order], ratio[order])
