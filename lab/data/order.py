"""Orders of images: the endless stream of training batches, and the held-out split."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lab.randomness import counted_generator

Indices = NDArray[np.int64]

HELDOUT_SHARE = 0.2
MAX_HELDOUT = 10_000
_PACKING_SEED = 0


def training_indices(split_size: int, seed: int, start: int, count: int) -> Tensor:
    """Rows `start`..`start + count` of the global sample order: int64 [count], on the CPU.

    The order is an endless stream of epochs, each a random permutation of all rows, drawn from
    (seed, "data order", epoch); so it is a pure function of its arguments.
    """
    parts = []
    while count > 0:
        epoch, offset = divmod(start, split_size)
        part = _permutation(split_size, seed, epoch)[offset : offset + count]
        parts.append(part)
        start, count = start + len(part), count - len(part)
    # cat copies, so no caller can write into the cached permutation.
    return torch.cat(parts) if parts else torch.empty(0, dtype=torch.int64)


@functools.lru_cache(maxsize=4)
def _permutation(size: int, seed: int, epoch: int) -> Tensor:
    return torch.randperm(size, generator=counted_generator(seed, "data order", epoch))


@dataclass(frozen=True)
class PackingOrder:
    """Which image of a source becomes which row of its pack: train, held-out, combinations."""

    indices: Indices
    num_train: int
    num_combinations: int = 0


def given_order(num_images: int, num_train: int, num_combinations: int = 0) -> PackingOrder:
    """The official split of a set: its first `num_train` images train; each part shuffled.

    The last `num_combinations` images are the held-out combinations, the others held out.
    """
    stop = num_images - num_combinations
    train = _shuffled(np.arange(num_train), "train order")
    heldout = _shuffled(np.arange(num_train, stop), "held-out order")
    combinations = _shuffled(np.arange(stop, num_images), "combinations order")
    indices = np.concatenate([train, heldout, combinations])
    return PackingOrder(indices, num_train, num_combinations)


def stratified_order(labels: Indices, originals: Indices | None = None) -> PackingOrder:
    """A random fifth of the images, at most 10,000, held out; each class in proportion.

    `labels` is int64 [N], -1 where unlabelled (such images count as one class). `originals` is
    int64 [N], the first image that each is a copy of, itself where it is none: copies are on the
    side of their original and do not count. Every class keeps at least one training image. Both
    parts are shuffled. The same arguments give the same order.
    """
    everything = np.arange(len(labels))
    originals = everything if originals is None else originals
    is_original = originals == everything
    num_heldout = min(round(int(is_original.sum()) * HELDOUT_SHARE), MAX_HELDOUT)
    shuffled = _shuffled(everything, "held-out split")
    candidates = shuffled[is_original[shuffled]]
    classes, counts = np.unique(labels[is_original], return_counts=True)
    heldout = np.zeros(len(labels), dtype=bool)
    for label, quota in zip(classes, _quotas(counts, num_heldout), strict=True):
        members = candidates[labels[candidates] == label]
        heldout[members[:quota]] = True
    heldout = heldout[originals]
    for label in np.setdiff1d(labels, labels[~heldout]):  # all of it are copies of other classes
        heldout[originals == originals[labels == label][0]] = False
    chosen = heldout[shuffled]
    indices = np.concatenate([shuffled[~chosen], shuffled[chosen]])
    return PackingOrder(indices, int((~chosen).sum()))


def _quotas(counts: Indices, total: int) -> Indices:
    """`total` shared out in proportion to `counts` by largest remainders, each below its count."""
    shares = counts * (total / counts.sum())
    quotas = np.minimum(np.floor(shares).astype(np.int64), counts - 1)
    for index in np.argsort(quotas - shares, kind="stable"):
        if quotas.sum() < total and quotas[index] < counts[index] - 1:
            quotas[index] += 1
    return np.asarray(quotas, dtype=np.int64)


def _shuffled(indices: Indices, purpose: str) -> Indices:
    rng = counted_generator(_PACKING_SEED, purpose, 0)
    shuffled: Indices = indices[torch.randperm(len(indices), generator=rng).numpy()]
    return shuffled
