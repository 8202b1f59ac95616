"""What runs with texts share in a process: conditions of the images, and their score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from lab.config import TextConfig
from lab.data import Pack
from lab.data.progress import tracked_later
from lab.data.split import Split
from lab.errors import InputError
from lab.gan.texts import Texts
from lab.randomness import counted_generator
from lab.record.columns import R_PRECISION
from lab.text.captioned import Captioned, captioned, vectors_of
from lab.text.encoder import SIZE, Encoder
from lab.text.precision import CHANCE, NUM_WRONG, Count, Ranking, identities
from lab.text.weights import EncoderPair, find_encoders, read_encoders
from lab.text.words import require_readable

LONG = 20_000
"""Captions from which progress is shown."""
MOST_REAL = 2_000
"""Real images whose R-precision is the baseline."""


class Conditions(NamedTuple):
    """Images that have texts, and those as conditions."""

    rows: Tensor
    """int64 [n], their rows in the split."""
    texts: Texts


def halves(count: int) -> tuple[Tensor, Tensor]:
    """Positions of captioned training images, int64: those that the scoring encoder is trained on,
    and those whose captions it scores."""
    order = torch.randperm(count, generator=counted_generator(0, "halves of captioned images", 0))
    return order[: count // 2].sort().values, order[count // 2 :].sort().values


@dataclass(frozen=True, eq=False)
class TextBench:
    """Texts of one pack by one pair of encoders."""

    pack: Pack
    encoders: EncoderPair
    device: torch.device

    @property
    def text_size(self) -> int:
        """Length of the conditions."""
        return SIZE

    def conditions_of(self, texts: Sequence[str]) -> Tensor:
        """A person's texts as conditions, [n, E]. Raises InputError for one that is not usable."""
        for text in texts:
            require_readable(text)
        return self.encoders.conditioning.of_texts(texts).clone()

    @property
    def num_left_out(self) -> int:
        """Training images without a caption."""
        return len(self.pack.train) - len(self._train)

    @cached_property
    def train(self) -> Conditions:
        """Of the train split; its texts encode images as well."""
        encoder = self.encoders.conditioning
        encoder.to(self.device)
        return self._conditions(self._train, "train", encoder.of_images)

    @cached_property
    def heldout(self) -> Conditions:
        """Of the held-out split, without an encoder of images."""
        return self._conditions(captioned(self.pack.heldout), "heldout")

    @cached_property
    def ranking(self) -> Ranking:
        """Of training captions, against those that the scoring encoder has not seen."""
        return self.ranking_of(self._train, "train", self._scored.nonzero().squeeze(1))

    @cached_property
    def _scored(self) -> Tensor:
        """Which training captions the scoring encoder has not seen, bool [M]."""
        images = torch.zeros(len(self._train), dtype=torch.bool)
        images[halves(len(images))[1]] = True
        return images[self._train.images]

    @cached_property
    def baseline(self) -> dict[str, float]:
        """Of real images with a caption of their own, by column."""
        positions = halves(len(self._train))[1][:MOST_REAL]
        images = self.pack.train.at(self._train.rows[positions])
        return {R_PRECISION: self.count(images, self._train.firsts[positions]).share}

    def measure(self, images: Tensor, captions: Tensor) -> dict[str, float]:
        """Columns of generated images, uint8 [N, C, H, H], of training captions, int64 [N].

        Only captions count that the scoring encoder has not seen: about half of them.
        """
        return {R_PRECISION: self.count(images, captions).share}

    def count(self, images: Tensor, captions: Tensor) -> Count:
        """Of images [N, C, H, H] uint8 and their captions; as `measure`."""
        captions = captions.cpu()
        kept = self._scored[captions]
        vectors = self.encoders.scoring.of_levels(images[kept])
        return self.ranking.count(vectors, captions[kept])

    def ranking_of(
        self, images: Captioned, split: str, candidates: Tensor | None = None
    ) -> Ranking:
        """Of the captions of a split."""
        vectors = self.vectors(images, split, "scoring")
        everything = torch.arange(len(images.captions))
        chosen = everything if candidates is None else candidates
        return Ranking(vectors, identities(images.captions), chosen)

    def description(self) -> dict[str, Any]:
        """The record's `text` entry."""
        return {
            "encoder": f"{self.encoders.card.data}, {self.encoders.digest[:12]}",
            "num_captions": len(self._train.captions),
            "num_left_out": self.num_left_out,
            R_PRECISION: f"nearest of {NUM_WRONG + 1} texts by an encoder trained on other images",
            "chance": CHANCE,
            "baseline": dict(self.baseline),
        }

    @cached_property
    def _train(self) -> Captioned:
        return captioned(self.pack.train)

    def _conditions(
        self, images: Captioned, split: str, encode: Callable[[Tensor], Tensor] | None = None
    ) -> Conditions:
        vectors = self.vectors(images, split, "conditioning")
        return Conditions(images.rows, images.texts(vectors, encode))

    def vectors(
        self, images: Captioned, split: str, part: Literal["conditioning", "scoring"]
    ) -> Tensor:
        """[M, E], of the captions of a split by one of the encoders."""
        if not images.captions:
            return torch.empty(0, SIZE)
        encoder: Encoder = getattr(self.encoders, part)
        key = f"{split}-{part}-{self.encoders.digest[:16]}-{self.pack.card.fingerprint}"
        with ExitStack() as stack:
            advance = None
            if (total := len(images.captions)) >= LONG:
                advance = tracked_later(stack, "vectors of captions", total, "captions")
            return vectors_of(encoder, images.captions, key, advance)


def text_bench(pack: Pack, source: str, text: TextConfig, device: torch.device) -> TextBench:
    """Texts of a pack as configured; `source` names the data in a sentence.

    Raises InputError for a pack without captions, with too few, and without an encoder.
    """
    require_captions(pack.train, source, text)
    path = find_encoders(text, source, pack.card.fingerprint)
    return TextBench(pack, read_encoders(path), device)


def require_captions(split: Split, source: str, text: TextConfig | None = None) -> None:
    """Raise InputError where images lack captions that are required."""
    num_with = 0 if split.captions is None else int((split.captions.counts > 0).sum())
    missing = len(split) - num_with
    if num_with < 2 * (NUM_WRONG + 1):
        raise InputError(
            f"{source} has {num_with} training images with captions; texts need at least "
            f"{2 * (NUM_WRONG + 1)}: pack a set with captions (docs/data.md), say emoji-mini"
        )
    if missing and text is not None and text.uncaptioned == "refused":
        raise InputError(
            f"{missing:,} of {len(split):,} training images of {source} have no caption; add "
            "them, or set text.uncaptioned to 'left-out'"
        )
