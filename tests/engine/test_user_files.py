"""A search with methods of a person's own file: on workers, in the record, and at a resume."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lab.record import STUDY_FILE, TRIAL_FILE, read_json, read_study, trial_folder
from tests.adding import examples, own_file
from tests.engine.test_search import TINY

EXTRACTOR = "def features(images):\n    return images.float().mean((1, 2))[:, ::4] / 255\n"


def search(here: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lab.search", "--storage=studies", *args]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=560, check=False, cwd=here
    )


@pytest.mark.slow
def test_a_persons_methods_are_searched_kept_and_resumed_without_the_file(tmp_path: Path) -> None:
    loss = own_file(examples()["A loss"], tmp_path)
    (tmp_path / "mine.py").write_text(EXTRACTOR)
    sets = ("--set=loss=huber.py:LOSS", "--set=evaluation.extractor=mine.py:features")
    tiny = [option for option in TINY if not option.startswith(("--trials", "--seeds", "--race"))]
    begun = search(tmp_path, "--name=mine", *tiny, "--trials=1", "--seeds=1", "--race=1", *sets)
    assert begun.returncode == 0, begun.stderr

    study = tmp_path / "studies" / "mine"
    record = read_study(study)
    assert [run.status for run in record.runs] == ["finished"] * 2
    assert "fd_mine-features_100" in record.runs[0].evaluations[-1]
    assert set(record.card.files) == {"huber.py", "mine.py"}
    trial = read_json(trial_folder(study, 0) / TRIAL_FILE)
    assert trial["files"]["huber.py"]["text"] == loss.read_text()
    assert trial["files"] == read_json(study / STUDY_FILE)["files"]

    text = loss.read_text()
    loss.write_text(text + "# another text\n")
    (tmp_path / "mine.py").unlink()
    resumed = search(tmp_path, "--resume=mine", "--trials=2")
    assert resumed.returncode == 0, resumed.stderr
    change = "huber.py has changed since the study began; the study continues"
    assert resumed.stdout.count(change) == 1
    after = read_study(study)
    assert len(after.trials) == 2
    assert after.trials[1].files["huber.py"].text == text


@pytest.mark.slow
def test_a_mistake_in_a_persons_file_ends_a_search_before_its_study(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def LOSS(real, fake):\n    return fake - real\n")
    done = search(tmp_path, "--name=mine", *TINY, "--set=loss=mine.py:LOSS")
    assert done.returncode == 2
    assert "loss mine.py:LOSS is a function; it must be a lab.gan.losses.Loss" in done.stderr
    assert not (tmp_path / "studies" / "mine").exists()
