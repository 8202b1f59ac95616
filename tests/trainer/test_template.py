"""Facts about commands with placeholders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lab.config.template import filled_command, placeholders
from lab.errors import InputError

VALUES = {"folder": "/runs/a b", "penalty.gamma": 0.25, "flag": True, "batch": 64, "data": None}


def test_a_command_is_divided_into_words_before_its_values_are_put_in() -> None:
    text = "python train.py --out={folder} '--note=x y' --gamma={penalty.gamma:g} {flag:d}{{}}"
    words = filled_command(text, "COMMAND", VALUES)
    assert words == [
        *("python", "train.py", "--out=/runs/a b", "--note=x y", "--gamma=0.25", "1{}"),
    ]
    assert placeholders(text, "COMMAND") == {"folder", "penalty.gamma", "flag"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("run {penalty.gama:g}", "did you mean 'penalty.gamma'"),
        ("run {batch:q}", "{batch:q}"),
        ("run {data}", "no value here"),
        ("run {", "no placeholder"),
        ("run }", "no placeholder"),
        ("run {}", "{name}"),
        ("run {batch!r}", "{name}"),
        ("run 'open", "cannot be divided into words"),
        ("  ", "is empty"),
        ("run {latest:*.pkl}", "belongs to RESUME"),
    ],
)
def test_a_placeholder_that_cannot_be_filled_is_one_sentence(text: str, words: str) -> None:
    with pytest.raises(InputError, match="COMMAND") as refused:
        filled_command(text, "COMMAND", VALUES)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_latest_is_the_file_that_was_written_last(tmp_path: Path) -> None:
    text = "--resume={latest:**/snapshot-*.pkl}"
    assert filled_command(text, "RESUME", {}, tmp_path) is None
    for age, name in enumerate(("b/snapshot-2.pkl", "a/snapshot-9.pkl", "a/other.pkl")):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
        os.utime(file, (1000 - age, 1000 - age))
    assert filled_command(text, "RESUME", {}, tmp_path) == [
        f"--resume={tmp_path}/b/snapshot-2.pkl"
    ]
