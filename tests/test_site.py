"""The documentation site: an example of each verdict.

`make docs` checks the rest: its build fails on a link or a page that leads nowhere.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab.record.verdicts import VERDICTS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGE = (DOCS / "verdicts.md").read_text()


@pytest.mark.parametrize("verdict", [word.name for word in VERDICTS])
def test_every_verdict_has_a_section_with_a_picture_and_a_sentence(verdict: str) -> None:
    (section,) = re.findall(rf"^## {verdict}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert f"](verdicts/{verdict}.svg)" in section
    assert (DOCS / "verdicts" / f"{verdict}.svg").exists()
    assert "\n> " in section


@pytest.mark.parametrize("verdict", ["stable", "degraded", "stalled", "short"])
def test_the_quoted_sentences_are_those_of_the_judge(
    verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(DOCS / "site")
    from verdicts import EXAMPLES, is_quoted

    example = EXAMPLES[verdict]()
    assert example.verdict.name == verdict
    assert is_quoted(example.verdict.evidence)
