"""The card of the trial that a study ends with."""

from __future__ import annotations

from pathlib import Path

from reports.sections.findings.leader import leader_card
from reports.study.gallery import Album
from tests.made_up.tiny import Run, tiny_study

TEXTS = {"score": 0.5}


def leader(folder: Path, *runs: Run, **facts: object) -> str:
    return str(leader_card(tiny_study(folder, list(runs), **facts), Album()))


def test_the_leader_of_a_study_with_texts_shows_how_well_its_images_follow_them(
    tmp_path: Path,
) -> None:
    run = Run(columns={"r_precision": [0.01, 0.2, 0.3]}, note=TEXTS)
    assert "R-precision</dt><dd><b>0.30</b>" in leader(tmp_path / "one", run)
    columns = [{"r_precision": [0.01, 0.1, end]} for end in (0.25, 0.45, 0.35)]
    fresh = [
        Run(columns=of, note=TEXTS, stage="confirm", trial=0, seed=seed)
        for seed, of in enumerate(columns, start=1)
    ]
    concluded = {"finalists": [0], "recommended": 0}
    raced = leader(tmp_path / "raced", run, *fresh, conclusions=concluded)
    assert "R-precision</dt><dd><b>0.35</b><small>median; nearest of 100 texts" in raced


def test_the_leader_of_a_study_without_texts_shows_none(tmp_path: Path) -> None:
    assert "R-precision" not in leader(tmp_path, Run(note=TEXTS))
