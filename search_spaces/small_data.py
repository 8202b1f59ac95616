"""Few training images: what keeps a critic from memorising them?

500 and 2,000 images, without a remedy and with DiffAugment, ADA, balanced consistency or LeCam:
`--known-only --seeds 5`. Distances are to all training images, as in Karras et al. 2020. At the
published sizes: `--preset gpu`.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {
    "network.architecture": "dcgan",
    "network.critic_norm": "none",
    "loss": "non-saturating",
    "penalty.kind": "r1",
    "training.batch_size": 16,
    "optimizer.generator.lr": 1e-3,
    "optimizer.generator.beta1": 0.0,
    "optimizer.critic.beta1": 0.0,
    "optimizer.generator.beta2": 0.99,
    "optimizer.critic.beta2": 0.99,
    "augmentation.adjust_images": 20_000,
    "terms.lecam.from_step": 100,
}
PRESETS: dict[str, dict[str, Any]] = {
    "laptop": {
        "training.budget_images": 40_000,
        "evaluation.every_images": 4_000,
        "network.conditional": False,
    },
}
PLAIN: dict[str, Any] = {
    "augmentation.kind": "none",
    "terms.bcr.weight": 0.0,
    "terms.lecam.weight": 0.0,
    "penalty.weight": 1.0,
    "optimizer.critic.lr": 1e-3,
}
REMEDIES: dict[str, dict[str, Any]] = {
    "none": {},
    "diffaugment": {"augmentation.kind": "diffaugment"},
    "ada": {"augmentation.kind": "ada"},
    "consistency": {"terms.bcr.weight": 10.0},
    "lecam": {"terms.lecam.weight": 0.3},
}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Number of images, augmentation, consistency, LeCam's weight and the gradient penalty's."""
    choices: dict[str, list[Any]] = {
        "data.limit": [500, 1000, 2000, 4000],
        "augmentation.kind": ["none", "diffaugment", "ada"],
        "terms.bcr.weight": [0.0, 10.0],
        "terms.lecam.weight": [0.0, 0.1, 0.3],
    }
    values = {path: trial.suggest_categorical(path, of) for path, of in choices.items()}
    return values | {
        "penalty.weight": trial.suggest_float("penalty.weight", 0.1, 10.0, log=True),
        "optimizer.critic.lr": trial.suggest_float("optimizer.critic.lr", 2e-4, 5e-3, log=True),
    }


KNOWN_POINTS = {
    f"{limit}-{remedy}": {**PLAIN, "data.limit": limit, **values}
    for limit in (500, 2000)
    for remedy, values in REMEDIES.items()
}
