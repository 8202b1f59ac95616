"""Records that are torn, half there, empty, from the future or hostile: each has a page."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.record import (
    EVALUATIONS_FILE,
    RUN_FILE,
    STUDY_FILE,
    TRIAL_FILE,
    read_json,
    run_folder,
    trial_folder,
    write_json,
)
from reports.__main__ import main
from tests.made_up.raced import write_raced_study
from tests.made_up.synthetic import write_run, write_study, write_trial
from tests.reports.study.test_tables import POINT

Edit = Callable[[dict[str, Any]], Any]


def page_of(folder: Path) -> str:
    """The page's own words, as the command writes them."""
    assert main([str(folder), "--out", str(folder / "page.html")]) == 0
    page = (folder / "page.html").read_text()
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def edit(path: Path, change: Edit) -> None:
    """Change a JSON file of the record in place."""
    data = read_json(path)
    change(data)
    write_json(path, data)


def edit_card(folder: Path, change: Edit) -> Path:
    edit(folder / STUDY_FILE, change)
    return folder


def edit_run(folder: Path, trial: int, change: Edit, seed: int = 0) -> None:
    edit(run_folder(folder, trial, seed) / RUN_FILE, change)


@pytest.fixture(scope="module")
def unspoiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of every kind of run: explored, raced, confirmed, one still running."""
    folder = tmp_path_factory.mktemp("studies") / "raced"
    return write_raced_study(folder, {5: "ssc", 9: "srs"}, raced="ss", num_trials=14, pareto=(5,))


@pytest.fixture
def raced(unspoiled: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil."""
    return Path(shutil.copytree(unspoiled, tmp_path / "raced"))


# A folder that is no study.


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"format": "x"}', '{"format": 99}'])
def test_what_is_no_study_gets_one_sentence_and_code_2(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / STUDY_FILE).write_text(content)
    assert main([str(tmp_path)]) == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert str(tmp_path) in complaint
    assert not (tmp_path / "report.html").exists()


def test_a_folder_that_is_not_there_gets_one_sentence_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


# Little there.


def test_a_study_of_two_trials_has_a_page(tmp_path: Path) -> None:
    assert page_of(write_study(tmp_path, 2))


def test_an_empty_study_states_that_nothing_ran(tmp_path: Path) -> None:
    page = page_of(write_study(tmp_path, 0))
    assert "No run yet." in page


def test_a_study_with_trials_and_no_run_names_what_is_missing(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 0)
    write_trial(folder, 0, POINT, "sobol")
    assert "0000/seed-*" in page_of(folder)


def test_a_study_still_running_states_it(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 3, status="running")
    write_trial(folder, 3, POINT, "tpe")
    write_run(folder, 3, POINT, np.random.default_rng(0), status="running")
    assert "running" in page_of(folder)


@pytest.mark.parametrize("verdict", ["diverged", "stalled"])
def test_a_study_where_all_failed_has_a_page(tmp_path: Path, verdict: str) -> None:
    assert "No run was stable" in page_of(write_study(tmp_path, 14, verdict=verdict))


@pytest.mark.parametrize("status", ["running", "pruned", "errored"])
def test_a_study_without_a_verdict_has_a_page(tmp_path: Path, status: str) -> None:
    folder = write_study(tmp_path, 0)
    for number in range(14):
        write_trial(folder, number, POINT, "sobol")
        write_run(folder, number, POINT, np.random.default_rng(number), status=status)
    assert status in page_of(folder)


def test_a_study_where_all_are_stable_has_a_page(tmp_path: Path) -> None:
    assert page_of(write_study(tmp_path, 14, verdict="stable"))


# Damage.


def test_torn_rows_are_counted(raced: Path) -> None:
    for trial in (1, 2):
        with (run_folder(raced, trial, 0) / EVALUATIONS_FILE).open("a") as rows:
            rows.write('{"images_seen": 64000, "qual')
    assert re.search(r"2 (torn|damaged|unreadable)", page_of(raced))


def test_files_that_are_missing_or_damaged_are_named(raced: Path) -> None:
    (trial_folder(raced, 1) / TRIAL_FILE).unlink()
    (run_folder(raced, 2, 0) / RUN_FILE).write_text("{")
    (run_folder(raced, 3, 0) / EVALUATIONS_FILE).unlink()
    page = page_of(raced)
    assert "trials/0001/trial.json" in page
    assert "trials/0002/seed-0/run.json" in page


STRANGE_ROWS = (
    "",
    "\n\n",
    "null\n7\n[]\n",
    "{}\n",
    '{"images_seen": 0}\n',
    '{"images_seen": "many", "quality": "good"}\n{"images_seen": null}\n',
    '{"images_seen": 64, "quality": {"a": 1}, "fd_fashion": [1], "kid_fashion": true}\n',
    '{"images_seen": 640, "quality": 0.5}\n{"images_seen": 64, "quality": 0.7}\n' * 2,
    '{"images_seen": -5, "quality": -1e308}\n{"images_seen": 1e30, "quality": 1e308}\n',
    '{"images_seen": "nan", "quality": "inf"}\n',
)
"""Without images seen, of other types, out of order, twice, beyond all bounds."""


@pytest.mark.parametrize("texts", [STRANGE_ROWS[::2], STRANGE_ROWS[1::2]], ids=["even", "odd"])
def test_strange_rows_do_no_harm(tmp_path: Path, texts: tuple[str, ...]) -> None:
    folder = write_study(tmp_path, 14, samples=False)
    for trial, text in zip((0, 2, 5, 7, 9), texts, strict=True):
        (run_folder(folder, trial, 0) / EVALUATIONS_FILE).write_text(text)
    assert page_of(folder)


@pytest.mark.slow
@pytest.mark.parametrize("text", STRANGE_ROWS)
def test_several_runs_of_the_same_strange_rows_do_no_harm(tmp_path: Path, text: str) -> None:
    folder = write_study(tmp_path, 14, samples=False)
    for trial in (0, 5, 9):
        (run_folder(folder, trial, 0) / EVALUATIONS_FILE).write_text(text)
    assert page_of(folder)


FIELDS = (
    "stage", "attempts", "status", "verdict", "score", "budget_images", "precision", "host",
    "hosts", "device", "started", "ended", "seconds", "num_parameters", "final_quality",
    "images_per_second", "images_seen", "trial", "seed",
)  # fmt: skip
STRANGE = (None, "x", -1, [None], {"a": None}, float("nan"))


def test_a_run_may_lack_any_of_its_fields(tmp_path: Path) -> None:
    folder = write_study(tmp_path, len(FIELDS), samples=False)
    for trial, field in enumerate(FIELDS):
        edit_run(folder, trial, lambda run, field=field: run.pop(field))
    assert page_of(folder)


together_or_alone = pytest.mark.parametrize(
    "values",
    [STRANGE, *(pytest.param((value,), marks=pytest.mark.slow) for value in STRANGE)],
    ids=repr,
)
"""All strange values in one study; in a study of its own, each only in `make test-slow`."""


@together_or_alone
def test_any_field_of_a_run_may_be_strange(tmp_path: Path, values: tuple[Any, ...]) -> None:
    cases = list(product(FIELDS, values))
    folder = write_study(tmp_path, len(cases), samples=False)
    for trial, (field, value) in enumerate(cases):
        edit_run(folder, trial, lambda run, field=field, value=value: run.update({field: value}))
    assert page_of(folder)


VERDICT_FIELDS = ("name", "onset_images", "evidence", "final", "confidence", "flags", "not_judged")


@together_or_alone
def test_any_part_of_a_verdict_may_be_strange_or_absent(
    tmp_path: Path, values: tuple[Any, ...]
) -> None:
    strange = list(product(VERDICT_FIELDS, values))
    folder = write_study(tmp_path, len(strange) + len(VERDICT_FIELDS), samples=False)
    for trial, (field, value) in enumerate(strange):
        edit_run(
            folder,
            trial,
            lambda run, field=field, value=value: run["verdict"].update({field: value}),
        )
    for trial, field in enumerate(VERDICT_FIELDS, len(strange)):
        edit_run(folder, trial, lambda run, field=field: run["verdict"].pop(field, None))
    assert page_of(folder)


TRIAL_FIELDS = ("origin", "parameters", "config", "created", "number")


@together_or_alone
def test_any_field_of_a_trial_may_be_strange_or_absent(
    tmp_path: Path, values: tuple[Any, ...]
) -> None:
    changes: list[Edit] = [
        lambda data, field=field, value=value: data.update({field: value})  # type: ignore[misc]
        for field, value in product(TRIAL_FIELDS, values)
    ]
    changes += [lambda data, field=field: data.pop(field) for field in TRIAL_FIELDS]  # type: ignore[misc]
    folder = write_study(tmp_path, len(changes) + 4, samples=False)
    for trial, change in enumerate(changes):
        edit(trial_folder(folder, trial) / TRIAL_FILE, change)
    assert page_of(folder)


CARD_FIELDS = (
    "study", "space", "parameters", "base", "preset", "settings", "command", "created", "versions",
    "hardware", "data", "metrics", "detector", "stages", "status", "finished", "seconds",
    "conclusions",
)  # fmt: skip


CARD_VALUES = (None, [], {}, "x", -1, "absent")


def spoil_card(folder: Path, field: str, value: Any) -> Path:
    """Give one part of study.json a value that it cannot have, or none."""
    card = read_json(folder / STUDY_FILE)
    card.pop(field, None)
    write_json(folder / STUDY_FILE, card if value == "absent" else card | {field: value})
    return folder


@pytest.mark.parametrize("index", range(len(CARD_FIELDS) // 2))
def test_any_part_of_the_card_may_be_strange_or_absent(raced: Path, index: int) -> None:
    for at in (index, index + len(CARD_FIELDS) // 2):
        spoil_card(raced, CARD_FIELDS[at], CARD_VALUES[at % len(CARD_VALUES)])
    assert page_of(raced)


@pytest.mark.slow
@pytest.mark.parametrize("value", CARD_VALUES, ids=repr)
@pytest.mark.parametrize("field", CARD_FIELDS)
def test_every_part_of_the_card_may_be_anything(raced: Path, field: str, value: Any) -> None:
    assert page_of(spoil_card(raced, field, value))


# From the future.


def test_unknown_columns_statuses_and_verdicts_are_shown_as_they_are(raced: Path) -> None:
    edit_run(raced, 1, lambda run: run.update({"status": "paused", "verdict": None, "new": 1}))
    edit_run(raced, 2, lambda run: run["verdict"].update({"name": "exploded", "why": {"a": 1}}))
    edit_run(raced, 3, lambda run: run.update({"stage": "polish"}))
    rows = run_folder(raced, 4, 0) / EVALUATIONS_FILE
    lines = [json.loads(line) | {"signal_new": 1.5, "words": "x"} for line in rows.open()]
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
    edit_card(raced, lambda card: card.update({"future": {"a": [1]}}))
    assert "exploded" in page_of(raced)


# Names.


NAMES = {
    "markup": "<img src=x onerror=\"alert('x')\"><script>alert(1)</script>&amp;",
    "quotes": "a\"b'c`d\\e</script>${f}",
    "right to left": "שלום \u202eabc\u202c مرحبا",
    "long": "n" * 300,
    "control": "tab\tnew\nline\x00\x1b[31m",
}


def write_named(folder: Path, name: str) -> Path:
    """A study whose every name is `name`."""
    write_study(folder, 14, name=name, samples=False)
    edit_card(folder, lambda card: card["space"].update({"name": name, "description": name}))
    edit_card(folder, lambda card: card.update({"command": [name], "versions": {name: name}}))
    edit_card(
        folder,
        lambda card: card["parameters"].update(
            {name: {"kind": "categorical", "choices": [name, "other"]}}
        ),
    )
    for trial in range(14):
        edit(
            trial_folder(folder, trial) / TRIAL_FILE,
            lambda data, trial=trial: data["parameters"].update(
                {name: name if trial % 2 else "other"}
            ),
        )
    edit_run(folder, 1, lambda run: run["verdict"].update({"evidence": name}))
    edit_run(folder, 2, lambda run: run.update({"status": "errored", "error": name}))
    edit_run(folder, 3, lambda run: run.update({"host": name, "hosts": [name], "device": name}))
    edit(trial_folder(folder, 4) / TRIAL_FILE, lambda data: data.update({"origin": name}))
    return folder


@pytest.mark.parametrize("kind", NAMES)
def test_names_are_shown_and_never_obeyed(tmp_path: Path, kind: str) -> None:
    name = NAMES[kind]
    page = page_of(write_named(tmp_path / "study", name))
    raw = (tmp_path / "study" / "page.html").read_text()
    assert "<img src=x" not in raw
    assert "<script>alert(1)" not in raw
    assert raw.count("</script>") == len(re.findall(r"<script\b", raw))
    assert " ".join(name.split("\x00")[0].split())[:20] in page


# Numbers.


def test_parameters_may_be_infinite_or_of_another_kind(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 14, samples=False)
    values = (float("inf"), float("nan"), -1.0, 0.0, "fast", None, True, [1], 1e308)
    for trial, value in enumerate(values):
        edit(
            trial_folder(folder, trial) / TRIAL_FILE,
            lambda data, value=value: data["parameters"].update({"optimizer.generator.lr": value}),
        )
    assert page_of(folder)


def test_times_may_be_absent_negative_or_nonsense(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 14, samples=False)
    changes: tuple[dict[str, Any], ...] = (
        {"started": None}, {"ended": "2020-01-01T00:00:00+00:00"}, {"started": "yesterday"},
        {"started": 7}, {"ended": "2026-03-01T10:01:00"}, {"seconds": {"training": -4}},
        {"seconds": {"training": "long"}}, {"images_per_second": float("inf")},
    )  # fmt: skip
    for trial, change in enumerate(changes):
        edit_run(folder, trial, lambda run, change=change: run.update(change))
    assert page_of(folder)
