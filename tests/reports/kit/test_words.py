import math

import pytest

from reports.kit.words import counted, duration, images, listed, number, setting


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (0.0, "0"),
        (0.00317, "0.00317"),
        (4e-4, "4e-4"),
        (10.94, "10.9"),
        (386.2, "386"),
        (12_345, "12,345"),
        (1.5e9, "1.5e9"),
        ("r1", "r1"),
        (True, "True"),
    ],
)
def test_numbers_are_short(value: object, shown: str) -> None:
    assert number(value) == shown


def test_small_settings_are_written_as_rates_are() -> None:
    assert [setting(value) for value in (2e-4, 9.25e-3, 0.5, 64)] == [
        "2e-4",
        "9.25e-3",
        "0.5",
        "64",
    ]


def test_images_and_durations_carry_units() -> None:
    assert [images(n) for n in (0, 640, 6_400, 64_000, 1_200_000)] == [
        "0", "640", "6.4k", "64k", "1.2M",
    ]  # fmt: skip
    assert [duration(s) for s in (48.2, 570, 11_100)] == ["48 s", "9 min 30 s", "3 h 05 min"]


def test_one_is_singular() -> None:
    assert [counted(n, "run") for n in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]
    assert listed(["a", "b", "c"]) == "a, b and c"
