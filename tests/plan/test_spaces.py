"""Spaces: finding, drawing, layering of values, storing."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from lab.config import make_config
from lab.errors import InputError
from lab.plan import (
    Space,
    edited_base,
    file_of_space,
    list_spaces,
    load_space,
    restored_space,
    space_from,
    study_card,
)
from lab.plan.presets import PRESETS
from tests.plan.simulation import SPACE, write_space


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Space:
    return load_space(write_space(tmp_path_factory.mktemp("space")))


def test_parameters_are_found_in_every_branch_in_order_of_name(space: Space) -> None:
    assert space.parameters() == {
        "optimizer.critic.lr": FloatDistribution(1e-5, 1e-1, log=True),
        "penalty.kind": CategoricalDistribution(["none", "r1"]),
        "penalty.weight": FloatDistribution(0.1, 100.0, log=True),
        "training.critic_steps": IntDistribution(1, 8),
    }
    assert list(space.parameters()) == sorted(space.parameters())


def test_a_point_gives_its_configuration(space: Space) -> None:
    config = space.known_config("held")
    assert (config.penalty.kind, config.penalty.weight) == ("r1", 10.0)
    assert config.training.critic_steps == 5
    assert config.optimizer.critic.lr == 2e-3
    assert config.network.architecture == "dcgan"


def test_values_layer_default_preset_base_suggest_person(space: Space) -> None:
    preset = {
        "network.width": 0.5,
        "network.architecture": "sngan-resnet",
        "training.critic_steps": 3,
        "training.batch_size": 16,
    }
    layered = space.with_defaults(preset).with_fixed({"training.batch_size": 8})
    config = layered.known_config("held")
    assert config.network.width == 0.5  # the preset over the default
    assert config.network.architecture == "dcgan"  # BASE over the preset
    assert config.training.critic_steps == 5  # what is sampled over the preset
    assert config.training.batch_size == 8  # the person over the preset


def test_a_space_s_own_word_on_a_preset_wins_over_its_base(space: Space) -> None:
    own = {"gpu": {"network.architecture": "sngan-cnn"}}
    sized = {name: replace(space, presets=own).with_preset(PRESETS[name]) for name in PRESETS}
    assert sized["gpu"].known_config("held").network.architecture == "sngan-cnn"
    assert sized["laptop"].known_config("held").network.architecture == "dcgan"


def test_a_space_replaces_a_presets_numbers_of_runs(space: Space) -> None:
    sizes = {"laptop": {"trials": 5, "seeds": (1, 2)}}
    sized = {name: replace(space, sizes=sizes).sized(PRESETS[name]) for name in PRESETS}
    assert (sized["laptop"].trials, sized["laptop"].seeds) == (5, (1, 2))
    assert sized["laptop"].confirm == PRESETS["laptop"].confirm
    assert sized["gpu"] == PRESETS["gpu"]


def test_a_fixed_path_is_not_searched_any_more(space: Space) -> None:
    fixed = space.with_fixed({"penalty.kind": "r1", "optimizer.critic.lr": 2e-3})
    assert list(fixed.parameters()) == ["penalty.weight", "training.critic_steps"]
    drawn = fixed.draw_point({"penalty.weight": 1.0, "training.critic_steps": 2})
    assert drawn.config.penalty.kind == "r1"
    assert drawn.config.optimizer.critic.lr == 2e-3
    assert drawn.parameters == {"penalty.weight": 1.0, "training.critic_steps": 2}


def test_known_points_that_a_setting_contradicts_are_left_out(space: Space) -> None:
    fixed = space.with_fixed({"optimizer.critic.lr": 2e-3})
    assert dict(fixed.known_points) == {
        "held": {"training.critic_steps": 5, "penalty.kind": "r1", "penalty.weight": 10.0}
    }


def test_a_derived_value_that_a_setting_contradicts_leaves_the_point_out() -> None:
    # sngan sets the critic's betas equal to the generator's.
    fixed = load_space("sngan").with_fixed({"optimizer.critic.beta1": 0.9})
    assert list(fixed.known_points) == ["miyato-f"]
    assert "optimizer.generator.beta1" in fixed.parameters()


def test_a_fixed_value_may_lie_outside_the_searched_range(space: Space) -> None:
    fixed = space.with_fixed({"training.critic_steps": 20})
    assert (
        fixed.config_of(
            {"optimizer.critic.lr": 1e-3, "penalty.kind": "none"}
        ).training.critic_steps
        == 20
    )


def test_a_fixed_value_that_no_configuration_allows_is_refused(space: Space) -> None:
    with pytest.raises(InputError, match=r"^training.critic_steps is 0; it must be greater"):
        space.with_fixed({"training.critic_steps": 0})


def test_a_fixed_path_that_no_configuration_has_is_refused(space: Space) -> None:
    with pytest.raises(InputError, match=r"'optimizer.critc_lr' is unknown; did you mean"):
        space.with_fixed({"optimizer.critc_lr": 1e-3})


def test_a_setting_that_clashes_with_a_branch_says_so() -> None:
    wrong = load_space("dcgan").with_fixed({"loss": "relativistic"})
    with pytest.raises(InputError, match=r"mix; set network.critic_norm .* with --set loss\)"):
        wrong.parameters()


def test_batch_norm_in_sngan_leaves_the_relativistic_loss_out() -> None:
    parameters = load_space("sngan").with_fixed({"network.critic_norm": "batch"}).parameters()
    loss = parameters["loss"]
    assert isinstance(loss, CategoricalDistribution)
    assert "relativistic" not in loss.choices


def test_a_stored_space_comes_back_with_its_settings(space: Space) -> None:
    started = space.with_defaults({"network.width": 0.5}).with_fixed(
        {"optimizer.critic.lr": 2e-3, "training.batch_size": 8}
    )
    restored = restored_space(study_card(started))
    assert restored.parameters() == started.parameters()
    assert restored.known_points == started.known_points
    assert restored.fixed == started.fixed
    assert restored.known_config("held") == started.known_config("held")


def test_a_named_space_is_found_wherever_it_is_installed() -> None:
    stored = study_card(load_space("wgan-gp"))
    moved = stored.space.changed(file="/elsewhere/search_spaces/wgan_gp.py")
    restored = restored_space(stored.changed(space=moved))
    assert list(restored.known_points) == list(load_space("wgan_gp").known_points)


def test_the_card_says_what_is_searched(space: Space) -> None:
    card = study_card(space)
    assert card.parameters["penalty.weight"].stored() == {
        "kind": "float",
        "low": 0.1,
        "high": 100.0,
        "log": True,
        "step": None,
    }
    kind = {"kind": "categorical", "choices": ("none", "r1")}
    assert card.parameters["penalty.kind"].stored() == kind
    assert card.parameters["training.critic_steps"].kind == "int"
    assert make_config(card.base).network.architecture == "dcgan"
    assert card.space.known["held"]["penalty.weight"] == 10.0


def test_hyphen_and_underscore_name_the_same_space() -> None:
    assert load_space("wgan-gp").file == load_space("wgan_gp").file


def test_spaces_are_listed_with_a_description() -> None:
    spaces = {space.name: space.description for space in list_spaces()}
    assert set(spaces) == {
        "biggan",
        "dcgan",
        "lucic",
        "miyato",
        "miyato_core",
        "optimizers",
        "progressive",
        "projected",
        "r3gan",
        "remedies",
        "small_data",
        "sngan",
        "stylegan2",
        "text",
        "vae",
        "wgan_gp",
    }
    assert spaces["sngan"].startswith("Spectral norm or not")


def test_a_space_loads_by_path_from_any_folder(tmp_path: Path) -> None:
    write_space(tmp_path)
    code = "from lab.plan import load_space; print(load_space('mine.py').file)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == str(tmp_path.resolve() / "mine.py"), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


def test_an_unknown_space_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"'sngann' is unknown; did you mean 'sngan'.*path of a"):
        load_space("sngann")


def test_an_unknown_space_like_no_other_names_all() -> None:
    names = ", ".join(space.name.replace("_", "-") for space in list_spaces())
    with pytest.raises(InputError, match=rf"'zzz' is unknown; known are {names}"):
        load_space("zzz")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone.py does not exist; give the path"):
        load_space(tmp_path / "gone.py")
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(InputError, match=r"folder.py is a folder; give the path"):
        load_space(tmp_path / "folder.py")


def test_an_unknown_known_point_names_the_nearest(space: Space) -> None:
    with pytest.raises(InputError, match=r"known point 'hold' is unknown; did you mean 'held'"):
        space.known_config("hold")


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"optimizer.critic.lr": 1e-3, "penalty.kind": "none"}, "critic_steps' has no value"),
        (
            {"optimizer.critic.lr": 1.0, "training.critic_steps": 1, "penalty.kind": "none"},
            r"critic.lr' is 1.0; it must be a number from 1e-05 to 0.1 \(log\)",
        ),
        (
            {"optimizer.critic.lr": 1e-3, "training.critic_steps": 1.5, "penalty.kind": "none"},
            r"critic_steps' is 1.5; it must be a whole number from 1 to 8",
        ),
        (
            {"optimizer.critic.lr": 1e-3, "training.critic_steps": 1, "penalty.kind": "r2"},
            r"kind' is 'r2'; it must be one of 'none', 'r1'",
        ),
        (
            {
                "optimizer.critic.lr": 1e-3,
                "training.critic_steps": 1,
                "penalty.kind": "none",
                "penalty.weight": 1.0,
            },
            "'penalty.weight' is unknown.*this point of the space mine has no such one",
        ),
    ],
)
def test_a_wrong_point_is_refused(
    space: Space, parameters: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        space.config_of(parameters)


def test_a_study_from_before_a_setting_existed_takes_its_default(space: Space) -> None:
    stored = study_card(space)
    del stored.base["penalty"]["orthonormal_weight"], stored.base["evaluation"]
    assert restored_space(stored).base_config() == space.base_config()


def halves(trial: optuna.Trial) -> dict[str, Any]:
    """Two rates and nothing else."""
    return {"optimizer.critic.lr": trial.suggest_float("optimizer.critic.lr", 1e-4, 1e-3)}


def test_a_python_function_is_a_space() -> None:
    point = {"known": {"optimizer.critic_lr": 2e-4}}
    made = space_from(halves, base={"network.width": 0.5}, known_points=point)
    assert (made.name, made.description) == ("halves", "Two rates and nothing else.")
    assert made.known_config("known").optimizer.critic.lr == 2e-4
    card = study_card(made)
    assert (card.space.file, card.space.text) == ("", inspect.getsource(halves))
    assert restored_space(card, made).base_config() == made.base_config()
    with pytest.raises(InputError, match=r"is a Python function; continue the study with search"):
        restored_space(card)
    with pytest.raises(InputError, match=r"line \d+, raises ZeroDivisionError"):
        space_from(lambda trial: {"seed": 1 / 0})


def test_a_space_file_finds_a_module_beside_it_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that suggest imports later."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "beside_a_space.py").write_text("RATE = 2e-3")
    text = SPACE.replace("BASE = ", "from beside_a_space import RATE\nBASE = ")
    path = write_space(tmp_path / "there", text.replace("def suggest(trial):\n",
        "def suggest(trial):\n    import beside_a_space\n"))  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert load_space(path).known_points


def test_a_space_file_that_moved_is_asked_for(tmp_path: Path) -> None:
    path = write_space(tmp_path)
    card = study_card(load_space(path))
    path.unlink()
    with pytest.raises(InputError, match=r"is not there; give where it is now with --space FILE"):
        file_of_space(card)


def test_paths_of_a_base_that_was_edited_are_named(tmp_path: Path) -> None:
    space = load_space(write_space(tmp_path))
    card = study_card(space)
    assert edited_base(card, space) == []
    path = next(iter(space.base))
    other = replace(space, base={**space.base, "training.budget_images": 77_000})
    assert edited_base(card, other) == ["training.budget_images"]
    assert path not in edited_base(card, other)


def test_settings_of_a_space_are_counted_branch_by_branch(tmp_path: Path) -> None:
    def suggest(trial: optuna.Trial) -> dict[str, Any]:
        loss = trial.suggest_categorical("loss", ["hinge", "wasserstein"])
        values = {"loss": loss}
        if loss == "hinge":
            values["training.critic_steps"] = trial.suggest_int(
                "training.critic_steps", 1, 5, step=2
            )
        return values

    assert space_from(suggest).num_settings(100) == 4

    def endless(trial: optuna.Trial) -> dict[str, Any]:
        return {"optimizer.critic.lr": trial.suggest_float("optimizer.critic.lr", 1e-4, 1e-3)}

    assert space_from(endless).num_settings(100) == 100
    assert space_from(lambda trial: {}).num_settings(100) == 1
