"""BigGAN: both rates, betas, batch, critic steps and orthogonal regularisation.

The class-conditional networks of Brock et al. 2019 with hinge loss and spectral norm in both.
Known points are the paper's setting with two rates, the CIFAR setting of
github.com/POSTECH-CVLab/PyTorch-StudioGAN, that of SAGAN, and a small one for a laptop. The
averaged generator's batch-norm statistics are estimated, as the paper does for its samples.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {
    "loss": "hinge",
    "network.architecture": "biggan",
    "network.conditional": True,
    "network.critic_norm": "spectral",
    "network.latent_size": 80,
    "training.ema_statistics": "estimated",
}
PRESETS: dict[str, dict[str, Any]] = {
    # 24 channels in every block.
    "laptop": {"network.width": 0.0625, "training.batch_size": 16},
}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Both players share their betas; their rates are free, as in two-time-scale training."""
    beta1 = trial.suggest_categorical("optimizer.generator.beta1", [0.0, 0.5])
    beta2 = trial.suggest_categorical("optimizer.generator.beta2", [0.9, 0.99, 0.999])
    return {
        "optimizer.generator.lr": trial.suggest_float(
            "optimizer.generator.lr", 2e-5, 5e-3, log=True
        ),
        "optimizer.critic.lr": trial.suggest_float("optimizer.critic.lr", 2e-5, 5e-3, log=True),
        "optimizer.generator.beta1": beta1,
        "optimizer.generator.beta2": beta2,
        "optimizer.critic.beta1": beta1,
        "optimizer.critic.beta2": beta2,
        "training.batch_size": trial.suggest_categorical("training.batch_size", [16, 32, 64, 128]),
        "training.critic_steps": trial.suggest_categorical("training.critic_steps", [1, 2, 5]),
        "terms.orthogonal.weight": trial.suggest_categorical(
            "terms.orthogonal.weight", [0.0, 1e-5, 1e-4, 1e-3]
        ),
    }


def _point(
    rates: tuple[float, float],
    betas: tuple[float, float],
    *,
    batch: int,
    critic_steps: int,
    orthogonal: float = 0.0,
) -> dict[str, Any]:
    """Rates of the generator and the critic, and betas of both."""
    return {
        "optimizer.generator.lr": rates[0],
        "optimizer.critic.lr": rates[1],
        "optimizer.generator.beta1": betas[0],
        "optimizer.generator.beta2": betas[1],
        "training.batch_size": batch,
        "training.critic_steps": critic_steps,
        "terms.orthogonal.weight": orthogonal,
    }


KNOWN_POINTS = {
    "laptop": _point((2e-3, 2e-3), (0.0, 0.99), batch=16, critic_steps=1),
    # StudioGAN's configuration for CIFAR-10.
    "cifar": _point((2e-4, 2e-4), (0.5, 0.999), batch=64, critic_steps=5),
    # Brock et al. 2019, appendix C, at a batch that one device holds.
    "brock": _point((5e-5, 2e-4), (0.0, 0.999), batch=128, critic_steps=2, orthogonal=1e-4),
    # Zhang et al. 2019, section 4.
    "zhang": _point((1e-4, 4e-4), (0.0, 0.9), batch=64, critic_steps=1),
}
