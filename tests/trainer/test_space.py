"""Facts about spaces that name a trainer of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.config import make_config, stored_config
from lab.errors import InputError
from lab.plan import Planner, PlanSettings, load_space, restored_space, study_card, trial_card
from lab.plan.presets import PRESETS
from lab.trainer.check import require_startable

EXAMPLES = Path(__file__).parents[2] / "examples" / "own_trainer"
COMMAND = 'COMMAND = "sh train.sh {folder} {seed} --rate={rate:g}"'
LOG = 'LOG = "log.csv"'
METRIC = 'METRIC = {"name": "fid", "initial": 400, "target": 20}'
BASE = 'BASE = {"training.budget_images": 5000}'
SUGGEST = """
def suggest(trial):
    return {"rate": trial.suggest_float("rate", 0.001, 0.1, log=True)}
"""


def space_file(folder: Path, *lines: str) -> Path:
    """A space of these lines, with what they do not define."""
    text = "\n".join(lines)
    usual = {"COMMAND": COMMAND, "LOG": LOG, "METRIC": METRIC, "BASE": BASE, "suggest": SUGGEST}
    if "TRAINER =" in text:
        del usual["COMMAND"], usual["LOG"]
    rest = [line for name, line in usual.items() if f"{name} =" not in text]
    if "def suggest" in text:
        rest.remove(SUGGEST)
    file = folder / "mine.py"
    file.write_text('"""Mine."""\n' + "\n".join([*rest, text, "KNOWN_POINTS = {}"]))
    return file


def test_names_are_the_persons_own_and_the_lab_reads_budget_and_limits(tmp_path: Path) -> None:
    base = 'BASE = {"training.budget_images": 5000, "stability.rise_factor": 2.0, "depth": 3}'
    space = load_space(space_file(tmp_path, base)).with_preset(PRESETS["laptop"])
    assert list(space.parameters()) == ["rate"]
    config = space.config_of({"rate": 0.01})
    assert config.training.budget_images == 5000
    assert config.stability.rise_factor == 2.0
    assert config.stability.target_distance == "fid=20"
    assert config.trainer is not None
    assert config.trainer.parameters == {"depth": 3, "rate": 0.01}
    assert config.data == make_config({}).data  # a preset's data are not the trainer's


def test_settings_of_the_command_line_win(tmp_path: Path) -> None:
    space = load_space(space_file(tmp_path)).with_fixed(
        {"rate": 0.5, "training.budget_images": 900, "data.source": "photos.zip"}
    )
    assert space.parameters() == {}
    trainer = space.config_of({}).trainer
    assert trainer is not None
    assert (trainer.parameters["rate"], trainer.data) == (0.5, "photos.zip")
    with pytest.raises(InputError, match="did you mean 'rate'"):
        space.with_fixed({"rat": 1.0})
    target = load_space(space_file(tmp_path)).with_fixed({"stability.target_quality": 0.7})
    assert target.base_config().stability.target_distance == ""


def test_a_stored_study_gives_the_same_space_and_trials(tmp_path: Path) -> None:
    base = 'BASE = {"training.budget_images": 5000, "depth": 3}'
    space = load_space(space_file(tmp_path, base)).with_fixed({"data.source": "here"})
    again = restored_space(study_card(space))
    assert again.config_of({"rate": 0.01}) == space.config_of({"rate": 0.01})
    job = Planner(space, PlanSettings(trials=4)).ask()
    assert job is not None
    card = trial_card(job)
    assert set(card.parameters) == {"rate"}
    assert card.config["trainer"]["parameters"]["rate"] == card.parameters["rate"]


def test_a_configuration_without_a_trainer_has_no_word_of_one() -> None:
    assert "trainer" not in stored_config(make_config({}))["config"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (('TRAINER = "m:train"', COMMAND), "both TRAINER and COMMAND"),
        (('TRAINER = "train"',), "write module:function"),
        (('TRAINER = "m:train"', 'LOG = "x"'), "LOG belongs to COMMAND"),
        (("COMMAND = 5",), "COMMAND is 5; it must be a text"),
        (("METRIC = None",), "METRIC is None"),
        (('METRIC = {"name": "fid"}',), "'initial'"),
        (('METRIC = {"name": "fid", "initial": 5, "best": 1}',), "'best'"),
        (('METRIC = {"name": "is", "initial": 1, "floor": 9}',), "initial above floor"),
        (('METRIC = {"name": "fid", "initial": 9, "target": 20}',), "target 20"),
        (('METRIC = {"name": "quality", "initial": 1}',), "uses itself"),
        (('LOG = ""',), "LOG is missing"),
        (('LOG = "/tmp/log.csv"',), "below {folder}"),
        (('COMMAND = "train --rate={rate}"',), "no {folder}"),
        (('COMMAND = "train {folder} {rate:d}"',), "{rate:d}"),
        (('COMMAND = "train {folder} {rat}"',), "no {rate}"),
        (('COMMAND = "train {folder} {rate} {depth}"',), "'depth' is unknown"),
        (('COMMAND = "train {folder} {rate} {latest:*}"',), "belongs to RESUME"),
        (('COMMAND = "train {folder} {rate"',), "no placeholder"),
        (('RESUME = "--from={latest:*} {what}"',), "'what' is unknown"),
        (('CLOCK = {"column": "step", "images": "batch"}',), "'batch', which is None"),
        (("PATIENCE_MINUTES = -1",), "PATIENCE_MINUTES is -1"),
        (("BASE = {}",), "needs training.budget_images in BASE"),
        (('BASE = {"training.budget_images": 5, "stability.rise": 1}',), "stability.rise"),
        (
            ('BASE = {"training.budget_images": 5, "seed_": 1, "gpus": 1}',),
            "name of a placeholder",
        ),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(
    tmp_path: Path, lines: tuple[str, ...], words: str
) -> None:
    with pytest.raises(InputError) as refused:
        load_space(space_file(tmp_path, *lines))
    assert words in str(refused.value)
    assert str(tmp_path / "mine.py") in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_searched_parameter_must_reach_the_command(tmp_path: Path) -> None:
    command = 'COMMAND = "sh train.sh {folder}"'
    with pytest.raises(InputError, match="it would change nothing"):
        load_space(space_file(tmp_path, command))


def test_what_is_not_on_this_machine_is_refused_before_the_search(tmp_path: Path) -> None:
    command = 'COMMAND = "no-such-program {folder} {rate}"'
    with pytest.raises(InputError, match="there is no such command here"):
        require_startable(load_space(space_file(tmp_path, command)).base_config())
    command = 'COMMAND = "sh {data} {folder} {rate}"'
    space = load_space(space_file(tmp_path, command))
    with pytest.raises(InputError, match="give --dataset"):
        require_startable(space.base_config())
    require_startable(space.with_fixed({"data.source": "x"}).base_config())
    wrong = {"stability.target_distance": "kid=1", "data.source": "x"}
    with pytest.raises(InputError, match="this run measures fid"):
        require_startable(space.with_fixed(wrong).base_config())


@pytest.mark.parametrize("name", ["toy_stylegan_space.py", "toy_function_space.py"])
def test_the_examples_can_be_searched(name: str) -> None:
    space = load_space(EXAMPLES / name)
    assert list(space.parameters()) == ["gamma", "lr"]
    require_startable(space.base_config())
