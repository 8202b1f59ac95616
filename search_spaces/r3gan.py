"""R3GAN (Huang et al. 2024): loss, zero-centred penalties, their weight, rates, beta2 and batch.

The loss and R2 are what the paper takes away in section 2.3: the relativistic loss with R1 alone
diverges on StackedMNIST, the classic one with both penalties drops modes. Rates, penalty weight,
beta2 and the average's half-life follow half a cosine, the published one over 20 million images
(`--set penalty.weight.until_images=N` and so on for another budget).
"""

from __future__ import annotations

from typing import Any

import optuna

from lab.catalogue import AUGMENTATIONS

SCHEDULED = [
    "optimizer.generator.lr",
    "optimizer.critic.lr",
    "optimizer.generator.beta2",
    "optimizer.critic.beta2",
    "penalty.weight",
    "training.ema_half_life_images",
]
AUGMENTED = "pipeline" in AUGMENTATIONS
if AUGMENTED:
    SCHEDULED.append("augmentation.probability")


def _until(images: int) -> dict[str, Any]:
    return {f"{path}.until_images": images for path in SCHEDULED}


def _ramps(rate: float, gamma: float, beta2: float) -> dict[str, Any]:
    """Rates end at a quarter and the weight at a tenth of their start, as in every set-up."""
    ends: dict[str, Any] = {}
    for player in ("generator", "critic"):
        ends |= {
            f"optimizer.{player}.lr.start": rate,
            f"optimizer.{player}.lr.end": rate / 4,
            f"optimizer.{player}.beta2.start": beta2,
            f"optimizer.{player}.beta2.end": 0.99,
        }
    return {**ends, "penalty.weight.start": gamma, "penalty.weight.end": gamma / 10}


BASE: dict[str, Any] = {
    "network.architecture": "r3gan",
    "network.latent_size": 64,
    "network.critic_norm": "none",
    "optimizer.generator.beta1": 0.0,
    "optimizer.critic.beta1": 0.0,
    "training.ema_rampup": 0.0,
    "training.ema_half_life_images.start": 0.0,
    "training.ema_half_life_images.end": 5_000_000,
    **_ramps(2e-4, 0.05, 0.9),
    **{f"{path}.shape": "cosine" for path in SCHEDULED},
    **_until(20_000_000),
}
if AUGMENTED:
    BASE |= {"augmentation.probability.start": 0.0, "augmentation.probability.end": 0.55}

PRESETS: dict[str, dict[str, Any]] = {
    # A step of the laptop's known point takes 0.5 s of a core (width 1 / 12: 1.3 s).
    "laptop": {
        "network.width": 1 / 24,
        "training.budget_images": 6_000,
        "training.ema_half_life_images.end": 1_000,
        "evaluation.every_images": 1_500,
        **_until(6_000),
    },
}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """One rate and one beta2 for both players, as in every set-up of the authors."""
    rate = trial.suggest_float("optimizer.generator.lr.start", 5e-5, 1e-2, log=True)
    gamma = trial.suggest_float("penalty.weight.start", 1e-2, 200.0, log=True)
    beta2 = trial.suggest_categorical("optimizer.generator.beta2.start", [0.9, 0.95, 0.99])
    values = {
        "loss": trial.suggest_categorical("loss", ["relativistic", "non-saturating"]),
        "penalty.kind": trial.suggest_categorical("penalty.kind", ["r1-r2", "r1"]),
        "training.batch_size": trial.suggest_categorical(
            "training.batch_size", [16, 32, 64, 256, 512]
        ),
        **_ramps(rate, gamma, beta2),
    }
    if AUGMENTED:
        values["augmentation.kind"] = trial.suggest_categorical(
            "augmentation.kind", ["none", "pipeline"]
        )
    return values


def _point(rate: float, gamma: float, batch_size: int, augmentation: str) -> dict[str, Any]:
    """The relativistic loss with both penalties."""
    point = {
        "loss": "relativistic",
        "penalty.kind": "r1-r2",
        "penalty.weight.start": gamma,
        "optimizer.generator.lr.start": rate,
        "optimizer.generator.beta2.start": 0.9,
        "training.batch_size": batch_size,
    }
    return {**point, "augmentation.kind": augmentation} if AUGMENTED else point


KNOWN_POINTS = {
    # Small networks and few images want larger rates and smaller batches.
    "laptop": _point(2e-3, 0.5, 16, "none"),
    # The preset CIFAR10 of the authors' code.
    "cifar10": _point(2e-4, 0.05, 512, "pipeline"),
}
