"""python -m lab.validate: exit codes, what it writes, and the page."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from lab.validate.__main__ import PAGE_FILE, RECORD_FILE, main
from lab.validate.part import Check, Matrix, Part, Plane, Planes, Say, Series, Table
from lab.validate.pool import done_by

HOSTILE = "<img src=x onerror=\"alert('x')\">|*a*"


def part(*held: bool, text: str = "a claim") -> Part:
    return Part(
        name="dirac",
        question=text,
        checks=[Check(text, holds, text) for holds in held],
        tables=[Table(text, (text, "n"), [[text, 1.5], [None, True]], text)],
        seconds=1.0,
        settings={text: [1, text]},
        planes=[Planes(text, text, text, [Plane(text, [Series(text, [0.0], [1.0])])], text)],
        matrices=[Matrix(text, [text], [text, "b"], [[1, 2]], text)],
    )


Stub = Callable[[Part], None]


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Stub:
    """Make the part `dirac` answer with this."""

    def stand_in(answer: Part) -> None:
        module = ModuleType("lab.validate.dirac")

        def validate(quick: bool, processes: int, say: Say) -> Part:
            say("working")
            return answer

        module.validate = validate  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "lab.validate.dirac", module)

    return stand_in


def run(folder: Path, *more: str) -> int:
    return main(["--part", "dirac", "--out", str(folder), *more])


def test_all_claims_held_is_code_0_and_one_broken_is_code_1(stub: Stub, tmp_path: Path) -> None:
    stub(part(True, True))
    assert run(tmp_path) == 0
    stub(part(True, False))
    assert run(tmp_path) == 1
    record = json.loads((tmp_path / RECORD_FILE).read_text())
    assert (record["passed"], record["format"]) == (False, 1)


def test_parts_of_several_sizes_are_joined(
    stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub(part(True))
    run(tmp_path / "a")
    stub(replace(part(True, True), name="logs"))
    run(tmp_path / "b", "--quick")
    files = [str(tmp_path / name / RECORD_FILE) for name in ("b", "a")]
    markdown = tmp_path / "joined.md"
    out = ["--out", str(tmp_path / "c"), "--markdown", str(markdown)]
    assert main(["--join", *files, *out]) == 0
    record = json.loads((tmp_path / "c" / RECORD_FILE).read_text())
    assert [it["name"] for it in record["parts"]] == ["dirac", "logs"]
    text = markdown.read_text()
    assert "3 of 3 claims hold" in text
    assert "full (dirac), else quick size" in text
    assert text.count("python -m lab.validate") == 2
    assert main(["--join", files[0], files[0], *out]) == 2
    assert "the part logs is in two of the files" in capsys.readouterr().err


def test_validations_of_two_versions_are_not_joined(
    stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub(part(True))
    run(tmp_path / "a")
    record = json.loads((tmp_path / "a" / RECORD_FILE).read_text())
    other = tmp_path / "other.json"
    other.write_text(json.dumps(record | {"versions": {"torch": "0"}}))
    paths = [str(tmp_path / "a" / RECORD_FILE), str(other)]
    assert main(["--join", *paths, "--out", str(tmp_path)]) == 2
    assert "are of different versions" in capsys.readouterr().err
    other.write_text('{"format": 1}')
    assert main(["--join", str(other), "--out", str(tmp_path)]) == 2
    assert "no validation.json" in capsys.readouterr().err


def test_a_part_without_claims_has_not_passed(stub: Stub, tmp_path: Path) -> None:
    stub(part())
    assert run(tmp_path) == 1


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--processes", "0"], "--processes"),
        (["--budget-kimg", "5"], "--budget-kimg"),
        (["--markdown", "nowhere/at/all.md"], "--markdown"),
    ],
)
def test_mistakes_are_one_sentence_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], named: str
) -> None:
    assert run(tmp_path, *more) == 2
    said = capsys.readouterr().err
    assert named in said
    assert said.count("\n") == 1


def test_a_place_that_is_a_file_is_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert run(tmp_path / "file" / "folder") == 2
    assert "--out" in capsys.readouterr().err


def test_an_unknown_part_is_code_2(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--part", "nothing", "--out", str(tmp_path)])
    assert stopped.value.code == 2


def test_the_page_shows_markup_and_refers_to_nothing_outside(stub: Stub, tmp_path: Path) -> None:
    stub(part(True, text=HOSTILE))
    assert run(tmp_path) == 0
    page = (tmp_path / PAGE_FILE).read_text()
    ours = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert "<img src=x" not in ours
    assert "&lt;img src=x" in ours
    assert all(link.startswith("#") for link in re.findall(r'(?:src|href)="([^"]*)"', ours))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src &#x27;none&#x27;" in policy[1]


def test_every_anchor_of_the_page_is_there(stub: Stub, tmp_path: Path) -> None:
    stub(part(True))
    run(tmp_path)
    page = (tmp_path / PAGE_FILE).read_text()
    anchors = re.findall(r' id="([^"]+)"', re.sub(r"<script>.*?</script>", "", page, flags=re.S))
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(anchors)


def test_the_markdown_names_the_command_and_marks_every_claim(stub: Stub, tmp_path: Path) -> None:
    stub(part(True, False, text=HOSTILE))
    place = tmp_path / "validation.md"
    run(tmp_path, "--markdown", str(place))
    written = place.read_text()
    assert f"python -m lab.validate --part dirac --out {tmp_path}" in written
    assert (written.count("- ✓"), written.count("- ✗")) == (1, 1)
    assert "<img" not in written


def doubled(job: int) -> int:
    return 2 * job


def test_results_come_in_the_order_of_the_jobs_however_many_processes() -> None:
    said: list[str] = []
    jobs = [3, 1, 2]
    for processes in (1, 2):
        found = done_by(doubled, jobs, processes, said.append, describe=lambda j, r: f"{j}: {r}")
        assert found == [6, 2, 4]
    assert sorted(said[:3]) == sorted(said[3:]) == ["1: 2", "2: 4", "3: 6"]


def test_publishing_what_is_no_validation_is_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--publish", str(tmp_path / "none.json")]) == 2
    assert "none.json cannot be read" in capsys.readouterr().err
