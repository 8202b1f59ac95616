"""Emoji: the embedded ones, their captions, attributes and held-out lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from lab.config import DataConfig
from lab.data import Pack, Split, find
from lab.data import emoji as emoji_package
from lab.data.__main__ import main
from lab.data.emoji.draw import FONT_FILE, SIDE, require_files
from lab.data.emoji.heldout import split_of
from lab.data.emoji.meaning import GENDERS, TONES, genders, meaning, tones
from lab.data.emoji.unicode_files import Emoji
from lab.data.source import fit
from lab.errors import InputError

FOLDER = Path(emoji_package.__file__).parents[1] / "embedded"


def emoji(characters: str, name: str = "", sub_group: str = "person-role") -> Emoji:
    return Emoji(characters, "People & Body", sub_group, name, ())


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield find(DataConfig(source="emoji-mini"))


@pytest.fixture(scope="module")
def emojis() -> list[Emoji]:
    """The embedded ones."""
    return emoji_package.embedded_emoji()[0]


def words(captions: Iterable[str]) -> set[str]:
    return set(re.findall(r"\w+", " ".join(captions).lower()))


def captions_of(part: Split | None) -> list[tuple[str, ...]]:
    assert part is not None
    assert part.captions is not None
    return list(part.captions)


def test_emoji_mini_has_every_emoji_with_a_caption(mini: Pack) -> None:
    card = mini.card
    assert (card.num_images, card.resolution, card.channels) == (3_655, 32, 3)
    assert (card.num_classes, card.class_names[0]) == (9, "Smileys & Emotion")
    assert all(texts for part in mini.parts for texts in captions_of(part))
    assert ("waving hand: dark skin tone",) in [
        texts[:1] for part in mini.parts for texts in captions_of(part)
    ]
    assert list(card.attributes) == ["sub-group", "skin tone", "gender"]
    assert len(card.attributes["sub-group"]) == 99


def test_emoji_mini_carries_its_licences_and_is_small() -> None:
    assert (FOLDER / emoji_package.EMBEDDED_FILE).stat().st_size <= 4_500_000
    licences = (FOLDER / "LICENSE.txt").read_text()
    for text in ("SIL OPEN FONT LICENSE Version 1.1", "2013-2017 Google Inc.", "Unicode, Inc."):
        assert text in licences


def test_a_meaning_is_never_on_both_sides(emojis: list[Emoji]) -> None:
    split = split_of(emojis)
    assert sorted([*split.train, *split.heldout, *split.combinations]) == list(range(len(emojis)))
    of_train = {meaning(emojis[index]) for index in [*split.train, *split.combinations]}
    assert of_train.isdisjoint({meaning(emojis[index]) for index in split.heldout})


def test_a_fifth_of_each_group_is_held_out(emojis: list[Emoji]) -> None:
    heldout = Counter(emojis[index].group for index in split_of(emojis).heldout)
    for group, count in Counter(one.group for one in emojis).items():
        assert 0.18 * count <= heldout[group] <= 0.21 * count


def test_equal_pictures_are_on_one_side(mini: Pack) -> None:
    train = {image.numpy().tobytes() for image in mini.train[:]}
    assert not train & {image.numpy().tobytes() for image in mini.heldout[:]}


def test_combinations_have_trained_words_and_new_captions(mini: Pack) -> None:
    train = captions_of(mini.train)
    combinations = captions_of(mini.combinations)
    trained_words = words(text for texts in train for text in texts)
    trained = {text for texts in train for text in texts}
    assert 50 <= len(combinations) <= 0.1 * len(train)
    for texts in combinations:
        assert words(texts) <= trained_words
        assert texts[0] not in trained


def test_a_combination_has_a_tone_and_its_meaning_trains_in_others(emojis: list[Emoji]) -> None:
    split = split_of(emojis)
    of_tone = tones(emojis)
    trained = Counter(meaning(emojis[index]) for index in split.train)
    for index in split.combinations:
        assert of_tone[index] > TONES.index("default")
        assert trained[meaning(emojis[index])] >= 4


def test_tones_and_genders_of_one_thing_have_one_meaning() -> None:
    judges = ["🧑‍⚖️", "👨‍⚖️", "👩🏿‍⚖️", "👩🏻‍⚖️"]
    runners = ["🏃", "🏃‍♂️", "🏃🏽‍♀️"]
    couples = ["💏", "👩‍❤️‍💋‍👨", "🧑🏻‍❤️‍💋‍🧑🏿", "💏🏻"]
    families = ["👪", "👨‍👩‍👦", "👩‍👧‍👧"]
    hands = ["🤝", "🤝🏻", "🫱🏻‍🫲🏿"]
    groups = [judges, runners, couples, families, hands, ["👫", "🧑🏻‍🤝‍🧑🏾"], ["🤶", "🧑🏿‍🎄"]]
    keys = [{meaning(emoji(one)) for one in group} for group in groups]
    assert [len(key) for key in keys] == [1] * len(groups)
    assert len(set.union(*keys)) == len(groups)
    assert meaning(emoji("🧑‍🍳")) != meaning(emoji("🧑‍🎓"))


def test_the_tone_is_that_of_the_modifiers() -> None:
    seen = tones([emoji(one) for one in ("👋", "👋🏻", "👋🏿", "👩🏻‍🤝‍👩🏿", "🐈")])
    assert [TONES[tone] if tone >= 0 else None for tone in seen] == [
        "default", "light", "dark", "mixed", None,
    ]  # fmt: skip


def test_the_gender_is_that_of_the_name_and_of_people_alone() -> None:
    named = [
        emoji("👩‍⚖️", "woman judge"),
        emoji("🧑‍⚖️", "judge"),
        emoji("🤴", "prince"),
        emoji("👫", "woman and man holding hands", "family"),
        emoji("👞", "man’s shoe", "clothing"),
        emoji("👋", "waving hand", "hand-fingers-open"),
    ]
    seen = [GENDERS[gender] if gender >= 0 else None for gender in genders(named)]
    assert seen == ["woman", "neutral", "man", "mixed", None, None]


def test_without_debians_packages_one_sentence_names_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words_of_command = ["pack", "emoji", str(tmp_path / "out"), "--root", str(tmp_path)]
    assert main(words_of_command) == 2
    error = capsys.readouterr().err
    for package in ("fonts-noto-color-emoji", "unicode-data", "unicode-cldr-core"):
        assert package in error
    with pytest.raises(InputError, match="apt-get install"):
        require_files(tmp_path)


def test_emoji_are_drawn_as_the_embedded_ones_were(emojis: list[Emoji]) -> None:
    """Another version of the font may draw some of them anew, but not all."""
    if not (Path("/") / FONT_FILE).is_file():
        pytest.skip("Debian's fonts-noto-color-emoji is absent")
    from PIL import features

    from lab.data.emoji.draw import drawer

    if not features.check("raqm"):
        pytest.skip("Pillow has no libraqm")
    images = emoji_package.embedded_emoji()[1]
    draw = drawer(emojis, Path("/"))
    differences = []
    for index in (0, 300, 1500, 3500):
        drawn = draw(index)
        assert drawn.shape == (SIDE, SIDE, 3)
        assert drawn[0, 0].tolist() == [255, 255, 255]
        small = fit(drawn, 32).astype(int)
        differences.append(np.abs(small - images[index].astype(int)).mean())
    assert np.median(differences) < 20
