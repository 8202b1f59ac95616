"""Variational autoencoders and VAE-GAN: likelihood, beta, rates, size of the code, the encoder.

Points are Kingma & Welling's VAE with either likelihood, VAE-GAN of Larsen et al. 2016, and two
that train well at laptop size. A beta of 0 to 1 over the first part of a run is a warm-up
(`--set vae.beta.start=0 ...`); the range below is of constant weights.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {"training.game": "vae"}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """One rate for encoder and decoder; sigma, gamma and the critic where the game has them."""
    beta1 = trial.suggest_categorical("optimizer.generator.beta1", [0.0, 0.5, 0.9])
    values = {
        "training.game": trial.suggest_categorical("training.game", ["vae", "vae-gan"]),
        "vae.beta": trial.suggest_float("vae.beta", 0.01, 10.0, log=True),
        "vae.encoder_norm": trial.suggest_categorical(
            "vae.encoder_norm", ["batch", "layer", "none"]
        ),
        "network.latent_size": trial.suggest_categorical("network.latent_size", [8, 16, 32, 64]),
        "optimizer.generator.beta1": beta1,
        "optimizer.critic.beta1": beta1,
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


def _vae(rate: float, latent_size: int, batch: int, **of_vae: Any) -> dict[str, Any]:
    return {
        "training.game": "vae",
        "vae.beta": 1.0,
        "vae.encoder_norm": "batch",
        "network.latent_size": latent_size,
        "optimizer.generator.beta1": 0.9,
        "optimizer.generator.lr": rate,
        "training.batch_size": batch,
        **{f"vae.{name}": value for name, value in of_vae.items()},
    }


KNOWN_POINTS = {
    "laptop": _vae(4e-3, 16, 32, likelihood="bernoulli"),
    "laptop-gaussian": _vae(4e-3, 16, 32, likelihood="gaussian", sigma=0.3),
}
