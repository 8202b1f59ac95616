"""Facts about the section of fairness and privacy."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from lab.record import AUDIT_FILE, STUDY_FILE, StudyRecord, read_json, read_study, write_json
from reports.audit.page import build_audit_page
from reports.kit.blocks import Block, drawn
from reports.page import build_page
from reports.sections.audit import SECTION
from reports.sections.audit.audited import audits_of
from reports.sections.audit.groups import group_rows
from reports.study.gallery import Album
from tests.audit.made_up import audit_card, put_audit
from tests.made_up.synthetic import write_study

ATTRIBUTES = {"skin tone": ["light", "dark"]}


def words(blocks: list[Block]) -> str:
    markup = "".join(drawn(block) for block in blocks)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def with_attributes(folder: Path) -> StudyRecord:
    study = read_json(folder / STUDY_FILE)
    write_json(folder / STUDY_FILE, study | {"data": study["data"] | {"attributes": ATTRIBUTES}})
    return read_study(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study", 3, verdict="stable", samples=False)


def section(study: StudyRecord) -> str:
    return words(list(SECTION.build(study, Album())))


def test_a_study_without_attributes_and_audits_has_no_such_section(folder: Path) -> None:
    page = build_page(read_study(folder))
    assert "Fairness and privacy" not in page
    assert 'href="#audit"' not in page


def test_attributes_without_an_audit_are_one_sentence_and_the_command(folder: Path) -> None:
    study = with_attributes(folder)
    assert "No run was audited. The images have the attributes skin tone" in section(study)
    assert "python -m lab.audit" in section(study)
    assert 'href="#audit"' in build_page(study)


def test_audits_are_drawn_beside_each_other(folder: Path) -> None:
    study = read_study(folder)
    for seed, run in enumerate(study.runs[:2]):
        put_audit(run.folder, seed, copies=seed == 1)
    text = section(study)
    for part in (
        "trial 1, seed 0 lost dark from 48k to the end, by 8 sample grids",
        "trial 0, seed 0 lost no group",
        "Flags (never there)",
        "▲ -9.3",
        "40.0% (38.0% to 42.0%); held-out 60.0%",
        "critic after 64,000 images",
        "trial 0, seed 0 (blue): total variation 0.11 (0.09 to 0.13;",
    ):
        assert part in text, part
    assert "▲ 1.2" not in text


def test_names_of_groups_are_text_and_pictures_are_on_the_page(folder: Path) -> None:
    put_audit(read_study(folder).runs[0].folder)
    study = read_study(folder)
    album = Album()
    markup = "".join(drawn(block) for block in SECTION.build(study, album))
    assert "<b>&</b>" not in markup
    assert 'data-picture="0000/seed-0/audit-pairs"' in markup
    assert "0000/seed-0/audit-pairs" in album.stored()


def test_the_worst_group_of_any_run_is_on_top(folder: Path) -> None:
    study = read_study(folder)
    for seed, run in enumerate(study.runs[:2]):
        put_audit(run.folder, seed)
    rows = group_rows(audits_of(study, Album()).runs, "skin tone")
    worst = rows.groupby("group", sort=False)["standing"].min()
    assert worst.is_monotonic_increasing
    assert len(rows) == 16


def test_a_damaged_audit_is_named_and_the_others_are_drawn(folder: Path) -> None:
    study = read_study(folder)
    put_audit(study.runs[0].folder)
    (study.runs[1].folder / AUDIT_FILE).write_text("torn")
    text = section(study)
    assert "trials/0001/seed-0/audit.json cannot be read" in text
    assert "trial 0, seed 0" in text


def test_more_audits_than_fit_are_named(tmp_path: Path) -> None:
    study = read_study(write_study(tmp_path / "six", 6, samples=False))
    for seed, run in enumerate(study.runs):
        put_audit(run.folder, seed, picture=False)
    text = section(study)
    assert "2 further audits not drawn: trial 4, seed 0 and trial 5, seed 0" in text
    assert "No picture of pairs is on this page" in text


def test_the_page_of_runs_alone_has_the_section_and_its_pictures(tmp_path: Path) -> None:
    put_audit(tmp_path / "run")
    page = build_audit_page([("runs/mine", tmp_path / "run", audit_card())])
    assert "Fairness and privacy of 1 run" in page
    assert "data:image/webp;base64," in page
    assert ".audit-pairs" in page
