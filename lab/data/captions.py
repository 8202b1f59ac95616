"""Texts of images: several, one or none each, compact in memory and on disk."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.errors import InputError

MOST_BYTES = 2**16
"""Of one caption: some 10,000 words."""


@dataclass(frozen=True)
class Captions:
    """The captions of n images, m in all, as one text in UTF-8.

    Of 50,000 images with five sentences each they take 20 MB. The arrays may be maps of files.
    """

    text: NDArray[np.uint8]
    """All captions, one after the other."""
    starts: NDArray[np.int64]
    """[m + 1], where each caption starts in the text, and where the last one ends."""
    firsts: NDArray[np.int64]
    """[n + 1], the first caption of each image; the next image's is the one after its last."""

    def __len__(self) -> int:
        """Number of images."""
        return len(self.firsts) - 1

    def __getitem__(self, row: int) -> tuple[str, ...]:
        """The captions of the image `row`, 0 <= row < n; empty where it has none."""
        numbers = range(self.firsts[row], self.firsts[row + 1])
        return tuple(
            self.text[self.starts[i] : self.starts[i + 1]].tobytes().decode() for i in numbers
        )

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return (self[row] for row in range(len(self)))

    @property
    def num_captions(self) -> int:
        """Captions of all images of this part."""
        return int(self.firsts[-1] - self.firsts[0])

    @property
    def counts(self) -> NDArray[np.int64]:
        """int64 [n], the number of captions of each image."""
        return np.diff(self.firsts)

    def part(self, start: int, stop: int) -> Captions:
        """Those of the images `start`..`stop`, without copying a text."""
        return Captions(self.text, self.starts, self.firsts[start : stop + 1])


def compact(texts: Iterable[Sequence[str]]) -> Captions:
    """The captions of each image, cleaned; what is empty then is left out.

    Raises InputError for a caption of more than 65,536 bytes or with half a surrogate pair.
    """
    text, starts, firsts = bytearray(), array("q", [0]), array("q", [0])
    for of_image in texts:
        for caption in filter(None, map(clean, of_image)):
            text += _encoded(caption)
            starts.append(len(text))
        firsts.append(len(starts) - 1)
    return Captions(
        np.frombuffer(text, dtype=np.uint8),
        np.frombuffer(starts, dtype=np.int64),
        np.frombuffer(firsts, dtype=np.int64),
    )


def clean(caption: str) -> str:
    """A caption in one line, without white space at its ends and without runs of it."""
    return " ".join(caption.split())


def _encoded(caption: str) -> bytes:
    start = f"the caption that starts with {caption[:40]!r}"
    try:
        content = caption.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"{start} has half a surrogate pair, which is no text; write it as UTF-8 again"
        ) from None
    if len(content) > MOST_BYTES:
        raise InputError(
            f"{start} has {len(content):,} bytes; at most {MOST_BYTES:,} are allowed: shorten it, "
            "or give each caption a line or row of its own"
        )
    return content
