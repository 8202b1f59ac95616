"""Lucic et al. 2018: seven losses and penalties under the same random optimizer settings.

The known points are 12 settings drawn from the paper's ranges, each with the relativistic loss
with R1 and R2 (R3GAN 2024; instead of BEGAN), and with minimax, non-saturating, least-squares,
Wasserstein (clipped), WGAN-GP and DRAGAN: `--known-only --seeds 1`. The paper draws 100 settings
for each method; here all methods play under the same ones, so that they are compared in pairs.
Critics have no norm. At the paper's size, 20 epochs of Fashion-MNIST at batch 64: `--preset gpu
--dataset fashion-mnist --budget-kimg 1200`.
"""

from __future__ import annotations

import random
from typing import Any

import optuna

BASE: dict[str, Any] = {
    "network.architecture": "dcgan",
    "network.critic_norm": "none",
    "training.batch_size": 64,
}
PRESETS: dict[str, dict[str, Any]] = {
    # Batches of 64 would leave five critic steps with 37 generator steps.
    "laptop": {
        "training.batch_size": 16,
        "training.budget_images": 12_000,
        "evaluation.every_images": 2_000,
    },
}
NUM_SETTINGS = 12

METHODS: dict[str, dict[str, Any]] = {
    "r1-r2": {"loss": "relativistic", "penalty.kind": "r1-r2"},
    "minimax": {"loss": "minimax"},
    "non-saturating": {"loss": "non-saturating"},
    "least-squares": {"loss": "least-squares"},
    "wasserstein": {"loss": "wasserstein"},
    "wgan-gp": {"loss": "wasserstein", "penalty.kind": "wgan-gp"},
    "dragan": {"loss": "non-saturating", "penalty.kind": "dragan"},
}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """The paper's ranges; both players share rate and betas. A Wasserstein critic without a
    penalty is clipped."""
    rate = trial.suggest_float("optimizer.generator.lr", 1e-5, 1e-2, log=True)
    beta1 = trial.suggest_float("optimizer.generator.beta1", 0.0, 0.999)
    losses = ["minimax", "non-saturating", "least-squares", "wasserstein", "relativistic"]
    values = {
        "loss": trial.suggest_categorical("loss", losses),
        "optimizer.generator.lr": rate,
        "optimizer.critic.lr": rate,
        "optimizer.generator.beta1": beta1,
        "optimizer.critic.beta1": beta1,
        "training.critic_steps": trial.suggest_categorical("training.critic_steps", [1, 5]),
        "penalty.kind": trial.suggest_categorical(
            "penalty.kind", ["none", "wgan-gp", "dragan", "r1-r2"]
        ),
    }
    if values["penalty.kind"] != "none":
        values["penalty.weight"] = trial.suggest_float("penalty.weight", 0.1, 100.0, log=True)
    elif values["loss"] == "wasserstein":
        values["penalty.clip"] = trial.suggest_float("penalty.clip", 1e-3, 1.0, log=True)
    return values


def _settings() -> list[dict[str, Any]]:
    """Draws from the paper's ranges: log rate, beta1, critic steps, log weight, log clip."""
    draw = random.Random(2018)
    return [
        {
            "optimizer.generator.lr": 10 ** draw.uniform(-5, -2),
            "optimizer.generator.beta1": draw.uniform(0, 0.999),
            "training.critic_steps": draw.choice([1, 5]),
            "penalty.weight": 10 ** draw.uniform(-1, 2),
            "penalty.clip": 10 ** draw.uniform(-3, 0),
        }
        for _ in range(NUM_SETTINGS)
    ]


def _point(setting: dict[str, Any], method: str) -> dict[str, Any]:
    """The setting with the weight or the clip only where the method has one."""
    point = {"penalty.kind": "none", **METHODS[method], **setting}
    if point["penalty.kind"] == "none":
        del point["penalty.weight"]
    if method != "wasserstein":
        del point["penalty.clip"]
    return point


KNOWN_POINTS = {
    f"{number:02d}-{method}": _point(setting, method)
    for number, setting in enumerate(_settings(), start=1)
    for method in METHODS
}
