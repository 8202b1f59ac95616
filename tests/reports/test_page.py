import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from lab.record import (
    EVALUATIONS_FILE,
    FAILURES,
    STUDY_FILE,
    TRIAL_FILE,
    StudyRecord,
    read_json,
    read_study,
    run_folder,
    trial_folder,
    write_json,
)
from reports import write_report
from reports.__main__ import main
from reports.page import build_page
from tests.made_up.synthetic import write_run, write_study, write_trial
from tests.reports.study.test_tables import POINT

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOSTILE = "<img src=x onerror=\"alert('x')\">&amp; \u202eright"


@pytest.fixture(scope="module")
def page(study: StudyRecord) -> str:
    """The page of the study of 20 trials."""
    return build_page(study, NOW)


def _ours(page: str) -> str:
    """The page without the code of plotly.js."""
    return re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)


def test_the_report_is_written_into_the_study_by_default(study_folder: Path) -> None:
    assert write_report(study_folder) == study_folder / "report.html"
    assert (study_folder / "report.html").stat().st_size < 9_000_000


def test_the_report_goes_where_it_is_asked_to(tmp_path: Path) -> None:
    out = tmp_path / "new" / "page.html"
    assert write_report(write_study(tmp_path / "study", 0), out) == out
    assert out.read_text().startswith("<!doctype html>")


def test_one_record_gives_one_page(study_folder: Path, page: str) -> None:
    assert build_page(read_study(study_folder), NOW) == page


def test_every_link_leads_to_a_place_of_the_page_or_to_a_trial(
    study: StudyRecord, page: str
) -> None:
    page = _ours(page)
    anchors = set(re.findall(r' id="([^"]+)"', page))
    links = set(re.findall(r'href="#([^"]+)"', page))
    trials = {f"trial{mark}{trial.number}" for trial in study.trials for mark in "-="}
    assert links & trials
    assert links - trials <= anchors
    assert len(re.findall(r' id="', page)) == len(anchors)


def test_the_page_refers_to_nothing_outside_itself(page: str) -> None:
    sources = re.findall(r'(?:src|href)="([^"]*)"', _ours(page))
    assert sources
    assert all(source.startswith(("#", "data:image/webp;base64,")) for source in sources)


def test_the_policy_allows_only_our_three_scripts_and_no_network(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src &#x27;none&#x27;" in policy[1]
    assert policy[1].count("sha256-") == 3
    assert "script-src &#x27;unsafe" not in policy[1]


def write_hostile_study(folder: Path) -> Path:
    """A study whose every name, value, origin, evidence and error tries to be markup."""
    write_study(folder, 3, name=HOSTILE, verdict="diverged")
    card = read_json(folder / STUDY_FILE)
    card["space"]["name"] = card["data"]["name"] = card["metrics"]["extractor"] = HOSTILE
    card["command"] = ["python", HOSTILE]
    card["versions"] = {HOSTILE: HOSTILE}
    card["parameters"][HOSTILE] = {"kind": "categorical", "choices": [HOSTILE]}
    write_json(folder / STUDY_FILE, card)
    for number in range(3):
        trial_file = trial_folder(folder, number) / TRIAL_FILE
        trial = read_json(trial_file)
        trial["parameters"][HOSTILE] = HOSTILE
        write_json(trial_file, trial | {"origin": HOSTILE})
        run_file = run_folder(folder, number, 0) / "run.json"
        run = read_json(run_file)
        run["verdict"]["evidence"] = run["error"] = HOSTILE
        write_json(run_file, run)
    return folder


def test_markup_in_names_errors_and_evidence_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    page = _ours(build_page(read_study(write_hostile_study(tmp_path)), NOW))
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


@pytest.mark.parametrize("num_trials", [0, 1, 5])
def test_small_studies_have_a_page(tmp_path: Path, num_trials: int) -> None:
    page = build_page(read_study(write_study(tmp_path, num_trials)), NOW)
    assert ("Nothing finished yet." in page) == (num_trials == 0)


@pytest.mark.parametrize("verdict", FAILURES)
def test_a_study_where_all_failed_has_a_page(tmp_path: Path, verdict: str) -> None:
    page = build_page(read_study(write_study(tmp_path, 4, verdict=verdict)), NOW)
    assert "No run was stable: 0 of 4" in page
    assert f"Highest score, yet {verdict}" in page


def test_an_unfinished_study_states_so_and_its_date(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 2, status="running")
    write_trial(folder, 2, POINT, "tpe")
    write_run(folder, 2, POINT, np.random.default_rng(0), status="running")
    page = build_page(read_study(folder), NOW)
    assert "This study is running: the page shows it as of 1 March 2026, 12:00 UTC." in page
    assert "1 run running: unfinished" in page


def test_a_study_whose_first_run_has_only_begun_has_a_page(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 0, status="running")
    write_trial(folder, 0, POINT, "known:miyato-c")
    write_run(folder, 0, POINT, np.random.default_rng(0), status="running", samples=False)
    (run_folder(folder, 0, 0) / EVALUATIONS_FILE).unlink()
    page = build_page(read_study(folder), NOW)
    assert "So far: 1 run running." in page
    assert "No evaluation yet." in page


def test_a_card_with_nothing_but_a_name_still_has_a_page(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 6)
    write_json(folder / STUDY_FILE, {"study": "bare"})
    page = build_page(read_study(folder), NOW)
    assert "This study samples no parameter, so there is no map." in page


def test_a_picture_that_is_none_is_counted_and_not_shown(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 1, verdict="stable")
    last = sorted((run_folder(folder, 0, 0) / "samples").iterdir())[-1]
    last.write_bytes(b"<svg onload=alert(1)>")
    assert "not shown: damaged" in build_page(read_study(folder), NOW)


def test_a_folder_that_is_no_study_gets_one_sentence_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    complaint = capsys.readouterr().err
    assert "is not a study: it has no study.json" in complaint
    assert complaint.count("\n") == 1


def test_a_place_that_cannot_be_written_gets_one_sentence_and_code_2(
    study_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main([str(study_folder), "--out", str(tmp_path / "file" / "page.html")]) == 2
    assert "give a path with --out" in capsys.readouterr().err
