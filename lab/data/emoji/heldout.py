"""Which emoji are held out: whole meanings, and single combinations of meanings that train."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import torch

from lab.data.emoji.meaning import TONES, meaning, tones
from lab.data.emoji.unicode_files import Emoji
from lab.data.order import HELDOUT_SHARE
from lab.randomness import counted_generator

_SEED = 0
_FEWEST_TONED = 5
"""Toned emoji of a meaning that may lose one to the combinations."""


class EmojiSplit(NamedTuple):
    """Indices of emoji, each in one of the three lists, in the order of the emoji."""

    train: list[int]
    heldout: list[int]
    """A fifth of each group, by meaning: tones and genders of one meaning are all in here."""
    combinations: list[int]
    """One toned emoji of every meaning that trains in five tones: another of its meaning, another
    of its tone and another of its gender train."""


def split_of(emojis: Sequence[Emoji]) -> EmojiSplit:
    """The split of these emoji; the same emoji give the same split."""
    by_group: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, emoji in enumerate(emojis):
        by_group[emoji.group][meaning(emoji)].append(index)
    heldout: set[int] = set()
    for group, meanings in by_group.items():
        heldout.update(_whole_meanings(group, list(meanings.values())))
    of_tone = tones(emojis)
    combinations: set[int] = set()
    for meanings in by_group.values():
        for key, members in meanings.items():
            toned = [index for index in members if of_tone[index] > TONES.index("default")]
            if len(toned) >= _FEWEST_TONED and heldout.isdisjoint(members):
                combinations.add(toned[_drawn_order(f"combination of {key}", len(toned))[0]])
    rest = [i for i in range(len(emojis)) if i not in heldout and i not in combinations]
    return EmojiSplit(rest, sorted(heldout), sorted(combinations))


def _whole_meanings(group: str, meanings: Sequence[list[int]]) -> list[int]:
    """Meanings in a drawn order, each taken if the group's quota has room for all of it."""
    quota = round(HELDOUT_SHARE * sum(map(len, meanings)))
    taken: list[int] = []
    for number in _drawn_order(f"held-out meanings of {group}", len(meanings)):
        if len(taken) + len(meanings[number]) <= quota:
            taken += meanings[number]
    return taken


def _drawn_order(purpose: str, size: int) -> list[int]:
    rng = counted_generator(_SEED, purpose, 0)
    order: list[int] = torch.randperm(size, generator=rng).tolist()
    return order
