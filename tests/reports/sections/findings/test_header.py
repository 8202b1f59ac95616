"""What the head of the page says about the study as a whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from lab.record import SpaceChangeCard
from reports.sections.findings.summary import header
from tests.made_up.tiny import Run, tiny_study


def test_a_space_that_was_changed_in_the_middle_is_on_the_page(tmp_path: Path) -> None:
    study = tiny_study(tmp_path, [Run()])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert "was changed before trial" not in str(header(study, now))
    space = study.card.space.changed(changes=(SpaceChangeCard(first_trial=12),))
    changed = replace(study, card=study.card.changed(space=space))
    assert "file was changed before trial 12: the trials from 12 on" in str(header(changed, now))
