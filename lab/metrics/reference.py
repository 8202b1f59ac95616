"""Features of the real images: moments and rows, cached on disk between runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from lab.metrics.cache import read_checked, write_checked
from lab.metrics.extractors import Extractor
from lab.metrics.moments import Moments, MomentSums
from lab.metrics.nearest import Nearest, nearest
from lab.randomness import counted_generator

PROTOCOL = "3"
"""Increased when equal images would give other numbers, so that old cache files are not read."""
NUM_KEPT_ROWS = 60_000
"""Rows of features kept of a split (15 MB of 64 features, 490 MB of Inception's), or as many as
an evaluation takes samples, if that is more. Copies of other training images go undetected."""

Progress = Callable[[int], None]
"""Called with the number of further images whose features were computed."""


class Images(Protocol):
    """A split of a pack: `len(images)`, and `images[a:b]` gives uint8 [b - a, C, H, H]."""

    def __len__(self) -> int: ...
    def __getitem__(self, rows: slice) -> Tensor: ...


@dataclass(frozen=True)
class RealFeatures:
    """Features of the real images."""

    moments: Moments
    """Of the whole reference split."""
    reference: Tensor
    """[K, d] float32: rows of the reference split in a fixed random order."""
    heldout: Tensor
    """[L, d] float32: rows of the held-out split in a fixed random order."""
    neighbours: Nearest
    """Of each kept reference row among the others."""
    heldout_moments: Moments
    """Of the whole held-out split."""


def real_features(
    extractor: Extractor,
    reference: Images,
    heldout: Images,
    *,
    num_samples: int,
    fingerprint: str,
    cache: Path,
    progress: Progress | None = None,
) -> RealFeatures:
    """Features of both splits, read from the cache or computed and put there.

    `fingerprint` identifies the pixels of both splits. Several processes may do this at once: each
    writes a whole file of the same content. A damaged file is made again.
    Raises InputError when the cache cannot be written.
    """
    num_kept = max(NUM_KEPT_ROWS, num_samples)
    path = cache / features_file(extractor, fingerprint, len(reference), len(heldout), num_kept)
    features = _read(path)
    if features is None:
        advance = progress or (lambda num_images: None)
        moments, rows = _extracted(extractor, reference, num_kept, advance)
        heldout_moments, heldout_rows = _extracted(extractor, heldout, num_kept, advance)
        neighbours = _neighbours(rows, extractor)
        features = RealFeatures(moments, rows, heldout_rows, neighbours, heldout_moments)
        _write(path, features)
    return features


def features_file(extractor: Extractor, fingerprint: str, *counts: int) -> str:
    """Name of the cache file of features of this pack and whatever else the counts decide."""
    words = (PROTOCOL, extractor.digest, extractor.device.type, fingerprint, *map(str, counts))
    key = hashlib.blake2b("/".join(words).encode(), digest_size=12).hexdigest()
    return f"{extractor.name}-{key}.features"


def in_batches(parts: Iterable[Tensor], size: int) -> Iterator[Tensor]:
    """The same images in parts of `size` each, but for the last."""
    waiting: list[Tensor] = []
    for part in parts:
        waiting.append(part)
        if sum(map(len, waiting)) >= size:
            images = torch.cat(waiting)
            whole = len(images) // size * size
            yield from torch.split(images[:whole], size)
            waiting = [images[whole:]]
    rest = torch.cat(waiting)
    if len(rest):
        yield rest


def kept_order(num_images: int, num_samples: int) -> Tensor:
    """The images behind the rows kept of a split of so many, int64 [K]."""
    return random_order(num_images)[: max(NUM_KEPT_ROWS, num_samples)]


def random_order(num_images: int) -> Tensor:
    """A fixed random order, as a pack may be sorted by class."""
    return torch.randperm(num_images, generator=counted_generator(0, "real-features", 0))


def _neighbours(rows: Tensor, extractor: Extractor) -> Nearest:
    rows = rows.to(extractor.device)
    neighbours = nearest(rows, rows, itself=True)
    return Nearest(neighbours.distance.cpu(), neighbours.row.cpu())


def _extracted(
    extractor: Extractor, images: Images, num_kept: int, advance: Progress
) -> tuple[Moments, Tensor]:
    """The moments of all features, and up to `num_kept` rows of them in a fixed random order."""
    sums = MomentSums()
    order = random_order(len(images))
    kept = torch.zeros(len(images), dtype=torch.bool)
    kept[order[:num_kept]] = True
    parts = []
    for start in range(0, len(images), extractor.batch_size):
        rows = slice(start, min(start + extractor.batch_size, len(images)))
        features = extractor.features(images[rows])
        sums.add(features)
        parts.append(features.cpu()[kept[rows]])
        advance(len(features))
    position = kept.cumsum(0) - 1
    return sums.moments(), torch.cat(parts)[position[order[:num_kept]]]


def _write(path: Path, features: RealFeatures) -> None:
    tensors = {
        "mean": features.moments.mean,
        "covariance": features.moments.covariance,
        "reference": features.reference,
        "heldout": features.heldout,
        "neighbour_distance": features.neighbours.distance,
        "neighbour_row": features.neighbours.row,
        "heldout_mean": features.heldout_moments.mean,
        "heldout_covariance": features.heldout_moments.covariance,
    }
    write_checked(path, save({name: tensor.contiguous() for name, tensor in tensors.items()}))


def _read(path: Path) -> RealFeatures | None:
    """The features in a cache file, or None when it is missing or damaged."""
    if (body := read_checked(path)) is None:
        return None
    try:
        tensors = load(body)
        return RealFeatures(
            Moments(tensors["mean"], tensors["covariance"]),
            tensors["reference"],
            tensors["heldout"],
            Nearest(tensors["neighbour_distance"], tensors["neighbour_row"]),
            Moments(tensors["heldout_mean"], tensors["heldout_covariance"]),
        )
    except (SafetensorError, KeyError):
        return None
