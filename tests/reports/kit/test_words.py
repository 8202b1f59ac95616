import math

import pytest

from reports.kit.words import counted, duration, fixed, images, listed, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (0.0, "0"),
        (0.0317, "0.0317"),
        (0.00317, "3.17e-3"),
        (2e-4, "2e-4"),
        (10.94, "10.9"),
        (386.2, "386"),
        (64, "64"),
        (1024, "1,024"),
        (12_345.6, "12,346"),
        (12_800_000, "12,800,000"),
        (1.5e9, "1.5e9"),
        ("r1", "r1"),
        (True, "True"),
    ],
)
def test_numbers_are_short(value: object, text: str) -> None:
    assert number(value) == text


def test_a_tie_is_rounded_up() -> None:
    assert [fixed(value) for value in (0.125, 0.375, None)] == ["0.13", "0.38", "–"]
    assert number(0.3125) == "0.313"


def test_images_and_durations_carry_units() -> None:
    assert [images(n) for n in (0, 640, 6_400, 64_000, 1_200_000)] == [
        "0", "640", "6.4k", "64k", "1.2M",
    ]  # fmt: skip
    assert [duration(s) for s in (48.2, 570, 11_100)] == ["48 s", "9 min 30 s", "3 h 05 min"]


def test_one_is_singular() -> None:
    assert [counted(n, "run") for n in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]
    assert listed(["a", "b", "c"]) == "a, b and c"
