"""Records with values of the wrong kind: unreadable values are left out, with a note."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.kit.blocks import drawn
from reports.sections.curves.curves import curve_blocks
from reports.sections.failures.failures import failure_blocks
from reports.sections.search.timeline import search_blocks
from tests.made_up.tiny import Run, tiny_study

INFINITE, NO_NUMBER = float("inf"), float("nan")
STUDIES: dict[str, list[Run]] = {
    "no run": [],
    "one run": [Run()],
    "running": [Run(None, status="running", rows=[(0, 0.0)])],
    "no rows": [Run("diverged", None, rows=[])],
    "all failed": [Run("diverged", 50) for _ in range(14)],
    "budget is text": [Run(note={"budget_images": "many"}) for _ in range(12)],
    "budget is zero": [Run(note={"budget_images": 0}) for _ in range(12)],
    "times of another kind": [
        Run(note={"seconds": "x", "started": 5, "ended": [], "hosts": "a", "images_seen": "a"})
    ],
    "verdict is text": [Run(note={"verdict": "stable"})],
    "unknown verdict": [Run(note={"verdict": {"name": "new<b>verdict", "onset_images": "x"}})],
    "onset outside the budget": [Run("diverged", -5), Run("diverged", 1e9)],
    "markup in names": [
        Run(choices={"loss": '<b>"x" שלום', "network.critic_norm": norm}, origin="known:<i>")
        for norm in ("a b", "a|b") * 5
    ],
    "values that are no numbers": [
        Run(rows=[(0, NO_NUMBER), (50, INFINITE), (100, 0.3)]) for _ in range(12)
    ],
    "errored": [Run(None, status="errored", note={"error": "x"}) for _ in range(3)],
    "one evaluation each": [Run(rows=[(0, 0.0)]) for _ in range(12)],
}
CARDS: list[dict[str, Any]] = [
    {},
    {"settings": "x", "seconds": "long"},
    {"settings": {"concurrent": "two", "workers": None, "cpus_per_worker": NO_NUMBER},
     "metrics": 5, "base": [1]},
]  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", STUDIES)
def test_every_figure_is_drawn_or_replaced_by_a_sentence(name: str, tmp_path: Path) -> None:
    for number, card in enumerate(CARDS):
        study = tiny_study(tmp_path / str(number), STUDIES[name], **card)
        for blocks in (failure_blocks, curve_blocks, search_blocks):
            for block in blocks(study):
                markup = drawn(block)
                assert markup
                assert "<b>verdict" not in markup
