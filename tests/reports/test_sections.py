"""Facts about sections: one folder, one line of the page."""

import sys
from pathlib import Path

import pytest

from lab.record import StudyRecord
from reports import page

SECTION = """
from reports.kit.blocks import Section
from reports.kit.markup import element


def blocks(study, album):
    return [element("p", f"{len(study.runs)} runs are in this record.")]


SECTION = Section("added", "Added", "Does a folder and a line make a section?", blocks)
"""


def test_a_folder_and_a_line_of_the_list_add_a_section_with_its_styles(
    study: StudyRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "added_section"
    folder.mkdir()
    (folder / "__init__.py").write_text(SECTION)
    (folder / "added.css").write_text("#added p { font-style: italic; }")
    monkeypatch.syspath_prepend(str(tmp_path))
    import added_section  # type: ignore[import-not-found]

    monkeypatch.setattr(page, "SECTIONS", [*page.SECTIONS, added_section.SECTION])
    html = page.build_page(study)
    assert '<a href="#added">Added</a>' in html
    assert "Does a folder and a line make a section?" in html
    assert "<p>20 runs are in this record.</p></section>" in html
    assert "#added p { font-style: italic; }" in html
    monkeypatch.delitem(sys.modules, "added_section")


def test_every_section_is_the_one_of_its_folder_and_no_folder_is_left_out() -> None:
    packages = [section.package for section in page.SECTIONS]
    folders = Path(page.__file__).parent.joinpath("sections").glob("*/__init__.py")
    assert sorted(packages) == sorted(f"reports.sections.{it.parent.name}" for it in folders)
    assert all(sys.modules[name].SECTION in page.SECTIONS for name in packages)
