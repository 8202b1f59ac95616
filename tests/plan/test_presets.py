"""Presets: valid over every named space, chosen from the hardware."""

from __future__ import annotations

import pytest

from lab.errors import InputError
from lab.plan import PRESETS, choose_preset, find_preset, list_spaces


def test_every_named_space_is_valid_under_every_preset() -> None:
    for space in list_spaces():
        for preset in PRESETS.values():
            assert space.with_preset(preset).parameters() == space.parameters()


def test_presets_grow() -> None:
    laptop, gpu, cluster = (PRESETS[name] for name in ("laptop", "gpu", "cluster"))
    assert laptop.trials < gpu.trials < cluster.trials
    for path in ("network.width", "training.budget_images", "evaluation.num_samples"):
        assert laptop.base[path] < gpu.base[path]
    assert gpu.base["network.width"] == 1.0
    assert gpu.base["training.budget_images"] == 2_000_000


def test_a_laptop_search_needs_no_download() -> None:
    assert PRESETS["laptop"].base["data.source"] == "fashion-mini"


@pytest.mark.parametrize(
    ("num_gpus", "num_nodes", "name"),
    [(0, 1, "laptop"), (0, 3, "laptop"), (1, 1, "gpu"), (8, 1, "gpu"), (8, 4, "cluster")],
)
def test_the_preset_follows_the_hardware(num_gpus: int, num_nodes: int, name: str) -> None:
    assert choose_preset(num_gpus, num_nodes) == name


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(InputError, match="the preset 'laptpo' is unknown; did you mean 'laptop'"):
        find_preset("laptpo")
