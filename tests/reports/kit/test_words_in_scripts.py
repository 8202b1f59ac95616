"""Numbers read alike wherever they are on the page: from Python, and from the page's script."""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reports.kit.words import fixed, images, number

NODE = shutil.which("node")
FOLDER = Path(__file__).parents[3] / "reports" / "browser"
CALLS = """
import * as words from "./words.js";
let text = "";
for await (const piece of process.stdin) text += piece;
const answers = JSON.parse(text).map(({ name, arguments: given }) => words[name](...given));
console.log(JSON.stringify(answers));
"""
TIES = [0.125, 0.375, 0.0625, 0.3125, 2.5, 1234.5, 1235.5, 99.95, 5 / 1024]
EDGES = [0, 1e-2, 0.00999999, 1e-3, 5e-3, 2.44e-4, 0.1, 9.999, 99.96, 100, 999.5, 1000, 9999.4]
LARGE = [10_000, 123_456, 999_999.4, 999_999.5, 1e6, 1_234_567.8, 12_800_000, 1e9, 1.5e9, 3e30]
rng = random.Random(7)
SPREAD = [10 ** rng.uniform(-12, 12) for _ in range(500)]
SIZES = [*TIES, *EDGES, *LARGE, *SPREAD]
COUNTS = [None, *(size for size in SIZES if size < 1e9)]
NUMBERS: list[float | None] = [None, *SIZES, *(-size for size in SIZES if size)]


def in_node(calls: list[tuple[str, list[Any]]]) -> list[str]:
    """What functions of words.js return."""
    if NODE is None:
        pytest.skip("no node on the PATH (Debian: nodejs)")
    asked = json.dumps([{"name": name, "arguments": given} for name, given in calls])
    command = [NODE, "--input-type=module", "--eval", CALLS]
    finished = subprocess.run(
        command, input=asked, text=True, capture_output=True, cwd=FOLDER, check=False
    )
    assert finished.returncode == 0, finished.stderr
    answers: list[str] = json.loads(finished.stdout)
    return answers


@pytest.mark.parametrize("digits", [3, 6])
def test_the_script_writes_numbers_as_python_does(digits: int) -> None:
    from_script = in_node([("numberText", [value, digits]) for value in NUMBERS])
    assert from_script == [number(value, digits) for value in NUMBERS]


def test_the_script_writes_decimals_as_python_does() -> None:
    usual = [value for value in NUMBERS if value is None or abs(value) < 1e6]
    assert in_node([("fixed", [value]) for value in usual]) == [fixed(value) for value in usual]


def test_the_script_writes_images_as_python_does() -> None:
    from_script = in_node([("imagesText", [count]) for count in COUNTS])
    assert from_script == [images(count) for count in COUNTS]


def test_a_term_of_the_filter_has_a_number_that_a_script_can_read() -> None:
    texts = in_node([("termNumber", [value]) for value in SIZES])
    for text, value in zip(texts, SIZES, strict=True):
        assert math.isclose(float(text), value, rel_tol=6e-3), text
    assert in_node([("termNumber", [2.44e-4])]) == ["2.44e-4"]
