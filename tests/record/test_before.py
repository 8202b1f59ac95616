"""Facts about a study from before version 0.2: it is read whole, and it has a page."""

from __future__ import annotations

from pathlib import Path

from lab.config import canonical_record
from lab.record import RUN_FILE, STUDY_FILE, TRIAL_FILE, read_json, read_study
from reports import write_report
from tests.record.before import BEFORE, copied

MADE_ANEW = ("score", "final_quality")
"""What follows from quality, whose scale has changed."""


def test_an_older_study_is_read_without_a_problem() -> None:
    study = read_study(BEFORE)
    assert study.problems == []
    assert study.num_torn_rows == 0
    assert [trial.origin for trial in study.trials] == ["sobol"] * 3
    assert [run.status for run in study.runs] == ["finished", "finished", "running"]
    assert [run.verdict for run in study.runs] == ["stalled", "stalled", None]
    assert study.card.budget_images == 400


def test_nothing_of_an_older_study_is_unknown_or_lost() -> None:
    study = read_study(BEFORE)
    assert not study.card.model_extra
    files = {STUDY_FILE: study.card.model_dump(mode="json", exclude_unset=True)}
    for trial in study.trials:
        files[f"trials/{trial.number:04d}/{TRIAL_FILE}"] = trial.model_dump(
            mode="json", exclude_unset=True
        )
    for run in study.runs:
        name = f"trials/{run.trial:04d}/seed-{run.seed}/{RUN_FILE}"
        files[name] = run.card.model_dump(mode="json", exclude_unset=True)
    for name, content in files.items():
        stored = canonical_record(read_json(BEFORE / name))
        assert content == stored | {key: content[key] for key in MADE_ANEW if key in stored}, name


def test_its_quality_is_made_anew_from_its_distances() -> None:
    study = read_study(BEFORE)
    assert study.is_rescaled
    scale = study.scale
    assert scale is not None
    assert scale.anchor == 2.608
    kernel = study.card.metrics.columns.kernel
    for run in study.runs:
        expected = [scale.quality(row[kernel]) for row in run.evaluations]
        assert [row["quality"] for row in run.evaluations] == expected
        if run.card.score is not None:
            assert run.card.final_quality == expected[-1]
            assert 0.0 <= run.card.score <= max(expected)


def test_an_older_study_has_a_page(tmp_path: Path) -> None:
    page = write_report(copied(tmp_path)).read_text()
    assert "before-0.2" in page
    assert "trial 1" in page
