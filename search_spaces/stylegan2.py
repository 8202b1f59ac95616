"""StyleGAN2: R1's weight, rates, augmentation, path length and the critic's minibatch statistic.

The points are the set-ups of Karras et al. 2020 (StyleGAN2-ADA), `cifar` and `paper256`, and one
at laptop size. R1 acts every 16th step, with its weight times 16, in an update of its own, as path
length does every fourth. On a laptop a narrow network on 10,000 grey images; at the published
sizes `--preset gpu --set data.resolution=256` on images of your own.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {
    "network.architecture": "stylegan2-cifar",
    "network.critic_norm": "none",
    "loss": "non-saturating",
    "penalty.kind": "r1",
    "penalty.every_steps": 16,
    "training.lazy": "own",
    "optimizer.generator.beta1": 0.0,
    "optimizer.generator.beta2": 0.99,
    "optimizer.critic.beta1": 0.0,
    "optimizer.critic.beta2": 0.99,
}
PRESETS: dict[str, dict[str, Any]] = {
    "laptop": {"network.width": 0.0625, "training.batch_size": 16},
    "gpu": {"training.batch_size": 64, "training.ema_half_life_images": 500_000},
    "cluster": {"training.batch_size": 64, "training.ema_half_life_images": 500_000},
}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """One rate for both players, as published."""
    rate = trial.suggest_float("optimizer.generator.lr", 5e-4, 1e-2, log=True)
    return {
        "optimizer.generator.lr": rate,
        "optimizer.critic.lr": rate,
        "penalty.weight": trial.suggest_float("penalty.weight", 1e-3, 10.0, log=True),
        "augmentation.kind": trial.suggest_categorical(
            "augmentation.kind", ["none", "diffaugment", "ada"]
        ),
        "network.minibatch_std": trial.suggest_categorical("network.minibatch_std", [1, 4, 8]),
        "terms.path_length.weight": trial.suggest_categorical(
            "terms.path_length.weight", [0.0, 2.0]
        ),
    }


def _point(
    rate: float, gamma: float, path_length: float, group: int, augmentation: str = "none"
) -> dict[str, Any]:
    return {
        "optimizer.generator.lr": rate,
        "penalty.weight": gamma,
        "augmentation.kind": augmentation,
        "network.minibatch_std": group,
        "terms.path_length.weight": path_length,
    }


KNOWN_POINTS = {
    "laptop": _point(2.5e-3, 0.1, 0.0, 4),
    "cifar": _point(2.5e-3, 0.01, 0.0, 4),
    "cifar-ada": _point(2.5e-3, 0.01, 0.0, 4, "ada"),
    "paper256": _point(2.5e-3, 1.0, 2.0, 8),
}
