"""Facts about the configuration: every path, every error sentence, metric names, --set."""

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from lab.catalogue import TERMS
from lab.config import (
    Ramp,
    RunConfig,
    cache_folder,
    change_config,
    config_paths,
    make_config,
    parse_setting,
    read_config,
    scheduled_numbers,
    value_at,
    value_of,
    with_values,
)
from lab.errors import InputError, nearest, unknown
from lab.record.columns import metric_names, names_in, under_columns

OTHER_VALUES: dict[str, Any] = {
    "seed": 7,
    "loss": "wasserstein",
    "data.source": "cifar10",
    "data.resolution": 64,
    "data.root": "/data",
    "data.limit": 500,
    "data.mirror": True,
    "network.architecture": "dcgan",
    "network.width": 0.25,
    "network.latent_size": 64,
    "network.conditional": True,
    "network.encoder_side": 64,
    "network.text_conditioning": "plain",
    "text.encoder": "mine.safetensors",
    "text.interpolated": 0.5,
    "text.uncaptioned": "refused",
    "network.minibatch_std": 8,
    "network.mapping_layers": 2,
    "network.style_mixing": 0.9,
    "network.grow_images": 1000,
    "vae.likelihood": "gaussian",
    "vae.sigma": 0.3,
    "vae.beta": 2.0,
    "vae.gamma": 0.5,
    "vae.encoder_norm": "none",
    "penalty.consensus_weight": 1.0,
    "optimizer.lookahead.steps": 5,
    "optimizer.lookahead.alpha": 0.3,
    "training.game": "extragradient",
    "training.unrolled_steps": 3,
    "network.critic_norm": "layer",
    "penalty.kind": "r1",
    "penalty.orthonormal_weight": 0.01,
    "penalty.weight": 0.0,
    "penalty.every_steps": 16,
    "penalty.clip": 0.01,
    "optimizer.generator.lr": 1e-3,
    "optimizer.critic.lr": 1e-5,
    "optimizer.generator.beta1": 0.0,
    "optimizer.generator.beta2": 0.9,
    "optimizer.critic.beta1": 0.9,
    "optimizer.critic.beta2": 0.99,
    "optimizer.generator.kind": f"{__file__}:my_optimizer",
    "optimizer.critic.kind": f"{__file__}:my_other_optimizer",
    "optimizer.generator.epsilon": 1e-6,
    "optimizer.critic.epsilon": 1e-7,
    "optimizer.generator.momentum": 0.9,
    "optimizer.critic.momentum": 0.5,
    "optimizer.generator.weight_decay": 0.01,
    "optimizer.critic.weight_decay": 0.1,
    "optimizer.generator.max_grad_norm": 1.0,
    "optimizer.critic.max_grad_norm": 10.0,
    "optimizer.schedule": "linear",
    "augmentation.kind": f"{__file__}:MyAugmentation",
    "augmentation.policy": "colour,translation",
    "augmentation.probability": {"start": 0.0, "end": 0.5, "until_images": 1e5},
    "augmentation.target_sign": 0.5,
    "augmentation.adjust_images": 1e5,
    "augmentation.instance_noise": 0.1,
    "training.batch_size": 128,
    "training.generator_batch_multiplier": 2,
    "training.accumulate": 4,
    "training.deterministic": True,
    "training.critic_steps": 5,
    "training.budget_images": 10_000,
    "training.precision": "bfloat16",
    "training.ema_half_life_images": 0.0,
    "training.ema_rampup": 0.0,
    "training.ema_statistics": "estimated",
    "training.capture": False,
    "training.keep_generators": 4,
    "training.lazy": "own",
    "evaluation.every_images": 1_000,
    "evaluation.num_samples": 500,
    "evaluation.extractor": "inception",
    "evaluation.extractor_weights": "/weights.pth",
    "evaluation.live_every": 4,
    "evaluation.nearest_k": 3,
    "stability.target_quality": 0.6,
    "stability.target_distance": "fid=20",
    "stability.explosion_factor": 50.0,
    "stability.explosion_norm": 1e5,
    "stability.collapse_coverage": 0.2,
    "stability.collapse_diversity": 0.05,
    "stability.collapse_modes": 0.4,
    "stability.collapse_duplicates": 0.8,
    "stability.deaf_alignment": 0.2,
    "stability.swing_factor": 3.0,
    "stability.rise_factor": 1.8,
    "stability.overfit_gap": 0.7,
    "stability.overfit_sign": 0.8,
    "stability.memorised_ct": -8.0,
    "stability.memorised_authenticity": 0.3,
    "stability.averaging_gap": 5.0,
    "stability.signal_every_steps": 4,
    "stability.jacobian": True,
    "stability.stop_on_failure": False,
}

for _name, _entry in TERMS.items():
    _section = f"terms.{_name.replace('-', '_')}"
    OTHER_VALUES |= {f"{_section}.weight": 0.5, f"{_section}.every_steps": 8}
    OTHER_VALUES |= {
        f"{_section}.{key}": setting.low if setting.default != setting.low else setting.high
        for key, setting in _entry.settings.items()
    }

OTHER_VALUES |= {
    "network.pack": 2,
    "network.projection": False,
    "terms.own.kind": f"{__file__}:MyTerm",
}


def test_every_path_is_known_and_none_else() -> None:
    assert sorted(config_paths()) == sorted(OTHER_VALUES)


@pytest.mark.parametrize("path", sorted(OTHER_VALUES))
def test_every_path_can_be_set_alone(path: str) -> None:
    default = make_config({})
    assert value_at(default, path) != OTHER_VALUES[path]
    changed = make_config({}, {path: OTHER_VALUES[path]})
    value = OTHER_VALUES[path]
    assert value_at(changed, path) == (Ramp(**value) if isinstance(value, dict) else value)
    others = [other for other in config_paths() if other != path]
    assert all(value_at(changed, other) == value_at(default, other) for other in others)


@pytest.mark.parametrize("damaged", ["text", 3, None, ["lr"]])
def test_a_damaged_section_has_no_values(damaged: Any) -> None:
    data = {"optimizer": damaged, "training": make_config({}).training}
    assert value_at(data, "optimizer.title") is None
    assert value_at(data, "optimizer.count") is None
    assert value_at(data, "training.batch_size") == make_config({}).training.batch_size


def test_every_field_says_what_it_is() -> None:
    def undocumented(section: Any) -> list[str]:
        names = [name for name, field in section.model_fields.items() if not field.description]
        for field in section.model_fields.values():
            if hasattr(field.annotation, "model_fields"):
                names += undocumented(field.annotation)
        return names

    assert undocumented(RunConfig) == []


def test_values_win_over_data_and_leave_it_alone() -> None:
    data = {"seed": 1, "optimizer": {"critic": {"lr": 0.1}, "generator": {"lr": 0.2}}}
    config = make_config(data, {"optimizer.critic.lr": 0.3})
    assert (config.optimizer.critic.lr, config.optimizer.generator.lr) == (0.3, 0.2)
    assert data == {"seed": 1, "optimizer": {"critic": {"lr": 0.1}, "generator": {"lr": 0.2}}}


def test_a_configuration_survives_json() -> None:
    alone = {"network.text_conditioning": "none"}  # an image has a class or a text
    config = make_config({}, OTHER_VALUES | alone)
    assert make_config(json.loads(json.dumps(config.model_dump()))) == config


def test_a_changed_configuration_is_validated_again() -> None:
    config = change_config(make_config({}), {"seed": 3})
    assert config.seed == 3
    with pytest.raises(InputError, match="seed is -1"):
        change_config(config, {"seed": -1})


def test_a_configuration_is_frozen() -> None:
    config = make_config({})
    with pytest.raises(ValidationError, match="frozen"):
        config.seed = 3  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        config.optimizer.critic.lr = 3.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"optimizer.critic.lr": -1}, "optimizer.critic.lr is -1; it must be greater than 0"),
        (
            {"optimizer.critic.lr": 2.0},
            "optimizer.critic.lr is 2.0; it must be less than or equal to 1",
        ),
        ({"optimizer.critic.beta1": 1.0}, "optimizer.critic.beta1 is 1.0; it must be less than 1"),
        (
            {"optimizer.critic.lr": math.nan},
            "optimizer.critic.lr is nan; it must be a finite number",
        ),
        ({"penalty.weight": math.inf}, "penalty.weight is inf; it must be a finite number"),
        (
            {"optimizer.critic.lr": "big"},
            "optimizer.critic.lr is 'big'; it must be a valid number, "
            "unable to parse string as a number",
        ),
        (
            {"seed": 1.5},
            "seed is 1.5; it must be a valid integer, got a number with a fractional part",
        ),
        (
            {"loss": "hing"},
            "loss is 'hing'; did you mean 'hinge'? It must be one of minimax, non-saturating, "
            "least-squares, wasserstein, hinge, relativistic, or path/to/mine.py:NAME",
        ),
        (
            {"data.resolution": 33},
            "data.resolution is 33; it must be 28 or a power of two from 16 to 1,024",
        ),
        ({"data.source": 5}, "data.source is 5; it must be a valid string"),
        ({"penalty.clip": 0}, "penalty.clip is 0; it must be greater than 0"),
        (
            {"seed": -1, "training.batch_size": 0},
            "seed is -1; it must be greater than or equal to 0 (and 1 more)",
        ),
    ],
)
def test_a_wrong_value_gets_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        make_config({}, values)
    assert str(caught.value) == sentence


def test_a_misspelt_path_gets_the_nearest_names() -> None:
    nested = {"optimizer": {"critic": {"lrr": 0.1}}}
    for attempt in ({"data": {}, "values": {"optimizer.critic.lrr": 0.1}}, {"data": nested}):
        with pytest.raises(InputError) as caught:
            make_config(**attempt)
        assert str(caught.value).startswith(
            "the configuration path 'optimizer.critic.lrr' is unknown; "
            "did you mean 'optimizer.critic.lr'"
        )


def test_a_section_is_no_settable_path() -> None:
    with pytest.raises(InputError, match="the configuration path 'optimizer' is unknown"):
        make_config({}, {"optimizer": {"critic": {"lr": 0.1}}})


@pytest.mark.parametrize("came", [5, None, [1], "adam"])
@pytest.mark.parametrize("values", [{}, {"optimizer.critic.lr": 0.1}])
def test_a_section_that_is_no_object_gets_one_sentence(came: Any, values: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        make_config({"optimizer": came}, values)
    assert str(caught.value) == f"optimizer is {came!r}; it must be an object of settings"


def test_a_budget_below_one_step_is_refused() -> None:
    values = {"training.batch_size": 64, "training.critic_steps": 5}
    assert make_config({}, {**values, "training.budget_images": 320}).num_steps == 1
    with pytest.raises(InputError) as caught:
        make_config({}, {**values, "training.budget_images": 319})
    assert str(caught.value).startswith(
        "training.budget_images is 319; one generator step shows 320 images"
    )


def test_a_relativistic_loss_refuses_batch_norm_in_the_critic() -> None:
    with pytest.raises(InputError, match=r"set network\.critic_norm to"):
        make_config({}, {"loss": "relativistic", "network.critic_norm": "batch"})
    assert make_config({}, {"loss": "hinge", "network.critic_norm": "batch"}).loss == "hinge"


def test_the_budget_is_counted_in_whole_generator_steps() -> None:
    config = make_config({}, {"training.critic_steps": 5, "training.budget_images": 1_000})
    assert config.images_per_step == 320
    assert config.num_steps == 4


def test_values_create_the_sections_they_need() -> None:
    assert with_values({}, {"penalty.kind": "r1"}) == {"penalty": {"kind": "r1"}}


# Files.


def test_a_config_file_may_be_a_trial_file(tmp_path: Path) -> None:
    plain, trial = tmp_path / "plain.json", tmp_path / "trial.json"
    plain.write_text('{"seed": 3}')
    trial.write_text('{"format": 1, "number": 4, "config": {"seed": 3}}')
    assert read_config(plain) == read_config(trial) == make_config({"seed": 3})


def test_a_file_may_give_dotted_paths(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"network.width": 0.5, "network": {"latent_size": 8}, "seed": 3}')
    wanted = {"network": {"width": 0.5, "latent_size": 8}, "seed": 3}
    assert read_config(path) == make_config(wanted)
    path.write_text('{"network.widht": 0.5}')
    with pytest.raises(InputError, match=r"'network.widht' is unknown; did you mean 'network"):
        read_config(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "is not JSON"),
        (b"", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[1]", "holds list; write an object"),
        (b'{"config": 5}', "has the config 5; write an object"),
        (b'{"seed": NaN}', "seed is nan; it must be a finite number"),
        (b'{"sed": 1}', "the configuration path 'sed' is unknown; did you mean 'seed'?"),
    ],
)
def test_a_bad_config_file_gets_one_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_config(path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_config_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json cannot be read: No such file"):
        read_config(tmp_path / "none.json")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_config(tmp_path)


# --set.


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("optimizer.critic.lr=2e-4", "optimizer.critic.lr", 2e-4),
        ("seed=3", "seed", 3),
        ("data.mirror=true", "data.mirror", True),
        ("penalty.clip=null", "penalty.clip", None),
        ("loss=hinge", "loss", "hinge"),
        ('loss="hinge"', "loss", "hinge"),
        ("data.source=/a=b", "data.source", "/a=b"),
        ("data.source=", "data.source", ""),
        (" seed = 3 ", "seed", 3),
    ],
)
def test_a_setting_is_a_path_and_a_json_value_or_a_bare_word(
    text: str, path: str, value: Any
) -> None:
    parsed = parse_setting(text)
    assert parsed == (path, value)
    assert type(parsed[1]) is type(value)


@pytest.mark.parametrize("text", ["seed", "=3", ""])
def test_a_setting_without_path_or_value_gets_one_sentence(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_setting(text)
    assert str(caught.value) == (
        f"--set got '{text}'; write path=value, say optimizer.critic.lr=0.0002"
    )


# Names.


def test_only_inception_metrics_are_called_fid() -> None:
    assert metric_names("inception").frechet == "fid"
    assert metric_names("inception").kernel == "kid"
    names = metric_names("fashion")
    assert (names.frechet, names.kernel) == ("fd_fashion", "kid_fashion")
    assert names.kernel_error == "kid_fashion_se"
    assert names.coverage == "coverage_fashion"


def test_names_end_in_the_number_of_samples() -> None:
    names = metric_names("fashion", 2_000)
    assert (names.frechet, names.kernel_error) == ("fd_fashion_2k", "kid_fashion_2k_se")
    assert metric_names("inception", 50_000).frechet == "fid_50k"
    assert metric_names("fashion", 1_500).rke == "rke_fashion_1500"
    fewer = metric_names("fashion", 10_000, 2_000)
    assert (fewer.kernel, fewer.recall) == ("kid_fashion_10k", "recall_fashion_2k")


@pytest.mark.parametrize("family", ["fashion", "inception", "my-tops"])
@pytest.mark.parametrize("counts", [(), (1_500,), (10_000, 2_000)])
def test_names_are_known_again_by_their_columns(family: str, counts: tuple[int, ...]) -> None:
    names = metric_names(family, *counts)
    expected = None if (family, counts) == ("inception", ()) else names
    assert names_in(["quality", *names.model_dump().values()]) == expected


def test_rows_of_either_spelling_have_the_names_asked_for() -> None:
    row = {"fd_fashion": 1.0, "kid_fashion_se": 2.0, "class_share_1": 3.0, "signal_r_t": 4.0}
    counted = {
        "fd_fashion_2k": 1.0,
        "kid_fashion_2k_se": 2.0,
        "class_share_1": 3.0,
        "signal_r_t": 4.0,
    }
    assert under_columns(row, metric_names("fashion", 2_000).model_dump().values()) == counted
    assert under_columns(counted, metric_names("fashion").model_dump().values()) == row


@pytest.mark.parametrize("family", ["fashion", "inception", "mine"])
def test_the_metrics_of_a_family_have_names_of_their_own(family: str) -> None:
    names = list(metric_names(family).model_dump().values())
    assert len(set(names)) == 11


def test_the_nearest_names_are_offered_and_far_ones_are_not() -> None:
    assert nearest("sngna", ["sngan", "dcgan", "wgan_gp"]).startswith("; did you mean 'sngan'")
    assert nearest("xyzzy", ["sngan", "dcgan"]) == ""


def test_an_unknown_name_lists_the_known_when_none_is_near() -> None:
    assert str(unknown("the space", "xyzzy", ["b", "a"])) == (
        "the space 'xyzzy' is unknown; known are a, b"
    )
    assert str(unknown("the space", "sngam", ["sngan"])) == (
        "the space 'sngam' is unknown; did you mean 'sngan'?"
    )


def test_the_cache_folder_follows_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_CACHE", "/somewhere")
    assert cache_folder() == Path("/somewhere")
    monkeypatch.delenv("LAB_CACHE")
    assert cache_folder() == Path.home() / ".cache" / "gan-lab"


@pytest.mark.parametrize(
    ("shape", "middle"), [("linear", 5.5), ("cosine", 5.5), ("exponential", 10**0.5)]
)
def test_a_schedule_moves_from_start_to_end(shape: Any, middle: float) -> None:
    ramp = Ramp(start=1.0, end=10.0, from_images=100, until_images=300, shape=shape)
    assert [ramp.at(images) for images in (0, 100, 300, 1e6)] == pytest.approx([1, 1, 10, 10])
    assert ramp.at(200) == pytest.approx(middle)


def test_a_part_of_a_schedule_has_a_path_of_its_own() -> None:
    schedule = {"start": 1e-3, "end": 1e-4, "until_images": 1e4}
    config = make_config({}, {"optimizer.critic.lr": schedule, "optimizer.critic.lr.end": 1e-5})
    assert value_of(config.optimizer.critic.lr, 1e5) == 1e-5
    assert list(scheduled_numbers(config)) == ["optimizer.critic.lr"]


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        ({"start": 1e-3, "end": 0.0, "until_images": 10}, "it must be greater than 0"),
        (
            {"start": 1e-3, "end": 1e-4, "until_images": 10, "from_images": 20},
            "a schedule goes from 20 images to 10; it must end after it starts",
        ),
        ({"start": 1e-3, "stop": 1e-4, "until_images": 10}, "a schedule has start, end"),
        ({"start": 1e-3, "end": 1e-4}, "a schedule has start, end"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(schedule: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        make_config({}, {"optimizer.critic.lr": schedule})


def test_a_source_that_no_record_can_hold_is_one_sentence() -> None:
    strange = os.fsdecode(b"/sets/caf\xe9")
    with pytest.raises(InputError, match=r"/sets/caf\\xe9, whose name is not UTF-8") as error:
        make_config({}, {"data.source": strange})
    assert "\n" not in str(error.value)
