"""Text to image: which conditioning and loss train stably, and does the generator follow its text?

The captions of `emoji-mini` by its frozen encoder (`python -m lab.text train PACK` makes one of
your own data). Quality alone does not show whether a generator follows its text: R-precision does,
and a run that reaches its target while R-precision stays near chance is `deaf`.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {
    "data.source": "emoji-mini",
    "network.architecture": "dcgan",
    "network.conditional": False,
    "network.text_conditioning": "augmented",
    "network.critic_norm": "spectral",
    "terms.conditioning.weight": 0.1,
    "optimizer.generator.lr": 2e-3,
    "optimizer.critic.lr": 2e-3,
    "optimizer.generator.beta1": 0.0,
    "optimizer.critic.beta1": 0.0,
    "optimizer.generator.beta2": 0.99,
    "optimizer.critic.beta2": 0.99,
    "training.batch_size": 16,
}
PRESETS: dict[str, dict[str, Any]] = {
    "laptop": {
        "data.source": "emoji-mini",
        "network.conditional": False,
        "network.width": 0.375,
        "training.budget_images": 30_000,
        "evaluation.every_images": 10_000,
        "evaluation.num_samples": 1_000,
        "evaluation.extractor": "emoji",
        # The held-out emoji have other meanings than those that train, so that quality, which
        # is 1 at their distance, rises early: .95 stands for a Frechet distance of about 15.
        "stability.target_quality": 0.95,
    },
    "gpu": {
        "data.source": "emoji-mini",
        "evaluation.extractor": "auto",
        "training.batch_size": 64,
        "training.ema_half_life_images": 10_000,
    },
}


SIZES: dict[str, dict[str, Any]] = {
    "laptop": {"trials": 8, "seeds": (1,), "race": 1, "confirm": 2},
}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """The text's weight, the share of wrong texts, conditioning, augmentation, loss and rates."""
    lr = "optimizer.{}.lr"
    conditioning = trial.suggest_categorical("network.text_conditioning", ["plain", "augmented"])
    values: dict[str, Any] = {
        "loss": trial.suggest_categorical("loss", ["hinge", "non-saturating", "least-squares"]),
        "network.text_conditioning": conditioning,
        "terms.conditioning.weight": 0.1 if conditioning == "augmented" else 0.0,
        "terms.alignment.weight": trial.suggest_categorical(
            "terms.alignment.weight", [0.0, 0.1, 0.3, 1.0]
        ),
        "terms.matching.weight": trial.suggest_categorical(
            "terms.matching.weight", [0.0, 0.25, 0.5]
        ),
        "augmentation.kind": trial.suggest_categorical(
            "augmentation.kind", ["none", "diffaugment"]
        ),
    }
    for player in ("generator", "critic"):
        name = lr.format(player)
        values[name] = trial.suggest_float(name, 5e-4, 1e-2, log=True)
    return values


CONTRAST: dict[str, Any] = {
    "loss": "hinge",
    "network.text_conditioning": "augmented",
    "terms.alignment.weight": 0.3,
    "terms.matching.weight": 0.25,
    "augmentation.kind": "none",
    "optimizer.generator.lr": 2e-3,
    "optimizer.critic.lr": 2e-3,
}
KNOWN_POINTS = {
    "contrast": CONTRAST,
    "gan-cls": {**CONTRAST, "terms.alignment.weight": 0.0, "terms.matching.weight": 0.5},
    "projection": {**CONTRAST, "terms.alignment.weight": 0.0, "terms.matching.weight": 0.0},
}
