"""python -m reports: options, exit codes, and the process beside a search."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from reports.__main__ import main


@pytest.mark.parametrize("more", [[], ["--watch"], ["--serve"], ["--watch", "5", "--serve", "0"]])
def test_a_folder_that_is_no_study_is_one_sentence_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    assert main([str(tmp_path), *more]) == 2
    complaint = capsys.readouterr().err
    assert "is not a study" in complaint
    assert complaint.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_busy_port_is_one_sentence_and_code_2(
    study_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        assert main([str(study_folder), "--serve", str(busy.getsockname()[1])]) == 2
    complaint = capsys.readouterr().err
    assert "is not available" in complaint
    assert complaint.count("\n") == 1


def test_watching_a_study_that_has_ended_writes_one_page(
    study_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.html"
    assert main([str(study_folder), "--watch", "--out", str(out)]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert f"{out} rewritten in" in first
    assert "this page is the last" in last
    assert out.read_text().startswith("<!doctype html>")


def heed_ctrl_c() -> None:
    """As in the foreground of a shell: what runs in its background ignores Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_ends_a_shown_page_with_code_130(study_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    command = [sys.executable, "-m", "reports", str(study_folder), "--serve", "--out", str(out)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heed_ctrl_c
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().decode(), process.stdout.readline().decode()]
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=60)
    assert lines[0] == f"report: {out}\n"
    assert lines[1].startswith("shown at http://127.0.0.1:")
    assert (process.returncode, complaints) == (130, b"python -m reports: stopped\n")


def test_three_studies_are_one_sentence_and_code_2(
    study_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(study_folder)] * 3) == 2
    assert "3 studies were given; one is reported, two are compared" in capsys.readouterr().err


@pytest.mark.parametrize("more", ["--watch", "--serve"])
def test_a_comparison_is_neither_watched_nor_shown(
    study_folder: Path, capsys: pytest.CaptureFixture[str], more: str
) -> None:
    assert main([str(study_folder), str(study_folder), more]) == 2
    assert f"leave out {more}" in capsys.readouterr().err


def test_no_study_at_all_is_code_2() -> None:
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2


def test_two_studies_are_compared_at_the_path_of_out(
    study_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(study_folder, tmp_path / "copy")
    out = tmp_path / "both.html"
    assert main([str(study_folder), str(copy), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"comparison: {out}\n"
    assert out.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("price", ["0", "-2", "nan", "inf"])
def test_a_price_that_is_none_is_one_sentence_and_code_2(
    study_folder: Path, capsys: pytest.CaptureFixture[str], price: str
) -> None:
    assert main([str(study_folder), f"--price={price}"]) == 2
    assert capsys.readouterr().err.endswith(f"--price is {price}; it must be above 0\n")


def test_a_price_is_that_of_the_page(study_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    assert main([str(study_folder), "--price", "2.5", "--out", str(out)]) == 0
    assert "At 2.50 a core-hour: " in out.read_text()


def test_a_page_that_cannot_be_written_is_code_2(
    study_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main([str(study_folder), "--out", str(tmp_path / "file" / "page.html")]) == 2
    assert "give a path with --out" in capsys.readouterr().err
