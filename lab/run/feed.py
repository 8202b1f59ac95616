"""Real images for a run: which ones each step takes, and this worker's share of them."""

from __future__ import annotations

import torch
from torch import Tensor

from lab.config import RunConfig
from lab.data import training_indices
from lab.data.split import Split
from lab.gan.rounds import RealBatch
from lab.gan.share import Share
from lab.gan.texts import Texts
from lab.randomness import counted_generator
from lab.run.bench import Bench
from lab.text.bench import Conditions


class _Images:
    """The images of a split that a run uses, with what they are conditioned on."""

    def __init__(
        self, split: Split, device: torch.device, limit: int | None, texts: Conditions | None
    ) -> None:
        """`limit`: the first so many; with `texts`, those of them that have captions."""
        self._split = split.resident(device)
        self._device = device
        self._count = limit or len(split)
        self._rows: Tensor | None = None
        self._texts: Texts | None = None
        if texts is not None:
            self._count = int((texts.rows < self._count).sum())
            self._rows, self._texts = texts.rows, texts.texts

    def __len__(self) -> int:
        return self._count

    @property
    def have_texts(self) -> bool:
        return self._texts is not None

    def batch(
        self, indices: Tensor, share: Tensor | None, mirror: Tensor | None = None
    ) -> RealBatch:
        """The images at `indices` (int64 [B] below the length), and their classes or texts:
        `share` (floats [B] in [0, 1), with texts) decides between an image's captions."""
        rows = indices if self._rows is None else self._rows[indices]
        batch = self._split.batch(rows, self._device, mirror)
        if self._texts is None:
            return RealBatch(batch.images, batch.labels)
        assert share is not None, "an image may have several captions"
        texts = self._texts.vectors[self._texts.captions_of(indices, share)]
        return RealBatch(batch.images, texts.to(self._device))


class Feed:
    """A pack's images on the device that trains, drawn by counted randomness."""

    def __init__(self, config: RunConfig, bench: Bench, share: Share) -> None:
        self.seed = config.seed
        self.batch_size = config.training.batch_size
        self.mirrors = config.data.mirror
        self.share = share
        pack, text, device = bench.pack, bench.text, bench.device
        of_train = None if text is None else text.train
        of_heldout = None if text is None or not len(text.heldout.rows) else text.heldout
        self._train = _Images(pack.train, device, config.data.limit, of_train)
        self._heldout = self._train  # a critic of texts cannot judge images without
        if text is None or of_heldout is not None:
            self._heldout = _Images(pack.heldout, device, None, of_heldout)

    def real(self, critic_step: int) -> RealBatch:
        """This rank's training images of a critic step."""
        return self._batch(critic_step, self.share)

    def whole(self, critic_step: int) -> RealBatch:
        """The training images of a critic step on all ranks together."""
        return self._batch(critic_step, Share())

    def _batch(self, critic_step: int, share: Share) -> RealBatch:
        first = critic_step * self.batch_size
        order = training_indices(len(self._train), self.seed, first, self.batch_size)
        mirror = None
        if self.mirrors:
            mirror = share.of(self._uniform("mirror", critic_step)) < 0.5
        captions = None
        if self._train.have_texts:
            captions = share.of(self._uniform("captions", critic_step))
        return self._train.batch(share.of(order), captions, mirror)

    def heldout(self, step: int) -> RealBatch:
        """This rank's images of a held-out batch."""
        rng = counted_generator(self.seed, "held-out", step)
        indices = torch.randint(len(self._heldout), (self.batch_size,), generator=rng)
        captions = None
        if self._heldout.have_texts:
            captions = self.share.of(self._uniform("captions of held-out", step))
        return self._heldout.batch(self.share.of(indices), captions)

    def _uniform(self, purpose: str, step: int) -> Tensor:
        """[batch_size] in [0, 1)"""
        return torch.rand(self.batch_size, generator=counted_generator(self.seed, purpose, step))
