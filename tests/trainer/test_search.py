"""Whole searches of a trainer on a local Ray: the example's, killed and resumed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from html import unescape
from pathlib import Path

import pytest

from lab.record import StudyRecord, read_study

EXAMPLES = Path(__file__).parents[2] / "examples" / "own_trainer"
SLOWLY = "--seconds-per-kimg=0.03"


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's space and script, which sleeps longer."""
    folder = tmp_path_factory.mktemp("space")
    text = (EXAMPLES / "toy_stylegan_space.py").read_text()
    slow = text.replace("--gamma={gamma:g}", f"--gamma={{gamma:g}} {SLOWLY}")
    assert slow != text
    (folder / "slow.py").write_text(slow)
    script = (EXAMPLES / "toy_stylegan.py").read_text()
    (folder / "toy_stylegan.py").write_text(script)
    return folder / "slow.py"


def search(storage: Path, *args: str) -> list[str]:
    return [sys.executable, "-m", "lab.search", f"--storage={storage}", *args]


def finished(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=560, check=False)


def processes_of(folder: Path) -> list[int]:
    """Processes whose command line names a folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes()
        except OSError:
            continue
        if b"toy_stylegan.py" in words and str(folder).encode() in words:
            found.append(int(file.parent.name))
    return found


@pytest.fixture(scope="module")
def study(space: Path, tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    """Three trials, the better one raced and confirmed; killed once and resumed."""
    storage = tmp_path_factory.mktemp("studies")
    options = ("--trials=3", "--seeds=1,2", "--race=1", "--confirm=1", "--concurrent=1")
    begin = search(storage, f"--space={space}", "--name=study", *options)
    rows = storage / "study" / "trials" / "0000" / "seed-0" / "evaluations.jsonl"
    with subprocess.Popen(
        begin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 400
        while not (rows.exists() and rows.read_text().count("\n") >= 3):
            assert time.monotonic() < deadline, "no run had three evaluations"
            assert process.poll() is None, "the search ended before it was killed"
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
    done = finished(search(storage, "--resume=study"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert not processes_of(storage)
    return read_study(storage / "study")


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for processes in /proc")
def test_a_search_of_a_command_leaves_a_whole_record(study: StudyRecord) -> None:
    assert study.card.status == "finished"
    assert study.problems == []
    assert [run.status for run in study.runs] == ["finished"] * 5
    stages = sorted(run.card.stage for run in study.runs)
    assert stages == ["confirm", "explore", "explore", "explore", "race"]
    verdicts = {run.trial: run.verdict for run in study.runs}
    assert verdicts[0] == "stable"  # the known point `held`
    assert verdicts[1] in ("degraded", "diverged", "stalled")  # `free`
    assert study.card.conclusions.recommended == 0
    assert set(study.card.parameters) == {"gamma", "lr"}
    for run in study.runs:
        assert run.evaluations[0]["images_seen"] == 0
        assert "signal_critic_loss" in run.evaluations[0]
        assert (run.folder / "output.txt").stat().st_size > 0


def test_a_killed_run_went_on_from_its_snapshot(study: StudyRecord) -> None:
    (run,) = (run for run in study.runs if (run.trial, run.seed) == (0, 0))
    assert "resuming from" in (run.folder / "output.txt").read_text()
    seen = [row["images_seen"] for row in run.evaluations]
    assert seen == sorted(set(seen))
    assert seen[-1] == 100_000
    assert len(list((run.folder / "trainer").glob("0000*-toy"))) == 2


def test_the_report_names_metric_and_trainer(study: StudyRecord) -> None:
    page = (study.folder / "report.html").read_text()
    page = unescape(re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL))
    assert "fid50k_full" in page
    assert "The training is a program of the study's own" in page
    assert "python -m lab.explore" not in page


def test_a_mistake_in_the_command_is_one_sentence_and_no_study(tmp_path: Path) -> None:
    text = (EXAMPLES / "toy_stylegan_space.py").read_text()
    file = tmp_path / "broken.py"
    file.write_text(text.replace("{python} toy", "no-such-program toy"))
    done = finished(search(tmp_path / "studies", f"--space={file}"))
    assert done.returncode == 2
    assert "there is no such command here" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "studies").exists()
