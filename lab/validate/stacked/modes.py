"""Stacked images: three grey images in three channels are one of 1,000 modes, by a classifier.

Metz et al. 2017 and PacGAN (Lin et al. 2018): 26,000 samples, a classifier names each channel's
class; how many of the 1,000 triples occur, and the KL divergence of their shares from uniform.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from lab.metrics.extractors import FASHION_WEIGHTS
from lab.metrics.network import FeatureNetwork, fitted
from lab.metrics.weights_file import read_weights

NUM_CLASSES = 10
NUM_MODES = NUM_CLASSES**3
PAPER_SAMPLES = 26_000
SIDE = 32


@dataclass(frozen=True)
class Spread:
    """How samples lie over the modes."""

    modes: int
    """Modes with at least one sample."""
    divergence: float
    """KL(samples' shares || uniform), in nats; 0 to log 1000 = 6.9."""
    num_samples: int


def spread_of(triples: Tensor) -> Spread:
    """Of classes [N, 3], int64."""
    weights = torch.tensor([NUM_CLASSES**2, NUM_CLASSES, 1])
    counts = torch.bincount((triples * weights).sum(1), minlength=NUM_MODES).double()
    shares = counts / counts.sum()
    terms = torch.where(shares > 0, shares * (shares * NUM_MODES).log(), 0.0)
    return Spread(int((counts > 0).sum()), float(terms.sum()), len(triples))


def expected_divergence(num_samples: int, num_modes: int = NUM_MODES) -> float:
    """Of a perfect sampler over `num_modes` of the 1,000: exact, as counts are binomial.

    log(1000 / m) + E[(X / n) log(m X / n)] m with X ~ Bin(n, 1/m); for all modes and many samples
    that is close to 999 / 2n.
    """
    count = np.arange(1, num_samples + 1)
    weight = stats.binom.pmf(count, num_samples, 1 / num_modes)
    share = count / num_samples
    excess = num_modes * float(np.sum(weight * share * np.log(share * num_modes)))
    return math.log(NUM_MODES / num_modes) + excess


def divergence_error(num_samples: int, num_modes: int = NUM_MODES) -> float:
    """Standard deviation of a perfect sampler's divergence: 2n KL is close to chi-squared."""
    return math.sqrt(2 * (num_modes - 1)) / (2 * num_samples)


def read_classifier() -> FeatureNetwork:
    """The embedded extractor: it was trained as a classifier of Fashion-MNIST's train images."""
    network, _ = read_weights(FASHION_WEIGHTS)
    return network


@torch.inference_mode()
def classified(network: FeatureNetwork, images: Tensor) -> Tensor:
    """The classes of every channel: [N, C, H, H] uint8 -> [N, C] int64."""
    channels = images.shape[1]
    grey = images.flatten(0, 1)[:, None]
    parts = [
        network(fitted(part, network.channels, SIDE)).argmax(1) for part in torch.split(grey, 250)
    ]
    return torch.cat(parts).view(-1, channels)
