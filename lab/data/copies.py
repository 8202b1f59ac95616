"""Copies and blank images among those that are packed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lab.data.order import PackingOrder
from lab.data.shelf import BrokenImage

Indices = NDArray[np.int64]


@dataclass
class WrittenImages:
    """What was seen while the images of a source were written in this order."""

    order: PackingOrder
    num_images: int
    broken: dict[int, BrokenImage] = field(default_factory=dict)
    """By index in the source."""
    num_blank: int = 0
    """Images of a single colour."""
    _digests: dict[int, bytes] = field(default_factory=dict)

    def add(self, index: int, row: NDArray[np.uint8] | BrokenImage) -> None:
        """Note the image of the source at `index`, uint8 [H, W, C] as it is packed."""
        if isinstance(row, BrokenImage):
            self.broken[index] = row
            return
        self.num_blank += bool((row == row[0, 0]).all())
        content = np.ascontiguousarray(row).data
        self._digests[index] = hashlib.blake2b(content, digest_size=16).digest()

    @cached_property
    def originals(self) -> Indices:
        """int64 [N], the first image with the same pixels as each."""
        first: dict[bytes, int] = {}
        digests = (self._digests[index] for index in range(self.num_images))
        return np.array([first.setdefault(digest, n) for n, digest in enumerate(digests)])

    @property
    def num_copies(self) -> int:
        """Images with the same pixels as an earlier one."""
        return int((self.originals != np.arange(self.num_images)).sum())

    def notes(self, num_train: int | None) -> tuple[str, ...]:
        """A sentence each on copies and blank images; `num_train` is that of a given split."""
        notes = []
        if self.num_copies:
            notes.append(f"copies of other images: {self.num_copies:,}; {self._side(num_train)}")
        if self.num_blank:
            notes.append(f"blank images, of a single colour: {self.num_blank:,}")
        return tuple(notes)

    def _side(self, num_train: int | None) -> str:
        if num_train is None:
            return "all copies of an image are on one side of the split"
        num_heldout = self.num_images - num_train
        num_trained = int((self.originals[num_train:] < num_train).sum())
        return f"{num_trained:,} of the {num_heldout:,} held-out images train as well"
