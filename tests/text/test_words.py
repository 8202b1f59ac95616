"""Facts about words and their numbers."""

from __future__ import annotations

import pytest

from lab.errors import InputError
from lab.text.words import MOST_WORDS, NUM_BUCKETS, require_readable, words_in, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Flag: Côte d’Ivoire", ["flag", "côte", "d", "’", "ivoire"]),
        ("a red\theart, please!", ["a", "red", "heart", "please"]),
        ("猫 ❤ +1", ["猫", "❤", "+", "1"]),
        ("ﬁre ①", ["fire", "1"]),
        (" . , ", []),
    ],
)
def test_words_are_lower_case_and_symbols_are_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_each_word_has_the_pieces_of_its_n_grams() -> None:
    words = words_in(["cat", "", "cat cat"])
    assert words.counts == (1, 1, 2)
    # <cat> itself, and of <cat>: <ca cat at> <cat cat> and the whole once more as a 5-gram.
    assert words.starts.tolist() == [0, 7, 8, 15]
    assert words.pieces[:7].tolist() == words.pieces[8:15].tolist()
    assert int(words.pieces.max()) < NUM_BUCKETS


def test_a_long_text_is_read_to_its_limit() -> None:
    assert words_in(["word " * 10_000]).counts == (MOST_WORDS,)


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "has no word"), (" ,", "has no word"), ("word " * 10_000, "has 10,000 words")],
)
def test_a_text_that_cannot_be_read_is_one_sentence(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        require_readable(text)
