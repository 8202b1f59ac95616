"""Facts about sections: one folder, one line of the page."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

from lab.record import StudyRecord
from reports import page, sections
from tests.adding import examples


def test_a_folder_and_a_line_of_the_list_add_a_section_with_its_styles(
    study: StudyRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = examples()["A section of the page"]
    assert example.files == (example.file, "reports/page.py")
    file = tmp_path / example.file
    file.parent.mkdir(parents=True)
    file.write_text(example.code)
    (file.parent / "counts.css").write_text("#counts p { font-style: italic; }")
    folders = [*sections.__path__, str(file.parent.parent)]
    monkeypatch.setattr(sections, "__path__", folders)
    counts = import_module("reports.sections.counts")

    added = eval(f"[{example.line}]", {"counts": counts})
    monkeypatch.setattr(page, "SECTIONS", [*page.SECTIONS, *added])
    html = page.build_page(study)
    assert '<a href="#counts">Counts</a>' in html
    assert "How many runs are there?" in html
    assert "<p>20 runs are in this record.</p></section>" in html
    assert "#counts p { font-style: italic; }" in html
    monkeypatch.delitem(sys.modules, "reports.sections.counts")
    monkeypatch.delattr(sections, "counts")


def test_every_section_is_the_one_of_its_folder_and_no_folder_is_left_out() -> None:
    packages = [section.package for section in page.SECTIONS]
    folders = Path(page.__file__).parent.joinpath("sections").glob("*/__init__.py")
    assert sorted(packages) == sorted(f"reports.sections.{it.parent.name}" for it in folders)
    assert all(sys.modules[name].SECTION in page.SECTIONS for name in packages)
