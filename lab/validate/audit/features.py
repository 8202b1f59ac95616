"""Features of real images, and of the same images slightly changed."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lab.config import DataConfig, EvaluationConfig
from lab.data import find
from lab.metrics.extractors import load_extractor
from lab.randomness import counted_generator
from lab.validate.part import Say

NOISE = 4.0
"""Deviation in grey levels of a noisy copy."""
SHIFT = 1
"""Pixels by which a shifted copy is off."""
PART = 500


class Pool(NamedTuple):
    """Images of fashion-mini as features of `fashion-v1`."""

    features: Tensor
    """[n, 64]"""
    noisy: Tensor
    """[n, 64], of the same images under noise."""
    shifted: Tensor
    """[n, 64], of the same images shifted to the right."""
    classes: Tensor
    """[n] int64"""
    names: tuple[str, ...]


def pool_of(num_images: int, say: Say) -> Pool:
    """The first images of the pack."""
    pack = find(DataConfig(source="fashion-mini"))
    extractor = load_extractor(EvaluationConfig(extractor="fashion"), torch.device("cpu"))
    parts: list[list[Tensor]] = [[], [], [], []]
    done = 0
    for split in (pack.train, pack.heldout):
        for start in range(0, min(len(split), num_images), PART):
            if done >= num_images:
                break
            images = split[start : start + PART]
            versions = images, _noisy(images, done), images.roll(SHIFT, dims=3)
            for into, version in zip(parts, versions, strict=False):
                into.append(extractor.features(version))
            parts[-1].append(split.labels[start : start + PART])
            done += len(images)
            say(f"features of {done:,} images")
    features, noisy, shifted, classes = (torch.cat(each)[:num_images] for each in parts)
    return Pool(features, noisy, shifted, classes, pack.card.class_names)


def _noisy(images: Tensor, index: int) -> Tensor:
    rng = counted_generator(0, "noisy copies", index)
    noise = NOISE * torch.randn(images.shape, generator=rng)
    return (images + noise).round().clamp(0, 255).to(torch.uint8)
