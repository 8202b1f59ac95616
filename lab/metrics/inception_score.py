"""The Inception Score (Salimans et al. 2016), as torch-fidelity has it."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from lab.metrics.subsets import RNG_SEED, Spread, spread


class InceptionScoreStream:
    """exp E KL(p(y|x) || p(y)) over splits of N samples, whose sums alone are kept.

    Splits are those of torch-fidelity, which shuffles the samples by its own seed.
    """

    def __init__(
        self, logits: Callable[[Tensor], Tensor], num_samples: int, *, num_splits: int
    ) -> None:
        """`logits` gives those of [n, d] features, [n, num_classes]."""
        self._logits = logits
        order = torch.from_numpy(np.random.RandomState(RNG_SEED).permutation(num_samples))
        edges = [i * num_samples // num_splits for i in range(num_splits + 1)]
        self._split = torch.empty(num_samples, dtype=torch.int8)
        for i in range(num_splits):
            self._split[order[edges[i] : edges[i + 1]]] = i
        self._sizes = torch.tensor([after - before for before, after in pairwise(edges)])
        self._probability = torch.zeros(())
        self._negentropy = torch.zeros(num_splits, dtype=torch.float64)
        self._count = 0

    def add(self, features: Tensor) -> None:
        """Take in [n, d] more features."""
        log_p = self._logits(features).double().log_softmax(dim=1).cpu()
        p = log_p.exp()
        split = self._split[self._count : self._count + len(p)].long()
        if self._probability.dim() == 0:
            self._probability = p.new_zeros(len(self._sizes), p.shape[1])
        self._probability.index_add_(0, split, p)
        self._negentropy.index_add_(0, split, (p * log_p).sum(dim=1))
        self._count += len(p)

    def values(self) -> Spread:
        """Mean and standard deviation over the splits."""
        assert self._count == len(self._split), "all samples came"
        q = self._probability / self._sizes[:, None]
        entropy = -torch.special.xlogy(q, q).sum(dim=1)
        divergence = self._negentropy / self._sizes + entropy
        return spread([math.exp(value) for value in divergence.tolist()])
