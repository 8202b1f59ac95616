"""Facts about short runs: drawn and counted, never stable, and no failure."""

from pathlib import Path

from reports.kit.markup import Html
from reports.kit.outcomes import NO_FAILURES, VERDICT_NAMES
from reports.kit.panel import Panel
from reports.sections.failures.failures import cause_blocks, failures_rows, short_blocks
from reports.sections.failures.onset import onset_blocks, onset_rows
from reports.sections.failures.survival import survival_rows
from reports.sections.findings.findings import failures, of_explore, seeds
from reports.study.short import short_finding
from reports.study.tables import explored, finished, run_table
from tests.made_up.tiny import Run, tiny_study

EVIDENCE = "quality was .4 at 0.1 kimg; give it more images: about 0.2 kimg"


def _short(quality: float = 0.4) -> Run:
    rows = ((0, 0.0), (50, quality / 2), (100, quality))
    verdict = {"name": "short", "onset_images": 100, "evidence": EVIDENCE}
    return Run("short", 100, rows, note={"verdict": verdict})


MIXED = [Run(), Run(), Run("diverged", 50), _short(0.3), _short(0.4), _short(0.45)]


def test_short_is_a_verdict_and_no_failure() -> None:
    assert "short" in VERDICT_NAMES
    assert set(NO_FAILURES) == {"stable", "short"}


def test_short_runs_are_not_stable_and_lived_to_their_budget(tmp_path: Path) -> None:
    study = tiny_study(tmp_path, MIXED)
    rows = failures_rows(study)
    assert rows["stable"].unique().tolist() == [2]
    assert rows["total"].unique().tolist() == [6]
    assert not survival_rows(study)["failed"].to_numpy()[3:].any()
    assert run_table(study)["quality_alive"].tolist()[3:] == [0.3, 0.4, 0.45]


def test_short_runs_have_their_piece_of_the_bars(tmp_path: Path) -> None:
    (panel,) = cause_blocks(tiny_study(tmp_path, MIXED))
    assert isinstance(panel, Panel)
    assert panel.outcomes == {"stable": 2, "diverged": 1, "short": 3}


def test_failures_are_counted_without_short_runs(tmp_path: Path) -> None:
    study = tiny_study(tmp_path, MIXED)
    found = failures(finished(explored(run_table(study))))
    assert found is not None
    assert found.claim == "1 of 6 runs failed: 1 diverged."
    assert onset_rows(study)["outcome"].tolist() == ["diverged"]
    (panel,) = onset_blocks(study)
    assert isinstance(panel, Panel)
    assert "short" not in panel.note


def test_a_sentence_says_how_many_were_short_and_quotes_a_typical_one(tmp_path: Path) -> None:
    study = tiny_study(tmp_path, MIXED)
    (block,) = short_blocks(study)
    assert isinstance(block, Html)
    assert "3 of 6 runs were still improving at their budget" in block
    assert "as no failure" in block
    assert "A typical short run, " in block
    assert "trial 4" in block
    assert EVIDENCE in block
    assert short_blocks(tiny_study(tmp_path / "other", [Run()])) == []


def test_the_budget_is_the_problem_where_half_of_the_runs_were_short(tmp_path: Path) -> None:
    few = short_finding(finished(run_table(tiny_study(tmp_path / "few", [*MIXED, Run()]))))
    most = short_finding(finished(run_table(tiny_study(tmp_path / "most", MIXED))))
    assert few is not None
    assert most is not None
    assert few.claim == "3 of 7 runs were short: still improving at their budget."
    assert most.claim.startswith("The budget is the problem: 3 of 6 runs")


def test_a_study_of_short_runs_has_no_failure(tmp_path: Path) -> None:
    study = tiny_study(tmp_path, [_short(), _short()])
    done = finished(explored(run_table(study)))
    claims = [found.claim for found in of_explore(study)]
    assert "No run was stable: 0 of 2 (Wilson 95%: 0–66%)." in claims
    assert "No run failed." in claims
    assert any("2 of 2 runs were still improving" in claim for claim in claims)
    assert seeds(done) is None
