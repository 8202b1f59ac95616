"""The captions of a split as vectors, kept on disk between runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from safetensors.torch import load, save
from torch import Tensor

from lab.config import cache_folder
from lab.data.split import Split
from lab.gan.texts import Texts
from lab.metrics.cache import read_checked, write_checked
from lab.text.encoder import Encoder


@dataclass(frozen=True, eq=False)
class Captioned:
    """The images of a split that have captions."""

    rows: Tensor
    """int64 [n], their rows in the split."""
    captions: tuple[str, ...]
    """[M], of all of them, an image's one after the other."""
    firsts: Tensor
    """int64 [n + 1], the first caption of each."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def images(self) -> Tensor:
        """int64 [M], the position in `rows` of each caption's image."""
        return torch.repeat_interleave(torch.arange(len(self)), self.firsts.diff())

    def texts(self, vectors: Tensor, encode: Callable[[Tensor], Tensor] | None = None) -> Texts:
        """As conditions, by vectors [M, E] of the captions."""
        return Texts(vectors, self.firsts, encode)


def captioned(split: Split) -> Captioned:
    """The images of a split that have captions; none where it has no captions at all."""
    if split.captions is None:
        empty = torch.empty(0, dtype=torch.int64)
        return Captioned(empty, (), torch.zeros(1, dtype=torch.int64))
    firsts = torch.from_numpy(split.captions.firsts - split.captions.firsts[0])
    rows = firsts.diff().nonzero().squeeze(1)
    texts = tuple(text for of_image in split.captions for text in of_image)
    return Captioned(rows, texts, torch.cat([firsts[rows], firsts[-1:]]))


def vectors_of(
    encoder: Encoder,
    texts: tuple[str, ...],
    key: str,
    advance: Callable[[int], None] | None = None,
) -> Tensor:
    """Vectors [M, E] of texts, read from the cache or computed and put there.

    `key` identifies the texts and the encoder; `advance` gets the number of further texts.
    """
    path = cache_folder() / "texts" / f"vectors-{key}.safetensors"
    if (body := read_checked(path)) is not None:
        return load(body)["vectors"]
    parts = []
    for part in encoder.in_parts(texts):
        parts.append(part.clone())
        if advance is not None:
            advance(len(part))
    vectors = torch.cat(parts)
    write_checked(path, save({"vectors": vectors}))
    return vectors
