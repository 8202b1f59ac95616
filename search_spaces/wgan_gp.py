"""Wasserstein GANs: which constraint on the critic's slope, how strong, and which rates.

The loss of Arjovsky et al. 2017 with the gradient penalty of Gulrajani et al. 2017, its
zero-centred cousin, or weight clipping; the networks are Miyato et al.'s CNN without spectral
norm. Without a constraint at all the loss is unbounded, so that corner is left out here; the
space `sngan` has it.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {"network.architecture": "sngan-cnn", "loss": "wasserstein"}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Both players share rate ranges and betas; weight and clip ranges are Lucic et al. 2018's."""
    beta1 = trial.suggest_categorical("optimizer.generator.beta1", [0.0, 0.5, 0.9])
    beta2 = trial.suggest_categorical("optimizer.generator.beta2", [0.9, 0.99, 0.999])
    values = {
        "network.critic_norm": trial.suggest_categorical("network.critic_norm", ["none", "layer"]),
        "optimizer.generator.lr": trial.suggest_float(
            "optimizer.generator.lr", 2e-5, 1e-2, log=True
        ),
        "optimizer.critic.lr": trial.suggest_float("optimizer.critic.lr", 2e-5, 1e-2, log=True),
        "optimizer.generator.beta1": beta1,
        "optimizer.generator.beta2": beta2,
        "optimizer.critic.beta1": beta1,
        "optimizer.critic.beta2": beta2,
        "training.batch_size": trial.suggest_categorical("training.batch_size", [16, 32, 64, 128]),
        "training.critic_steps": trial.suggest_categorical("training.critic_steps", [1, 2, 5]),
        "penalty.kind": trial.suggest_categorical("penalty.kind", ["wgan-gp", "zero-gp", "none"]),
    }
    if values["penalty.kind"] == "none":
        values["penalty.clip"] = trial.suggest_float("penalty.clip", 1e-3, 1.0, log=True)
    else:
        values["penalty.weight"] = trial.suggest_float("penalty.weight", 0.1, 100.0, log=True)
    return values


def _point(rate: float, beta1: float, beta2: float, **constraint: Any) -> dict[str, Any]:
    """Five critic steps at batch 64, no normalisation, and one rate for both players."""
    return {
        "network.critic_norm": "none",
        "optimizer.generator.lr": rate,
        "optimizer.critic.lr": rate,
        "optimizer.generator.beta1": beta1,
        "optimizer.generator.beta2": beta2,
        "training.batch_size": 64,
        "training.critic_steps": 5,
        **{f"penalty.{name}": value for name, value in constraint.items()},
    }


KNOWN_POINTS = {
    # Gulrajani et al. 2017, Algorithm 1.
    "gulrajani": _point(1e-4, 0.0, 0.9, kind="wgan-gp", weight=10.0),
    # The same penalty under Miyato et al.'s settings A (stable there) and F (fails there).
    "miyato-a": _point(1e-4, 0.5, 0.9, kind="wgan-gp", weight=10.0),
    "miyato-f": _point(1e-3, 0.9, 0.999, kind="wgan-gp", weight=10.0),
    # Arjovsky et al. 2017, Algorithm 1; they use RMSProp, which Adam without momentum is close to.
    "arjovsky": _point(5e-5, 0.0, 0.99, kind="none", clip=0.01),
}
