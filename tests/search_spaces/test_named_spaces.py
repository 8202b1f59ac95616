"""The named spaces hold the published settings; the tables here are typed from the papers."""

from __future__ import annotations

import pytest

from lab.config import RunConfig
from lab.plan import find_preset, list_spaces, load_space
from lab.plan.suggest import from_random

# Miyato et al. 2018, Table 1: learning rate, beta1, beta2, critic steps.
MIYATO = {
    "miyato-a": (0.0001, 0.5, 0.9, 5),
    "miyato-b": (0.0001, 0.5, 0.999, 1),
    "miyato-c": (0.0002, 0.5, 0.999, 1),
    "miyato-d": (0.001, 0.5, 0.9, 5),
    "miyato-e": (0.001, 0.5, 0.999, 5),
    "miyato-f": (0.001, 0.9, 0.999, 5),
}


def optimizer_table(config: RunConfig) -> tuple[float, float, float, int]:
    """(rate, beta1, beta2, critic steps), the same for both players."""
    adam = config.optimizer
    assert adam.generator.lr == adam.critic.lr
    assert adam.generator.beta1 == adam.critic.beta1
    assert adam.generator.beta2 == adam.critic.beta2
    return (
        adam.critic.lr,
        adam.critic.beta1,
        adam.critic.beta2,
        config.training.critic_steps,
    )


def test_every_miyato_setting_is_what_the_paper_says() -> None:
    space = load_space("sngan")
    assert [name for name in space.known_points if name.startswith("miyato")] == list(MIYATO)
    for name, row in MIYATO.items():
        config = space.known_config(name)
        assert optimizer_table(config) == row, name
        assert config.training.batch_size == 64
        assert config.network.architecture == "sngan-cnn"
        assert config.network.critic_norm == "spectral"
        assert config.penalty.kind == "none"
        assert config.loss == "hinge"


def test_the_gulrajani_point_is_algorithm_1_of_the_paper() -> None:
    config = load_space("wgan-gp").known_config("gulrajani")
    assert optimizer_table(config) == (0.0001, 0.0, 0.9, 5)
    assert config.loss == "wasserstein"
    assert (config.penalty.kind, config.penalty.weight) == ("wgan-gp", 10.0)
    assert config.penalty.clip is None
    assert config.training.batch_size == 64
    assert config.network.critic_norm == "none"


def test_the_miyato_points_of_wgan_gp_have_the_penalty_under_the_papers_settings() -> None:
    for name in ("miyato-a", "miyato-f"):
        config = load_space("wgan-gp").known_config(name)
        assert optimizer_table(config) == MIYATO[name]
        assert (config.penalty.kind, config.penalty.weight) == ("wgan-gp", 10.0)


def test_the_arjovsky_point_clips_weights() -> None:
    config = load_space("wgan-gp").known_config("arjovsky")
    assert (config.penalty.kind, config.penalty.clip) == ("none", 0.01)
    assert optimizer_table(config)[0] == 0.00005
    assert config.training.critic_steps == 5


def test_the_radford_point_is_section_4_of_the_paper() -> None:
    config = load_space("dcgan").known_config("radford")
    assert optimizer_table(config) == (0.0002, 0.5, 0.999, 1)
    assert config.training.batch_size == 128
    assert config.network.architecture == "dcgan"
    assert config.network.critic_norm == "batch"
    assert config.loss == "non-saturating"


@pytest.mark.parametrize("name", ["sngan", "wgan_gp"])
def test_the_penalty_weight_is_searched_only_with_a_penalty(name: str) -> None:
    space = load_space(name)
    kinds = set()
    for i in range(200):
        drawn = space.draw(from_random(3, "test", i))
        kind = drawn.parameters["penalty.kind"]
        kinds.add(kind)
        assert ("penalty.weight" in drawn.parameters) == (kind != "none")
    assert len(kinds) >= 3


def test_sngan_keeps_the_corner_that_should_fail() -> None:
    config = load_space("sngan").config_of(
        {
            "loss": "wasserstein",
            "network.critic_norm": "none",
            "penalty.kind": "none",
            "optimizer.generator.lr": 1e-2,
            "optimizer.critic.lr": 1e-2,
            "optimizer.generator.beta1": 0.9,
            "optimizer.generator.beta2": 0.999,
            "training.batch_size": 16,
            "training.critic_steps": 1,
        }
    )
    assert config.penalty.clip is None


def test_both_players_share_their_betas_everywhere() -> None:
    for space in list_spaces():
        for i in range(50):
            adam = space.draw(from_random(4, "test", i)).config.optimizer
            assert adam.critic.beta1 == adam.generator.beta1
            assert adam.critic.beta2 == adam.generator.beta2


MIYATO_METHODS = {
    # method: norm, loss, penalty, clip
    "spectral": ("spectral", "non-saturating", "none", None),
    "wgan-gp": ("none", "wasserstein", "wgan-gp", None),
    "clipping": ("none", "wasserstein", "none", 0.01),
    "batch": ("batch", "non-saturating", "none", None),
    "layer": ("layer", "non-saturating", "none", None),
    "weight": ("weight", "non-saturating", "none", None),
    "orthonormal": ("orthonormal", "non-saturating", "none", None),
}


def test_the_miyato_space_is_the_papers_table_of_settings_and_methods() -> None:
    space = load_space("miyato")
    settings = [name.removeprefix("miyato-") for name in MIYATO]
    assert list(space.known_points) == [
        f"{one}-{method}" for one in settings for method in MIYATO_METHODS
    ]
    for name in space.known_points:
        setting, method = name.split("-", 1)
        config = space.known_config(name)
        assert optimizer_table(config) == MIYATO[f"miyato-{setting}"], name
        norm, loss, kind, clip = MIYATO_METHODS[method]
        assert (config.network.critic_norm, config.loss) == (norm, loss), name
        assert (config.penalty.kind, config.penalty.clip) == (kind, clip), name
        assert kind == "none" or config.penalty.weight == 10.0
        assert config.training.batch_size == 64
        assert config.network.architecture == "sngan-cnn"


def test_the_miyato_space_has_the_papers_size_on_gpus_and_a_small_one_on_laptops() -> None:
    gpu, laptop = (
        load_space("miyato").with_preset(find_preset(name)).known_config("a-spectral")
        for name in ("gpu", "laptop")
    )
    assert (gpu.network.width, gpu.training.batch_size, gpu.data.source) == (1.0, 64, "cifar10")
    assert (laptop.network.width, laptop.training.batch_size) == (0.125, 16)
    assert laptop.network.architecture == gpu.network.architecture == "sngan-cnn"


LUCIC_METHODS = {
    "minimax": ("minimax", "none"),
    "non-saturating": ("non-saturating", "none"),
    "least-squares": ("least-squares", "none"),
    "wasserstein": ("wasserstein", "none"),
    "wgan-gp": ("wasserstein", "wgan-gp"),
    "dragan": ("non-saturating", "dragan"),
    "r1-r2": ("relativistic", "r1-r2"),
}


def test_the_lucic_space_plays_every_method_under_the_same_settings() -> None:
    space = load_space("lucic")
    settings: dict[str, set[tuple[float, ...]]] = {}
    for name in space.known_points:
        setting, method = name.split("-", 1)
        config = space.known_config(name)
        assert (config.loss, config.penalty.kind) == LUCIC_METHODS[method], name
        assert (config.penalty.clip is not None) == (method == "wasserstein"), name
        settings.setdefault(setting, set()).add(optimizer_table(config))
    assert len(space.known_points) == len(settings) * len(LUCIC_METHODS)
    assert all(len(tables) == 1 for tables in settings.values())


def test_the_lucic_settings_lie_in_the_papers_ranges() -> None:
    space = load_space("lucic")
    for name in space.known_points:
        config = space.known_config(name)
        player, penalty = config.optimizer.generator, config.penalty
        assert config.optimizer.critic == player
        assert 1e-5 <= player.lr <= 1e-2
        assert 0 <= player.beta1 < 1
        assert config.training.critic_steps in (1, 5)
        assert penalty.kind == "none" or 0.1 <= penalty.weight <= 100
        assert penalty.clip is None or 1e-3 <= penalty.clip <= 1


def test_the_core_of_the_miyato_space_is_nine_of_its_points() -> None:
    whole, core = load_space("miyato"), load_space("miyato_core")
    assert len(core.known_points) == 9
    for name in core.known_points:
        assert core.known_config(name) == whole.known_config(name)
