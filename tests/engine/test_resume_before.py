"""A study from before version 0.2 is resumed to its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.record import read_study
from tests.engine.test_search import finished
from tests.record.before import BEFORE, copied


@pytest.mark.slow
def test_an_older_study_is_resumed_to_its_end(tmp_path: Path) -> None:
    copied(tmp_path)
    done = finished(tmp_path, f"--resume={BEFORE.name}")
    assert done.returncode == 0, done.stderr
    before, after = read_study(BEFORE), read_study(tmp_path / BEFORE.name)
    assert after.problems == []
    assert after.card.status == "finished"
    assert len(after.card.resumed) == 1
    assert len(after.trials) == after.card.settings.trials == 4
    stages = sorted(run.card.stage for run in after.runs)
    assert stages == ["confirm", "explore", "explore", "explore", "explore", "race"]
    assert all(run.status == "finished" for run in after.runs)
    runs = {(run.trial, run.seed): run for run in after.runs}
    for run in before.runs:
        resumed = runs[run.trial, run.seed].evaluations
        assert list(resumed[: len(run.evaluations)]) == list(run.evaluations)
