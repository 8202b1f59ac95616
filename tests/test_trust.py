"""Code that a record brings along runs only if the person began something with it here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lab.engine.options import SearchOptions
from lab.engine.study import reopen
from lab.errors import InputError
from lab.plan import Planner, PlanSettings, Space, find_preset, load_space, study_card
from lab.record import STUDY_FILE, read_study, write_card
from lab.record.storage import open_storage
from lab.train import main as train
from lab.trust import FOLDER, note_own, require_own
from tests.plan.simulation import write_space

BANG = "raise SystemExit('it ran')\n"


@pytest.fixture(autouse=True)
def nothing_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path / "state"))


def stored(space: Space, folder: Path) -> Path:
    """A study of the space without a trial."""
    space = space.with_defaults(find_preset("laptop").base)
    settings = PlanSettings(trials=8).model_dump() | {"concurrent": 1, "cpus_per_worker": 1.0}
    card = study_card(space)
    card = card.changed(study="x", settings=card.settings.changed(**settings))
    write_card(folder / STUDY_FILE, card)
    return folder


def resumed(study: Path, **options: object) -> Planner:
    return reopen(open_storage(str(study)), SearchOptions(**options)).planner


def test_only_a_text_that_was_noted_is_the_persons_own() -> None:
    with pytest.raises(InputError, match=r"the study x would run code that .*: mine.py .sha256"):
        require_own([("mine.py", "a = 1")], "the study x", trust=False)
    note_own([("elsewhere/mine.py", "a = 1")])
    require_own([("mine.py", "a = 1")], "the study x", trust=False)
    with pytest.raises(InputError, match="read it, then give --trust"):
        require_own([("mine.py", "a = 2")], "the study x", trust=False)
    require_own([("mine.py", "a = 2")], "the study x", trust=True)
    require_own([("mine.py", "a = 2")], "the study x", trust=False)


def test_a_study_that_somebody_sent_runs_no_file_that_it_names(tmp_path: Path) -> None:
    space = write_space(tmp_path)
    study = stored(load_space(space), tmp_path / "study")
    Path(space).write_text(BANG)
    with pytest.raises(InputError, match=r"would run code that nothing of yours"):
        resumed(study)


def test_the_own_file_given_again_is_trusted_and_so_is_the_persons_word(tmp_path: Path) -> None:
    space = Path(write_space(tmp_path))
    study = stored(load_space(space), tmp_path / "study")
    assert resumed(study, space=str(space)).num_trials == 8
    with pytest.raises(InputError, match="your own copy of it with --space FILE"):
        resumed(study)
    assert resumed(study, trust=True).num_trials == 8
    assert resumed(study).num_trials == 8  # known from now on


def test_a_named_space_is_the_installations_whatever_path_a_record_has(tmp_path: Path) -> None:
    study = stored(load_space("sngan"), tmp_path / "study")
    trap = tmp_path / "search_spaces" / "sngan.py"
    trap.parent.mkdir()
    trap.write_text(BANG)
    card = read_study(study).card
    write_card(study / STUDY_FILE, card.changed(space=card.space.changed(file=str(trap))))
    with pytest.raises(InputError, match="would run code"):
        resumed(study)
    trap.unlink()
    assert resumed(study).num_trials == 8


@pytest.mark.parametrize("file", ["study.json", "trials/0000/trial.json"])
def test_no_text_that_a_record_holds_is_run(tmp_path: Path, file: str) -> None:
    study = stored(load_space("sngan"), tmp_path / "study")
    (study / "trials" / "0000").mkdir(parents=True)
    trial = {"format": 2, "number": 0, "config": {"seed": 0}, "parameters": {}}
    (study / "trials" / "0000" / "trial.json").write_text(json.dumps(trial))
    entries = json.loads((study / file).read_text())
    entries["files"] = {"mine.py": {"sha256": "0", "text": BANG}}
    (study / file).write_text(json.dumps(entries))
    with pytest.raises(InputError, match=r"would run code .*: mine.py"):
        resumed(study)
    if file != "study.json":
        assert train(["--trial", str(study / "trials" / "0000")]) == 2


def test_a_changed_space_is_shown_and_goes_on_when_that_is_accepted(tmp_path: Path) -> None:
    file = Path(write_space(tmp_path))
    study = stored(load_space(file), tmp_path / "study")
    note_own([(str(file), file.read_text())])
    before = file.read_text()
    file.write_text(before + "\nLATER = 1\n")
    note_own([(str(file), file.read_text())])
    with pytest.raises(InputError, match=r"is not the one that .*\+ LATER = 1.*--accept-space"):
        resumed(study)
    opened = reopen(open_storage(str(study)), SearchOptions(accept_space=True))
    (change,) = opened.card.space.changes
    assert (change.first_trial, change.text) == (0, before)
    assert opened.card.space.text == file.read_text()


def test_a_file_that_moved_is_named_again(tmp_path: Path) -> None:
    file = Path(write_space(tmp_path))
    study = stored(load_space(file), tmp_path / "study")
    moved = Path(shutil.move(file, tmp_path / "moved.py"))
    with pytest.raises(InputError, match="is not there"):
        resumed(study)
    assert reopen(
        open_storage(str(study)), SearchOptions(space=str(moved))
    ).card.space.file == str(moved)
