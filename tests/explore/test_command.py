"""python -m lab.explore: what it takes, and its mistakes."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from lab.explore.__main__ import main
from lab.explore.recipe import Recipe
from lab.explore.shelf import sources_of
from lab.record import GENERATOR_FILE


def refused(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    assert main([*map(str, args)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err


def test_a_trial_stands_for_its_finished_runs(trial: Path, tmp_path: Path) -> None:
    copied = tmp_path / "0007"
    shutil.copytree(trial, copied)
    (copied / "seed-2" / GENERATOR_FILE).unlink()
    assert [source.name for source in sources_of([f"{trial}/"], trust=False)] == [
        f"{trial}/seed-1",
        f"{trial}/seed-2",
    ]
    assert [source.name for source in sources_of([str(copied)], trust=False)] == [
        f"{copied}/seed-1"
    ]


def test_what_is_no_run_is_one_sentence(
    capsys: pytest.CaptureFixture[str], trial: Path, tmp_path: Path
) -> None:
    assert "name the run to explore" in refused(capsys)
    assert "is neither a run nor a trial" in refused(capsys, tmp_path)
    assert "is neither a run nor a trial" in refused(capsys, tmp_path / "absent")
    unfinished = tmp_path / "0007"
    shutil.copytree(trial, unfinished)
    for seed in (1, 2):
        (unfinished / f"seed-{seed}" / GENERATOR_FILE).unlink()
    assert "no run of" in refused(capsys, unfinished)
    assert "has not finished" in refused(capsys, unfinished / "seed-1")


def test_ports_and_devices_are_one_sentence(
    capsys: pytest.CaptureFixture[str], trial: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        assert f"--port is {port}, which is not available" in refused(
            capsys, trial, "--port", port
        )
    assert "--port is 70000" in refused(capsys, trial, "--port", 70000)
    assert "the device 'tpu' is unknown" in refused(capsys, trial, "--device", "tpu")


def test_a_recipe_of_another_run_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(Recipe(run=str(tmp_path / "gone")).model_dump_json())
    assert "is neither a run nor a trial" in refused(capsys, path)
    assert "the page opens with one" in refused(capsys, path, path)


def test_the_printed_address_answers(trial: Path) -> None:
    command = [sys.executable, "-m", "lab.explore", str(trial), "--device", "cpu"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[0]
        with urlopen(address, timeout=30) as answer:
            assert b"Explore generators" in answer.read()
    finally:
        process.terminate()
        assert process.wait(30) == 130
