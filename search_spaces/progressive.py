"""Progressive growing (ProGAN): how long a phase lasts, rates, and WGAN-GP's weight.

Each resolution fades in over `network.grow_images` images and stays as long; 0 trains all stages
from the start, which is the comparison that the space asks for. Karras et al. 2018 use 600,000 to
800,000 images a phase at Adam (0, .99), 1e-3.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {
    "network.architecture": "progan",
    "network.critic_norm": "none",
    "loss": "wasserstein",
    "penalty.kind": "wgan-gp",
    "terms.drift.weight": 1e-3,
    "optimizer.generator.beta1": 0.0,
    "optimizer.generator.beta2": 0.99,
    "optimizer.critic.beta1": 0.0,
    "optimizer.critic.beta2": 0.99,
}
PRESETS: dict[str, dict[str, Any]] = {
    "laptop": {
        "network.width": 0.125,
        "training.batch_size": 16,
        "network.grow_images": 2_000,
    },
    "gpu": {"network.grow_images": 200_000},
    "cluster": {"network.grow_images": 200_000},
}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Growth or none, one rate for both players, the penalty's weight."""
    rate = trial.suggest_float("optimizer.generator.lr", 1e-4, 5e-3, log=True)
    return {
        "network.grow_images": trial.suggest_categorical("network.grow_images", [0, 1_000, 2_000]),
        "optimizer.generator.lr": rate,
        "optimizer.critic.lr": rate,
        "penalty.weight": trial.suggest_float("penalty.weight", 1.0, 100.0, log=True),
    }


def _point(grow_images: int, rate: float) -> dict[str, Any]:
    return {
        "network.grow_images": grow_images,
        "optimizer.generator.lr": rate,
        "penalty.weight": 10.0,
    }


KNOWN_POINTS = {
    "growing": _point(2_000, 1e-3),
    "at-once": _point(0, 1e-3),
}
