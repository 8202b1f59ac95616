"""What an emoji shows, apart from skin tone and gender: its meaning, and these two."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from lab.data.emoji.unicode_files import VARIATION_SELECTOR, Emoji

TONES = ("default", "light", "medium-light", "medium", "medium-dark", "dark", "mixed")
"""Values of the attribute `skin tone`; `default` is yellow, `mixed` two people of two tones."""
GENDERS = ("neutral", "woman", "man", "mixed")
"""Values of the attribute `gender`, of people alone; `neutral` where the name states none."""

_MODIFIERS = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_JOINER = "\u200d"
_SAME_MEANING = {
    # man, woman -> person; boy, girl -> child; old man, old woman -> older person
    "👨": "🧑", "👩": "🧑", "👦": "🧒", "👧": "🧒", "👴": "🧓", "👵": "🧓",
    # prince, princess -> person with crown; Mrs. Claus, mx claus -> Santa Claus
    "🤴": "🫅", "👸": "🫅", "🤶": "🎅", "🧑‍🎄": "🎅",
    # man dancing; pregnant man, pregnant person
    "🕺": "💃", "🫃": "🤰", "🫄": "🤰",
    # pairs that were single characters before they were sequences
    "👫": "🧑‍🤝‍🧑", "👬": "🧑‍🤝‍🧑", "👭": "🧑‍🤝‍🧑", "💑": "🧑‍❤‍🧑", "💏": "🧑‍❤‍💋‍🧑",
    "🫱‍🫲": "🤝",
    # flags that are drawn as that of their country
    "🇭🇲": "🇦🇺", "🇨🇵": "🇫🇷", "🇲🇫": "🇫🇷", "🇩🇬": "🇮🇴", "🇪🇦": "🇪🇸", "🇺🇲": "🇺🇸", "🇧🇻": "🇳🇴",
    "🇸🇯": "🇳🇴",
}  # fmt: skip
_FAMILY = "👪"
_UNSEEN_TONE = "🏂"
"""The snowboarder is clothed from head to foot: its six pictures are equal."""
_WOMEN = frozenset(("woman", "women", "girl", "princess", "mermaid", "mrs"))
_MEN = frozenset(("man", "men", "boy", "prince", "merman", "santa"))
_PEOPLE = ("person", "family")
"""First words of the sub-groups of people; the other sub-groups of their group are body parts."""


def meaning(emoji: Emoji) -> str:
    """A key that emoji share which differ in skin tone or gender alone, or not at all."""
    drop = (*_MODIFIERS, VARIATION_SELECTOR, f"{_JOINER}\u2642", f"{_JOINER}\u2640")
    key = emoji.characters
    for part in drop:
        key = key.replace(part, "")
    for character, same in _SAME_MEANING.items():
        key = key.replace(character, same)
    return _FAMILY if key and set(key.split(_JOINER)) <= {"🧑", "🧒"} and _JOINER in key else key


def tones(emojis: Sequence[Emoji]) -> list[int]:
    """The index in TONES of each; -1 where its meaning has no tones, or they cannot be seen."""
    by_meaning = Counter(meaning(emoji) for emoji in emojis if _tones_of(emoji))
    result = []
    for emoji in emojis:
        key, of_emoji = meaning(emoji), _tones_of(emoji)
        if not by_meaning[key] or key == _UNSEEN_TONE:
            result.append(-1)
        elif len(of_emoji) > 1:
            result.append(TONES.index("mixed"))
        else:
            result.append(1 + _MODIFIERS.index(min(of_emoji)) if of_emoji else 0)
    return result


def genders(emojis: Sequence[Emoji]) -> list[int]:
    """The index in GENDERS of each, by its name; -1 where no people are drawn."""
    return [_gender(emoji) for emoji in emojis]


def _gender(emoji: Emoji) -> int:
    if not emoji.sub_group.startswith(_PEOPLE) or emoji.sub_group == "person-symbol":
        return -1
    words = set(re.findall(r"\w+", emoji.name.lower()))
    is_woman, is_man = bool(words & _WOMEN), bool(words & _MEN)
    name = ("mixed" if is_man else "woman") if is_woman else ("man" if is_man else "neutral")
    return GENDERS.index(name)


def _tones_of(emoji: Emoji) -> set[str]:
    return set(emoji.characters) & set(_MODIFIERS)
