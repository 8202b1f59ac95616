"""`ganlab VERB`: one name for every command."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from lab.__main__ import VERBS, main
from lab.cli import as_called, command_line
from lab.config import config_paths

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("args", [[], ["--help"], ["-h"]])
def test_help_lists_every_verb_in_one_line(
    args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(args) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert all([name, *verb.help.split()] in lines for name, verb in VERBS.items())


def test_an_unknown_verb_is_one_sentence_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["serch"]) == 2
    assert capsys.readouterr().err.startswith(
        "ganlab: the command 'serch' is unknown; did you mean 'search'"
    )


def test_a_word_near_no_verb_is_answered_with_all_of_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["qqq"]) == 2
    assert ", ".join(VERBS) in capsys.readouterr().err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_names_a_module(verb: str) -> None:
    assert find_spec(VERBS[verb].module) is not None


def test_a_verb_receives_the_words_after_it(capsys: pytest.CaptureFixture[str]) -> None:
    argv = list(sys.argv)
    try:
        assert main(["judge", "no-such-log.csv"]) == 2
    finally:
        sys.argv[:] = argv
    assert "no-such-log.csv" in capsys.readouterr().err


def test_config_prints_every_setting_or_those_of_a_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def printed_paths(*words: str) -> list[str]:
        # `main` hands the words to the command in sys.argv.
        monkeypatch.setattr(sys, "argv", ["ganlab"])
        assert main(["config", *words]) == 0
        lines = capsys.readouterr().out.splitlines()
        return [line.split(" = ")[0] for line in lines if not line.startswith(" ")]

    assert printed_paths() == list(config_paths())
    assert printed_paths("critic.lr", "half_life") == [
        "optimizer.critic.lr",
        "training.ema_half_life_images",
    ]


def test_config_answers_a_word_of_no_setting_in_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["ganlab"])
    assert main(["config", "nosuch"]) == 2
    assert capsys.readouterr().err == (
        "ganlab config: no setting's path contains 'nosuch'; all settings are printed when no "
        "word is given\n"
    )


def test_help_imports_no_torch() -> None:
    program = "import sys, lab.__main__ as m; m.main([]); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_python_m_lab_is_the_same_command() -> None:
    command = [sys.executable, "-m", "lab", "--version"]
    ended = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert ended.stdout.startswith("ganlab ")


def test_messages_name_the_command_as_it_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    assert as_called("python -m lab.search") == "python -m lab.search"
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/ganlab", "--help"])
    assert as_called("python -m lab.search") == "ganlab search"
    assert as_called("python -m reports") == "ganlab report"


def test_a_command_line_is_kept_without_the_folders_of_its_programs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "orig_argv", ["/a/bin/python", "/a/bin/ganlab", "search", "--seed"])
    assert command_line() == ["ganlab", "search", "--seed"]
    monkeypatch.setattr(sys, "orig_argv", ["/a/bin/python3", "-m", "lab.search", "--seed"])
    assert command_line() == ["python3", "-m", "lab.search", "--seed"]


def test_the_installed_script_is_the_same_function() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"ganlab": "lab.__main__:main"}
