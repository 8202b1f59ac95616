"""Text to words, and words to numbers without a vocabulary.

A word is the mean of hashed vectors of itself and its character n-grams (Bojanowski et al. 2017),
so that words never seen share what they have in common with words that were.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

import torch
from torch import Tensor

from lab.errors import InputError

NUM_BUCKETS = 4096
"""Hashed vectors: 3,466 different words of the emoji's captions and their n-grams share them."""
MOST_WORDS = 48
"""Words of a text that are read."""
LENGTHS = (3, 4, 5)
"""Of the n-grams."""
MOST_LETTERS = 32
"""Letters of a word that are read."""

_WORD = re.compile(r"\w+|[^\w\s,.:;!?()\[\]\"']")


class Words(NamedTuple):
    """The words of several texts, as an embedding bag takes them."""

    pieces: Tensor
    """int64 [P], the numbers of all words' pieces in [0, NUM_BUCKETS), one after the other."""
    starts: Tensor
    """int64 [W], where each word's pieces start."""
    counts: tuple[int, ...]
    """Words of each text, at least 1: a text without any has an empty word."""


def words_of(text: str) -> list[str]:
    """Lower case, compatibility forms (NFKC); a symbol is a word, punctuation is left out."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def require_readable(text: str, option: str = "--text") -> None:
    """Raise InputError for a text without a word, or with more than are read."""
    count = len(words_of(text))
    if count == 0:
        raise InputError(f"{option} is {text[:40]!r}, which has no word; describe the picture")
    if count > MOST_WORDS:
        raise InputError(
            f"{option} has {count:,} words; the encoder reads {MOST_WORDS}: shorten the text"
        )


def words_in(texts: Sequence[str]) -> Words:
    """The first `MOST_WORDS` words of each text."""
    pieces: list[int] = []
    starts: list[int] = []
    counts = []
    for text in texts:
        words = words_of(text)[:MOST_WORDS] or [""]
        counts.append(len(words))
        for word in words:
            starts.append(len(pieces))
            pieces.extend(_pieces(word))
    return Words(torch.tensor(pieces), torch.tensor(starts), tuple(counts))


@lru_cache(maxsize=100_000)
def _pieces(word: str) -> tuple[int, ...]:
    """The numbers of a word and of its n-grams, whose ends are marked."""
    marked = f"<{word[:MOST_LETTERS]}>"
    grams = {
        marked[start : start + length]
        for length in LENGTHS
        for start in range(len(marked) - length + 1)
    }
    return tuple(crc32(gram.encode()) % NUM_BUCKETS for gram in (marked, *sorted(grams)))
