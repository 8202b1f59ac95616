"""The DCGAN of Radford et al. 2016: batch norm in the critic against its replacements.

Rates, betas, batch, critic steps, the critic's normalisation and the loss; no gradient penalty.
Kurach et al. 2019 find that batch norm in the critic hurts: this space shows where.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {"network.architecture": "dcgan", "penalty.kind": "none"}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Both players share their betas; losses that batch norm in the critic would mix are out."""
    beta1 = trial.suggest_categorical("optimizer.generator.beta1", [0.0, 0.5, 0.9])
    beta2 = trial.suggest_categorical("optimizer.generator.beta2", [0.9, 0.99, 0.999])
    return {
        "loss": trial.suggest_categorical(
            "loss", ["non-saturating", "minimax", "least-squares", "hinge"]
        ),
        "network.critic_norm": trial.suggest_categorical(
            "network.critic_norm", ["batch", "spectral", "layer", "none"]
        ),
        "optimizer.generator.lr": trial.suggest_float(
            "optimizer.generator.lr", 5e-5, 1e-2, log=True
        ),
        "optimizer.critic.lr": trial.suggest_float("optimizer.critic.lr", 5e-5, 1e-2, log=True),
        "optimizer.generator.beta1": beta1,
        "optimizer.generator.beta2": beta2,
        "optimizer.critic.beta1": beta1,
        "optimizer.critic.beta2": beta2,
        "training.batch_size": trial.suggest_categorical("training.batch_size", [16, 32, 64, 128]),
        "training.critic_steps": trial.suggest_categorical("training.critic_steps", [1, 2, 5]),
    }


def _point(norm: str, rate: float, beta2: float, batch_size: int) -> dict[str, Any]:
    """Non-saturating loss, beta1 0.5, one critic step, and one rate for both players."""
    return {
        "loss": "non-saturating",
        "network.critic_norm": norm,
        "optimizer.generator.lr": rate,
        "optimizer.critic.lr": rate,
        "optimizer.generator.beta1": 0.5,
        "optimizer.generator.beta2": beta2,
        "training.batch_size": batch_size,
        "training.critic_steps": 1,
    }


KNOWN_POINTS = {
    # Small networks and few images want larger rates and smaller batches.
    "laptop": _point("spectral", 2e-3, 0.99, batch_size=32),
    # Radford et al. 2016, section 4.
    "radford": _point("batch", 2e-4, 0.999, batch_size=128),
}
