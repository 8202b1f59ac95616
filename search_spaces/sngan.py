"""Spectral norm or not: rates, betas, batch, critic steps, normalisation, penalty and loss.

The six optimizer settings A-F of Miyato et al. 2018 as known points, with hinge loss and spectral
norm, and one point that trains well at laptop size. The networks are the preset's: the paper's CNN
(Table 3) at full size, a small DCGAN trunk on a laptop. Wasserstein loss with neither penalty nor
normalisation is inside: the search must find what fails, too.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Both players share their betas, as in every setting of Miyato et al."""
    beta1 = trial.suggest_categorical("optimizer.generator.beta1", [0.0, 0.5, 0.9])
    beta2 = trial.suggest_categorical("optimizer.generator.beta2", [0.9, 0.99, 0.999])
    norm = trial.suggest_categorical("network.critic_norm", ["spectral", "layer", "none"])
    losses = ["hinge", "non-saturating", "wasserstein", "least-squares"]
    if norm != "batch":  # `--set network.critic_norm=batch`: it would mix real and fake
        losses.append("relativistic")
    values = {
        "loss": trial.suggest_categorical("loss", losses),
        "network.critic_norm": norm,
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
        "penalty.kind": trial.suggest_categorical(
            "penalty.kind", ["none", "wgan-gp", "r1", "dragan"]
        ),
    }
    if values["penalty.kind"] != "none":
        values["penalty.weight"] = trial.suggest_float("penalty.weight", 0.1, 100.0, log=True)
    return values


def _point(
    rate: float, beta1: float, beta2: float, critic_steps: int, batch: int
) -> dict[str, Any]:
    """Spectral norm, hinge loss, no penalty, and one rate for both players."""
    return {
        "loss": "hinge",
        "network.critic_norm": "spectral",
        "optimizer.generator.lr": rate,
        "optimizer.critic.lr": rate,
        "optimizer.generator.beta1": beta1,
        "optimizer.generator.beta2": beta2,
        "training.batch_size": batch,
        "training.critic_steps": critic_steps,
        "penalty.kind": "none",
    }


# Miyato et al. 2018, Table 1; batch 64 for the critic (section 4).
KNOWN_POINTS = {
    "laptop": _point(2e-3, 0.0, 0.99, critic_steps=1, batch=16),
    "miyato-a": _point(1e-4, 0.5, 0.9, critic_steps=5, batch=64),
    "miyato-b": _point(1e-4, 0.5, 0.999, critic_steps=1, batch=64),
    "miyato-c": _point(2e-4, 0.5, 0.999, critic_steps=1, batch=64),
    "miyato-d": _point(1e-3, 0.5, 0.9, critic_steps=5, batch=64),
    "miyato-e": _point(1e-3, 0.5, 0.999, critic_steps=5, batch=64),
    "miyato-f": _point(1e-3, 0.9, 0.999, critic_steps=5, batch=64),
}
