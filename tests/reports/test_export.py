"""Figures as files: their style on white paper, their names, and errors."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest
from PIL import Image

from lab.errors import InputError
from lab.record import StudyRecord
from reports.__main__ import main
from reports.export import (
    BROWSERS,
    DARK,
    KEY_HEIGHT,
    SCALE,
    WIDTH,
    printed,
    save_pictures,
    save_tables,
)
from reports.kit.blocks import Missing
from reports.kit.markup import element
from reports.kit.panel import INK, Panel, blank

BROWSER = next((name for name in BROWSERS if shutil.which(name)), None)


def panel(identity: str = "one", height: int = 300) -> Panel:
    figure = blank(height)
    figure.add_scatter(x=[1, 2], y=[3, 4])
    return Panel(identity, figure, "A line.", table=pd.DataFrame({"a, b": [1 / 3], "c": ["x"]}))


def test_a_printed_figure_is_dark_on_white_and_the_pages_own_stays_as_it_is() -> None:
    one = panel()
    paper = printed(one).layout
    assert (paper.paper_bgcolor, paper.font.color) == ("white", DARK)
    assert one.figure.layout.font.color == INK
    assert printed(one).layout.showlegend is False


def test_a_printed_figure_names_its_outcomes_with_their_counts() -> None:
    one = Panel("one", blank(300), "Two.", outcomes={"stable": 1200, "<b>new": 1})
    paper = printed(one)
    assert [trace.name for trace in paper.data] == ["stable 1,200", "&lt;b&gt;new 1"]
    assert paper.layout.height == 300 + KEY_HEIGHT


def test_parallel_coordinates_get_a_key_without_axes() -> None:
    figure = blank(300)
    figure.add_trace(go.Parcoords(dimensions=[{"values": [1, 2]}]))
    paper = printed(Panel("one", figure, "Lines.", outcomes={"stable": 2}))
    assert paper.layout.xaxis.visible is False
    assert len(paper.data) == 2


def test_tables_keep_all_digits_and_quote_what_csv_must(tmp_path: Path) -> None:
    (path,) = save_tables([panel(), Missing("none"), element("p")], tmp_path / "new")
    assert path.name == "one.csv"
    assert path.read_text() == f'"a, b",c\n{1 / 3!r},x\n'


def test_a_table_holds_no_formula_for_a_spreadsheet(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"=1+1": ["@SUM(A1)", "-x", "plain", None], "rate": [-1.0, 2e-4, 3.0, 4.0],
         "kind": pd.Categorical(["+a", "b", "b", "\tc"])}
    )  # fmt: skip
    (path,) = save_tables([Panel("one", blank(300), "A line.", table=table)], tmp_path / "new")
    assert path.read_text().splitlines() == [
        "'=1+1,rate,kind",
        "'@SUM(A1),-1.0,'+a",
        "'-x,0.0002,b",
        "plain,3.0,b",
        ",4.0,'\tc",
    ]


def test_every_table_of_a_study_can_be_written(study: StudyRecord, tmp_path: Path) -> None:
    assert main([str(study.folder), "--csv", str(tmp_path)]) == 0
    assert (tmp_path / "safe-zone.csv").exists()


def test_without_kaleido_it_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(InputError, match=r"pip install 'gan-stability-lab\[png\]'"):
        save_pictures([panel()], tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(find_spec("kaleido") is None, reason="kaleido is not installed")
def test_without_a_browser_it_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "no-browser"))
    with pytest.raises(InputError, match="needs a Chromium or Chrome") as raised:
        save_pictures([panel()], tmp_path / "new")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "new").exists()


def test_pictures_and_a_page_are_not_asked_for_together(
    study: StudyRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(study.folder), "--png", str(tmp_path), "--watch"]) == 2
    assert "leave out --watch" in capsys.readouterr().err


@pytest.mark.browser
@pytest.mark.skipif(find_spec("kaleido") is None, reason="kaleido is not installed")
@pytest.mark.skipif(BROWSER is None, reason="no chromium on the PATH (Debian: chromium)")
def test_pictures_are_drawn_in_their_size(tmp_path: Path) -> None:
    paths = save_pictures([panel("one"), Missing("none"), panel("two", 200)], tmp_path / "new")
    assert [path.name for path in paths] == ["one.png", "two.png"]
    for path, height in zip(paths, (300, 200), strict=True):
        with Image.open(path) as picture:
            assert picture.size == (SCALE * WIDTH, SCALE * height)
            assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
