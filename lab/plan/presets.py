"""Sizes of a search for the available hardware: what a run costs, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.errors import unknown
from lab.statistics import SUGGESTED_FRESH_SEEDS

LEAST_TRIALS_TO_RACE = 8
"""Searches of fewer trials explore only, unless a race is asked for."""


@dataclass(frozen=True)
class Preset:
    """Values under a space's own (`Space.with_defaults`), and how many runs of which stage."""

    name: str
    description: str
    base: Mapping[str, Any]
    """Dotted path -> value."""
    trials: int
    seeds: tuple[int, ...]
    """Seeds of a trial at each rung of the race."""
    race: int
    """Trials left at the last rung."""
    confirm: int
    """Fresh seeds of each of those."""


_LAPTOP = Preset(
    name="laptop",
    description="two cores, ten minutes: a small conditional DCGAN trunk",
    base={
        "data.source": "fashion-mini",
        "data.resolution": 32,
        # One core, the point `laptop` of the sngan space with batch 32, coverage of real images:
        # unconditional .10 after 24 kimg (24 CPU s); conditional .14 after 12 kimg (13 s), with
        # beta1 0 .28; batch 16 .42 (14 s), batch 8 .49 (20 s), width .1875 .39 (12 s)
        # (November 2026).
        "network.architecture": "dcgan",
        "network.width": 0.25,
        "network.latent_size": 64,
        "network.conditional": True,
        "training.budget_images": 12_000,
        "training.precision": "float32",
        "training.ema_half_life_images": 1_000,
        "evaluation.every_images": 3_000,
        "evaluation.num_samples": 2_000,
        # Below, samples are still shapeless: fd_fashion is 25 at u .35 and 14 at u .44.
        "stability.target_quality": 0.4,
    },
    trials=42,
    # In simulated studies (benchmarks/race/study.py) a longer last rung with fewer survivors
    # chooses better at the same cost.
    seeds=(1, 2, 6),
    race=2,
    confirm=SUGGESTED_FRESH_SEEDS,
)

_GPU = Preset(
    name="gpu",
    description="one machine with GPUs, hours: the published size, 2,000 kimg a run",
    base={
        "data.source": "cifar10",
        "data.resolution": 32,
        "network.width": 1.0,
        "network.latent_size": 128,
        "evaluation.extractor": "inception",
        "training.budget_images": 2_000_000,
        "training.ema_half_life_images": 20_000,
        "evaluation.every_images": 100_000,
        "evaluation.num_samples": 10_000,
    },
    trials=64,
    seeds=(1, 2, 6, 16),
    race=2,
    confirm=10,
)

_CLUSTER = Preset(
    name="cluster",
    description="several machines with GPUs: as gpu, with more trials",
    base=_GPU.base,
    trials=256,
    seeds=(1, 2, 6, 16),
    race=3,
    confirm=20,
)

PRESETS: dict[str, Preset] = {preset.name: preset for preset in (_LAPTOP, _GPU, _CLUSTER)}


def find_preset(name: str) -> Preset:
    """A preset by name; InputError with the nearest names."""
    if name not in PRESETS:
        raise unknown("the preset", name, PRESETS)
    return PRESETS[name]


def choose_preset(num_gpus: int, num_nodes: int) -> str:
    """The preset for this hardware: laptop without GPUs, cluster with several nodes of them."""
    if num_gpus == 0:
        return "laptop"
    return "cluster" if num_nodes > 1 else "gpu"
