"""Variational autoencoders and VAE-GAN: likelihood, beta, rates, size of the code, the encoder.

Points at laptop size are the VAE of Kingma & Welling 2014 with either likelihood, and VAE-GAN of
Larsen et al. 2016. A beta of 0 to 1 over the first part of a run is a warm-up
(`--set vae.beta.start=0 ...`); the range below is of constant weights.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {"training.game": "vae"}
# The samples of a VAE are blurred: .35 at 24 kimg with the point `laptop`, .33 with
# `laptop-gaussian`, and .59 at 12 kimg with `laptop-vae-gan` (November 2026).
PRESETS = {"laptop": {"stability.target_quality": 0.3}}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """One rate for encoder and decoder; sigma, gamma and the critic where the game has them."""
    beta1 = trial.suggest_categorical("optimizer.generator.beta1", [0.0, 0.5, 0.9])
    beta2 = trial.suggest_categorical("optimizer.generator.beta2", [0.9, 0.99, 0.999])
    values = {
        "training.game": trial.suggest_categorical("training.game", ["vae", "vae-gan"]),
        "vae.beta": trial.suggest_float("vae.beta", 0.01, 10.0, log=True),
        "vae.encoder_norm": trial.suggest_categorical(
            "vae.encoder_norm", ["batch", "layer", "none"]
        ),
        "network.latent_size": trial.suggest_categorical("network.latent_size", [8, 16, 32, 64]),
        "optimizer.generator.beta1": beta1,
        "optimizer.generator.beta2": beta2,
        "optimizer.critic.beta1": beta1,
        "optimizer.critic.beta2": beta2,
        "optimizer.generator.lr": trial.suggest_float(
            "optimizer.generator.lr", 1e-4, 1e-2, log=True
        ),
        "training.batch_size": trial.suggest_categorical("training.batch_size", [16, 32, 64, 128]),
    }
    if values["training.game"] == "vae-gan":
        return values | {
            "vae.gamma": trial.suggest_float("vae.gamma", 1e-6, 1.0, log=True),
            "loss": trial.suggest_categorical("loss", ["hinge", "non-saturating"]),
            "optimizer.critic.lr": trial.suggest_float(
                "optimizer.critic.lr", 1e-4, 1e-2, log=True
            ),
        }
    values["vae.likelihood"] = trial.suggest_categorical(
        "vae.likelihood", ["bernoulli", "gaussian"]
    )
    if values["vae.likelihood"] == "gaussian":
        values["vae.sigma"] = trial.suggest_float("vae.sigma", 0.03, 1.0, log=True)
    return values


def _point(
    game: str, rate: float, beta1: float, beta2: float, batch: int, **of_vae: Any
) -> dict[str, Any]:
    """beta 1, batch norm in the encoder, 16 numbers a code, one rate for all networks."""
    return {
        "training.game": game,
        "vae.beta": 1.0,
        "vae.encoder_norm": "batch",
        "network.latent_size": 16,
        "optimizer.generator.beta1": beta1,
        "optimizer.generator.beta2": beta2,
        "optimizer.generator.lr": rate,
        "training.batch_size": batch,
        **{f"vae.{name}": value for name, value in of_vae.items()},
    }


KNOWN_POINTS = {
    "laptop": _point("vae", 4e-3, 0.9, 0.999, 32, likelihood="bernoulli"),
    "laptop-gaussian": _point("vae", 4e-3, 0.9, 0.999, 32, likelihood="gaussian", sigma=0.3),
    "laptop-vae-gan": {
        **_point("vae-gan", 2e-3, 0.0, 0.99, 16, gamma=1e-3),
        "loss": "hinge",
        "optimizer.critic.lr": 2e-3,
    },
}
