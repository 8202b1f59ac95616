"""The verdict of docs/adding.md: its rule, and its word in the record's vocabulary."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.adding import examples

ROOT = Path(__file__).parents[2]
VERDICTS = "lab/record/verdicts.py"
STALLED = """    OutcomeWord(
        "stalled",
"""


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy of the tree does in which these two files alone differ."""
    tree = tmp_path_factory.mktemp("tree")
    for package in ("lab", "reports", "search_spaces", "tests"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tree / package, copy_function=os.symlink, ignore=ignored)
    words, example = tree / VERDICTS, examples()["A verdict"]
    text = words.read_text()
    assert text.count(STALLED) == 1
    words.unlink()
    words.write_text(text.replace(STALLED, textwrap.indent(example.line, "    ") + STALLED))
    (tree / example.file).write_text(example.code)
    done = subprocess.run(
        [sys.executable, "-m", "tests.stability.new_verdict_facts", str(tree / "study")],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    assert printed["tree"] == str(tree)
    return printed


def test_a_verdict_touches_two_files() -> None:
    assert examples()["A verdict"].files == ("lab/stability/rules/spiked.py", VERDICTS)


def test_the_judge_gives_it_with_a_confidence_by_its_own_limit(facts: dict[str, Any]) -> None:
    name, onset, evidence, confidence = facts["judged"]
    assert (name, onset) == ("spiked", 8 * facts["every"])
    assert evidence.startswith("the generator's loss was 20000")
    assert confidence == 8 / 9  # all but the limit twice as high
    assert facts["sensitive"] == [0.5, 0.5, 1.0]


def test_it_takes_its_place_in_the_order_of_the_vocabulary(facts: dict[str, Any]) -> None:
    words, rules = facts["order"]
    assert words == rules
    assert words[-4:] == ["spiked", "stalled", "deaf", "short"]
    assert facts["final_quality"] == 0.0


def test_it_is_stored_and_read(facts: dict[str, Any]) -> None:
    assert facts["stored"]
    assert facts["read"] == "spiked"
    assert facts["outcome"] == ["stable", "spiked", "stable"]


def test_the_terminal_and_the_validation_list_it(facts: dict[str, Any]) -> None:
    assert facts["terminal"] == "yellow"
    assert facts["validated"]


def test_the_page_draws_it_with_its_style_and_its_meaning(facts: dict[str, Any]) -> None:
    page = Path(facts["page"]).read_text()
    assert "The other run failed: 1 spiked." in facts["claims"]
    assert 'fill="#F0E442" fill-rule="evenodd" d="M8 1 10 15 2 6z"' in page
    assert "the generator&#x27;s loss was very large once" in page
    assert "the generator&#x27;s loss was 20000" in page
