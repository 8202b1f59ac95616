"""Emoji of Unicode's files: characters, groups, names and keywords."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from lab.errors import InputError

TEST_FILE = Path("usr/share/unicode/emoji/emoji-test.txt")
ANNOTATION_FILES = tuple(
    Path("usr/share/unicode/cldr/common") / folder / "en.xml"
    for folder in ("annotations", "annotationsDerived")
)
"""Names and keywords of single emoji, and of sequences, which CLDR derives from them."""
VARIATION_SELECTOR = "\ufe0f"
"""Asks for the coloured form; CLDR's keys lack it."""
_LINE = re.compile(r"([0-9A-F ]+?) *; fully-qualified *# \S+ E[\d.]+ (.+)")


class Emoji(NamedTuple):
    """One fully qualified emoji."""

    characters: str
    group: str
    sub_group: str
    name: str
    """CLDR's short name, else that of emoji-test.txt."""
    keywords: tuple[str, ...]
    """CLDR's keywords; none for emoji that are newer than the installed CLDR."""


def read_emoji(root: Path) -> list[Emoji]:
    """All fully qualified emoji of emoji-test.txt, in its order.

    `root` is the folder that Debian's packages are unpacked in, / where they are installed.
    Raises InputError where a file is not Unicode's.
    """
    names: dict[str, str] = {}
    keywords: dict[str, tuple[str, ...]] = {}
    for path in ANNOTATION_FILES:
        _read_annotations(root / path, names, keywords)
    result, group, sub_group = [], "", ""
    for line in (root / TEST_FILE).read_text(encoding="utf-8").splitlines():
        if line.startswith("# group:"):
            group = line.partition(":")[2].strip()
        elif line.startswith("# subgroup:"):
            sub_group = line.partition(":")[2].strip()
        elif match := _LINE.match(line):
            characters = "".join(chr(int(point, 16)) for point in match[1].split())
            key = characters.replace(VARIATION_SELECTOR, "")
            name = names.get(key, match[2].strip())
            result.append(Emoji(characters, group, sub_group, name, keywords.get(key, ())))
    if not result:
        raise InputError(f"{root / TEST_FILE} has no emoji; install Debian's unicode-data again")
    return result


def _read_annotations(
    path: Path, names: dict[str, str], keywords: dict[str, tuple[str, ...]]
) -> None:
    """Add those of a CLDR file, by the emoji's characters without variation selectors."""
    try:
        tree = ElementTree.parse(path)
    except ElementTree.ParseError as error:
        raise InputError(
            f"{path} is no XML ({error}); install Debian's unicode-cldr-core again"
        ) from None
    for entry in tree.iter("annotation"):
        key, text = entry.attrib["cp"].replace(VARIATION_SELECTOR, ""), entry.text or ""
        if entry.get("type") == "tts":
            names[key] = text.strip()
        else:
            keywords[key] = tuple(word.strip() for word in text.split("|"))
