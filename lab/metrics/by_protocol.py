"""Measuring images by named protocols; memory does not grow with the number of samples.

Kept are the features of real images (of at most 60,000 a split), the sums of the samples' moments
or class probabilities, and for a kernel distance the samples in one of its subsets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from lab.errors import InputError
from lab.metrics.distances import FrechetStream
from lab.metrics.extractors import Extractor
from lab.metrics.inception_score import InceptionScoreStream
from lab.metrics.metric import Stream
from lab.metrics.moments import Moments, pooled
from lab.metrics.protocols import IMAGES, NUM_SPLITS, NUM_SUBSETS, SUBSET_SIZE, Part, Protocol
from lab.metrics.reference import RealFeatures, in_batches
from lab.metrics.subsets import SubsetKernelStream


class Real(NamedTuple):
    """Real images as features."""

    moments: Moments
    """Of all of them."""
    rows: Tensor
    """[K, d]: those that are kept."""
    num_images: int


@dataclass(frozen=True)
class Splits:
    """Both splits of a pack as features."""

    features: RealFeatures
    num_train: int
    num_heldout: int

    def of(self, part: Part) -> Real:
        """The real images of a protocol's name."""
        features = self.features
        if part == "full":
            return Real(features.moments, features.reference, self.num_train)
        if part == "test":
            return Real(features.heldout_moments, features.heldout, self.num_heldout)
        counts = self.num_train, self.num_heldout
        return Real(
            pooled((features.moments, features.heldout_moments), counts),
            torch.cat([features.reference, features.heldout]),
            sum(counts),
        )


class Measured(NamedTuple):
    """The result of one protocol."""

    columns: dict[str, float]
    sentence: str


def measure_by(
    protocols: Sequence[Protocol],
    extractor: Extractor,
    splits: Splits | None,
    images: Iterable[Tensor],
) -> dict[str, Measured]:
    """The results of protocols of one extractor by name, in one pass over the images.

    `images` come in parts, as many as the largest protocol takes; each takes the first ones.
    `splits` may be None where no protocol has real images. Raises InputError where a protocol
    needs more real images or samples than there are.
    """
    parts = {one.part for one in protocols if one.part is not None}
    reals = {part: splits.of(part) for part in parts} if splits is not None else {}
    streams = [(one, _stream(one, extractor, reals)) for one in protocols]
    count = 0
    for batch in in_batches(images, extractor.batch_size):
        features = extractor.features(batch)
        for protocol, stream in streams:
            if count < protocol.num_samples:
                stream.add(features[: protocol.num_samples - count])
        count += len(features)
    results = {}
    for protocol, stream in streams:
        values = dict(zip(protocol.columns, map(float, stream.values()), strict=True))
        real = reals.get(protocol.part) if protocol.part is not None else None
        counts = (0, 0) if real is None else (real.num_images, len(real.rows))
        results[protocol.name] = Measured(values, protocol.sentence(*counts, extractor.name))
    return results


def _stream(protocol: Protocol, extractor: Extractor, reals: Mapping[Part, Real]) -> Stream:
    if protocol.kind == "score":
        assert extractor.logits is not None, "the Inception Score is Inception's"
        return InceptionScoreStream(extractor.logits, protocol.num_samples, num_splits=NUM_SPLITS)
    assert protocol.part is not None, "the protocol has real images"
    real = reals[protocol.part]
    if protocol.kind == "frechet":
        return FrechetStream(real.moments)
    if min(len(real.rows), protocol.num_samples) < SUBSET_SIZE:
        raise InputError(
            f"the protocol {protocol.name} draws subsets of {SUBSET_SIZE:,} images, but there are "
            f"{protocol.num_samples:,} samples and {len(real.rows):,} {IMAGES[protocol.part]}; "
            "take more of both, or a Frechet distance"
        )
    return SubsetKernelStream(
        real.rows, protocol.num_samples, num_subsets=NUM_SUBSETS, size=SUBSET_SIZE
    )
