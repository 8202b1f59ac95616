"""A mistake in a person's space file gets one sentence that names the file and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.errors import InputError
from lab.plan import load_space
from tests.plan.simulation import SPACE, write_space

RETURN = "    return values\n"


def sentence_of(folder: Path, old: str, new: str) -> str:
    """What load_space says to the small space with one text replaced."""
    assert SPACE.count(old) == 1
    with pytest.raises(InputError) as caught:
        load_space(write_space(folder, SPACE.replace(old, new)))
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert str(folder.resolve() / "mine.py") in sentence or "the space mine" in sentence
    return sentence


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("BASE = ", "1 / 0\nBASE = ", "mine.py, line 2, raises ZeroDivisionError: division"),
        ("BASE = ", "import no_such\nBASE = ", "mine.py, line 2, raises ModuleNotFoundError"),
        ("BASE = ", "raise SystemExit(3)\nBASE = ", "line 2, raises SystemExit: 3; correct"),
        ("def suggest(trial)", "def suggest(trial", "mine.py, line 5, raises SyntaxError"),
        (RETURN, "    return values / 2\n", "mine.py, line 13, raises TypeError: unsupported"),
        ("1e-5, 1e-1", "1e-1, 1e-5", "line 7, raises ValueError: `low <= high` must hold"),
        ("suggest_int", "suggest_integer", "line 8, raises AttributeError"),
    ],
)
def test_what_the_file_raises_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert expected in sentence_of(tmp_path, old, new)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("BASE = ", "BASIS = ", "does not define BASE; a space needs a docstring, BASE"),
        ("def suggest", "def propose", "does not define suggest; a space needs"),
        ("KNOWN_POINTS = ", "POINTS = ", "does not define KNOWN_POINTS; a space needs"),
        ('"""A small space with a branch."""', "", "does not define a docstring that describes"),
        ("BASE = ", "BASE = 3\nUNUSED = ", "BASE is a int; it must be a dict"),
        ("def suggest", "suggest = 1\ndef other", "suggest is a int; it must be a function"),
        ("KNOWN_POINTS = {", "KNOWN_POINTS = [0] or {", "KNOWN_POINTS must be a dict of name"),
        ("BASE = ", "PRESETS = {'desk': {}}\nBASE = ", "PRESETS must be a dict of laptop or gpu"),
        ("BASE = ", "SIZES = {'laptop': {'runs': 3}}\nBASE = ", "SIZES must be a dict of laptop"),
        ("BASE = ", "SIZES = {'laptop': {'trials': 1.5}}\nBASE = ", "whole numbers"),
        ("BASE = ", "QUESTION = 3\nBASE = ", "QUESTION is 3; it must be the path of a setting"),
        ("BASE = ", "QUESTION = 'training.batch'\nBASE = ", "QUESTION 'training.batch' is"),
        ("BASE = ", "QUESTION = 'penalty.kind'\nBASE = ", "whose values have no order"),
        (
            "BASE = ",
            "PRESETS = {'gpu': {'network.wide': 2}}\nBASE = ",
            "(in PRESETS['gpu'] of the space file",
        ),
    ],
)
def test_what_the_file_does_not_define_is_named(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert expected in sentence_of(tmp_path, old, new)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("network.arch", "network.ach", "did you mean 'network.architecture' or"),
        ('"dcgan"', '"dcgun"', "network.architecture is 'dcgun'; did you mean 'dcgan'?"),
        (RETURN, "    return {**values, 'lr': 1}\n", "the configuration path 'lr' is unknown"),
        (RETURN, "    return list(values)\n", "suggest returned list; it must return a dict"),
        (RETURN, "    pass\n", "suggest returned NoneType; it must return a dict"),
        (
            RETURN,
            "    return {**values, 'loss': 'hing'}\n",
            "loss is 'hing'; did you mean 'hinge'?",
        ),
        (RETURN, "    del values['penalty.kind']\n" + RETURN, "asks for 'penalty.kind' and does"),
        ("1, 8", "0, 8", "training.critic_steps is 0; it must be greater than or equal to 1"),
        ('_int("training', '_int("trainer', "parameter 'trainer.critic_steps' is unknown; did"),
    ],
)
def test_what_no_configuration_has_is_refused(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert expected in sentence_of(tmp_path, old, new)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            '{"optimizer.critic.lr": 1e-3',
            '{"optimizer.critic.lr": 9',
            "known point 'plain' of the space mine: the parameter 'optimizer.critic.lr' is 9; it",
        ),
        (
            '"held": {',
            '"held": {"loss": "hinge",',
            "'held' of the space mine: the parameter 'lo",
        ),
        ('        "penalty.weight": 10.0,\n', "", "'held' of the space mine: the parameter 'pen"),
    ],
)
def test_a_known_point_outside_the_space_is_named(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert expected in sentence_of(tmp_path, old, new)


def test_a_parameter_suggested_twice_in_one_draw_needs_one_range(tmp_path: Path) -> None:
    again = '    trial.suggest_int("training.critic_steps", 1, 9)\n'
    assert (
        "'training.critic_steps' is suggested as a whole number from 1 to 8 and as a whole "
        "number from 1 to 9; a parameter must have the same range"
    ) in sentence_of(tmp_path, RETURN, again + RETURN)


def test_a_range_that_depends_on_another_parameter_is_refused(tmp_path: Path) -> None:
    depends = '1, 8 if trial.params["optimizer.critic.lr"] > 1e-3 else 5'
    assert "from 1 to 5 and as a whole number from 1 to 8" in sentence_of(
        tmp_path, "1, 8", depends
    )


def test_a_parameter_suggested_twice_alike_has_one_value(tmp_path: Path) -> None:
    again = """    again = trial.suggest_int("training.critic_steps", 1, 8)
    assert again == values["training.critic_steps"]
"""
    load_space(write_space(tmp_path, SPACE.replace(RETURN, again + RETURN)))
