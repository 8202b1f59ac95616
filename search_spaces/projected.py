"""Projected GAN: a critic on the features of a frozen encoder (extra `features`).

Hinge loss over the logits of four small critics, DiffAugment, Adam (0, .99) at 2e-4 (Sauer et al.
2021). On a laptop the encoder sees 64 pixels instead of 224, and the budget is a tenth: it learns
in fewer images, each of which costs more.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {
    "network.architecture": "projected",
    "network.critic_norm": "spectral",
    "network.conditional": False,
    "loss": "hinge",
    "optimizer.generator.beta1": 0.0,
    "optimizer.generator.beta2": 0.99,
    "optimizer.critic.beta1": 0.0,
    "optimizer.critic.beta2": 0.99,
}
PRESETS: dict[str, dict[str, Any]] = {
    "laptop": {
        "network.width": 0.125,
        "network.encoder_side": 64,
        "training.batch_size": 16,
        "training.budget_images": 6_000,
        "evaluation.every_images": 2_000,
    },
}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Both rates and the augmentation."""
    return {
        "optimizer.generator.lr": trial.suggest_float(
            "optimizer.generator.lr", 5e-5, 5e-3, log=True
        ),
        "optimizer.critic.lr": trial.suggest_float("optimizer.critic.lr", 5e-5, 5e-3, log=True),
        "augmentation.kind": trial.suggest_categorical(
            "augmentation.kind", ["none", "diffaugment"]
        ),
    }


KNOWN_POINTS = {
    "sauer": {
        "optimizer.generator.lr": 2e-4,
        "optimizer.critic.lr": 2e-4,
        "augmentation.kind": "diffaugment",
    },
    "laptop": {
        "optimizer.generator.lr": 1e-3,
        "optimizer.critic.lr": 1e-3,
        "augmentation.kind": "none",
    },
}
