"""The page of runs that a person's own loop recorded with Monitor, without any search."""

from __future__ import annotations

import math
import re
from html import unescape
from pathlib import Path

import pytest

from lab.record import read_study
from lab.stability.monitor import Monitor
from reports.__main__ import main
from reports.study.tables import from_elsewhere, has_target, ruler_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seeds of one setting, of which the last breaks in the middle."""
    folder = tmp_path_factory.mktemp("loop") / "mine"
    for seed in range(3):
        with Monitor(
            budget_images=20_000, initial=300.0, record=folder, seed=seed, config={"lr": 1e-4}
        ) as monitor:
            for i in range(21):
                breaks = seed == 2 and i > 11
                fid = 180.0 if breaks else 290 * math.exp(-0.4 * i) + 10
                monitor.update(images_seen=1000 * i, fid=fid, critic_loss=1.0)
    return folder


def test_the_report_opens_the_record_and_states_what_it_is(folder: Path) -> None:
    assert main([str(folder)]) == 0
    page = (folder / "report.html").read_text()
    page = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    words = unescape(re.sub(r"<[^>]+>", "", page))
    assert "2 of 3 runs stable" in words
    assert "trained elsewhere and recorded by Monitor" in words
    assert "No target was given" in words
    for command in ("lab.search --resume", "lab.train --trial", "lab.evaluate", "lab.explore"):
        assert command not in words, command
    assert "python -m lab.judge" in words
    assert "independent pixels" not in words


def test_the_record_has_the_distance_and_its_scale(folder: Path) -> None:
    study = read_study(folder)
    ruler = ruler_of(study)
    assert ruler is not None
    assert (ruler.column, ruler.scale.anchor, ruler.scale.floor) == ("fid", 300.0, 0.0)
    assert from_elsewhere(study)
    assert not has_target(study)
