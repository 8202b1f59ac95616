"""The table of the least covered files, from files as SlipCover writes them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.covered import main

PROGRAM = """
def taken(flag):
    if flag:
        return 1
    return 2

def never():
    return 3
"""


def measured(folder: Path, call: str) -> str:
    """The file that SlipCover writes of a program that ends with `call`."""
    program, out = folder / "program.py", folder / f"{call}.json"
    program.write_text(f"{PROGRAM}\n{call}\n")
    options = ["--branch", "--json", "--out", str(out), "--source", str(folder)]
    subprocess.run([sys.executable, "-m", "slipcover", *options, str(program)], check=True)
    assert json.loads(out.read_text())["files"]
    return str(out)


def test_runs_are_merged_and_the_least_covered_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    yes, no = measured(tmp_path, "taken(1)"), measured(tmp_path, "taken(0)")
    main([yes])
    alone = capsys.readouterr().out
    main([yes, no])
    both = capsys.readouterr().out
    assert "program.py: 2 lines and 1 branches not run" in alone
    assert "program.py: 1 lines and 0 branches not run" in both
