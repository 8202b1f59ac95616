"""Real images for a run: which ones each step takes, and this worker's share of them."""

from __future__ import annotations

import torch

from lab.config import RunConfig
from lab.data import training_indices
from lab.gan.rounds import RealBatch
from lab.gan.share import Share
from lab.randomness import counted_generator
from lab.run.bench import Bench


class Feed:
    """A pack's images on the device that trains, drawn by counted randomness."""

    def __init__(self, config: RunConfig, bench: Bench, share: Share) -> None:
        self.seed = config.seed
        self.batch_size = config.training.batch_size
        self.mirrors = config.data.mirror
        self.device = bench.device
        self.share = share
        self._train = bench.pack.train.resident(bench.device)
        self._num_train = config.data.limit or len(self._train)
        self._heldout = bench.pack.heldout.resident(bench.device)

    def real(self, critic_step: int) -> RealBatch:
        """This rank's training images of a critic step."""
        return self._batch(critic_step, self.share)

    def whole(self, critic_step: int) -> RealBatch:
        """The training images of a critic step on all ranks together."""
        return self._batch(critic_step, Share())

    def _batch(self, critic_step: int, share: Share) -> RealBatch:
        first = critic_step * self.batch_size
        order = training_indices(self._num_train, self.seed, first, self.batch_size)
        mirror = None
        if self.mirrors:
            rng = counted_generator(self.seed, "mirror", critic_step)
            mirror = share.of(torch.rand(self.batch_size, generator=rng) < 0.5)
        batch = self._train.batch(share.of(order), self.device, mirror)
        return RealBatch(batch.images, batch.labels)

    def heldout(self, step: int) -> RealBatch:
        """This rank's images of a held-out batch."""
        rng = counted_generator(self.seed, "held-out", step)
        indices = torch.randint(len(self._heldout), (self.batch_size,), generator=rng)
        batch = self._heldout.batch(self.share.of(indices), self.device)
        return RealBatch(batch.images, batch.labels)
