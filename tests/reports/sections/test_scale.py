"""Facts about both scales on the page: quality beside distance, and studies of version 0.1."""

from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from lab.record import STUDY_FILE, StudyRecord, read_json, read_study
from reports.kit.panel import Panel
from reports.page import build_page
from reports.sections.cost.draw import cost_blocks
from reports.sections.curves.curves import curve_blocks
from reports.sections.findings.leader import leader_card
from reports.sections.methods.scale import scale_words
from reports.study.gallery import Album
from reports.study.rescaled import rescaled_note
from reports.study.tables import ruler_of, target_line
from tests.made_up.space import REAL_KID, SCALE, UNTRAINED_KID
from tests.made_up.study import put_study
from tests.made_up.synthetic import write_study
from tests.made_up.tiny import Run, tiny_study
from tests.record.before import BEFORE

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def without_anchors(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    folder = write_study(tmp_path_factory.mktemp("old") / "study", 14, seed=3, samples=False)
    card = read_json(folder / STUDY_FILE)
    del card["metrics"]["anchor"]
    put_study(folder, card)
    return read_study(folder)


def _panel(blocks: list[Any]) -> Panel:
    panel = blocks[0]
    assert isinstance(panel, Panel)
    return panel


def _words(study: StudyRecord) -> str:
    return " ".join(scale_words(study))


def test_made_up_runs_have_the_quality_of_their_distance(study: StudyRecord) -> None:
    kernel = study.card.metrics.columns.kernel
    assert study.scale == SCALE
    for run in study.runs:
        for row in run.evaluations:
            if row["quality"] > 0:
                assert SCALE.quality(row[kernel]) == pytest.approx(row["quality"])


def test_curves_and_costs_have_both_scales(study: StudyRecord) -> None:
    curves = _panel(curve_blocks(study))
    axis = curves.figure.layout.yaxis
    assert axis.title.text == "quality u · kid_fashion"
    assert axis.ticktext[0] == "0 · 0.42"
    line = next(t for t in curves.figure.data if (t.meta or {}).get("role") == "target")
    assert line.text[0].strip() == "target 0.50 = kid 0.038"
    metrics = curves.extra["metrics"]
    assert metrics["quality"]["target"] == 0.5
    assert metrics["kid_fashion"]["target"] is None
    options = curves.pickers[0].options
    assert options["kid_fashion"].relayout["yaxis.title.text"] == "kid_fashion"
    assert "·" not in " ".join(options["kid_fashion"].relayout["yaxis.ticktext"] or [])
    cost = _panel(cost_blocks(study))
    assert "0.4 · 0.063" in cost.figure.layout.yaxis.ticktext
    target = next(t for t in cost.figure.data if (t.meta or {}).get("role") == "target")
    assert target.text[1] == "target 0.50 = kid 0.038"
    assert cost.table is not None
    assert cost.table["kid_fashion"].tolist() == pytest.approx(
        [SCALE.distance(u) for u in cost.table["quality"]]
    )


def test_without_anchors_the_axis_has_quality_alone(without_anchors: StudyRecord) -> None:
    assert ruler_of(without_anchors) is None
    assert _panel(curve_blocks(without_anchors)).figure.layout.yaxis.title.text == "quality u"
    cost = _panel(cost_blocks(without_anchors))
    assert cost.figure.layout.yaxis.ticktext is None
    assert cost.table is not None
    assert "kid_fashion" not in cost.table


def test_the_card_of_the_leader_names_both_anchors(study: StudyRecord) -> None:
    card = leader_card(study, Album())
    assert card is not None
    assert f"independent pixels {UNTRAINED_KID} · real 4e-4" in card


def test_methods_state_the_anchors_and_the_quality_between_them(study: StudyRecord) -> None:
    words = _words(study)
    assert f" = {UNTRAINED_KID} is the distance of images whose every pixel" in words
    assert f" = {REAL_KID:.0e} is".replace("e-04", "e-4") in words
    for share, quality in ((0.5, 0.15), (0.2, 0.34), (0.1, 0.48), (0.05, 0.61), (0.01, 0.85)):
        row = next(line for line in words.split("<tr") if f">{share:g}<" in line)
        assert f">{quality}<" in row
    assert "(0.50 = kid 0.038)" in words
    assert "more than 1.5 times its best level" in words
    assert "by more than a factor of 2 " in words


def test_a_study_of_version_0_1_says_so_on_top_and_under_methods() -> None:
    study = read_study(BEFORE)
    note = rescaled_note(study)
    assert note.startswith("This study was made by version 0.1, whose quality was linear")
    assert "the verdicts are those given then" in note
    page = unescape(build_page(study, NOW))
    assert page.index(note) < page.index('id="findings"')
    assert page.count(note) == 2
    assert "Rises of the distance are judged" not in page
    assert "Version 0.1 did not measure it" in page


def test_a_target_of_another_scale_is_no_line_of_the_figure() -> None:
    panel = _panel(cost_blocks(read_study(BEFORE)))
    assert not [t for t in panel.figure.data if (t.meta or {}).get("role") == "target"]


def test_a_target_in_a_distance_of_its_own_is_named_by_it(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 2, verdict="stable", samples=False)
    card = read_json(folder / STUDY_FILE)
    card["base"]["stability"]["target_distance"] = "fd_fashion=40"
    put_study(folder, card)
    line = target_line(read_study(folder))
    assert line is not None
    assert line.words == f"target {line.quality:.2f} = fd_fashion 40"


def test_other_studies_say_nothing_of_version_0_1(study: StudyRecord, tmp_path: Path) -> None:
    assert rescaled_note(study) == ""
    assert rescaled_note(tiny_study(tmp_path, [Run()])) == ""
