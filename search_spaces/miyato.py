"""Miyato et al. 2018, section 4.1: seven ways to hold the critic, under six optimizer settings.

The 42 known points are settings A-F (Table 1) with spectral norm, WGAN-GP, weight clipping, batch,
layer and weight norm, and orthonormal regularisation. The networks are the paper's standard CNN
(Table 3), batch 64. At the paper's size, 100,000 generator steps of 5 critic steps on CIFAR-10:
`--known-only --seeds 3 --preset gpu --budget-kimg 32000` (settings B and C, with one critic step,
have had theirs after 6,400 kimg). On a laptop the networks and batches are small (PRESETS), and
the command without --preset and --budget-kimg takes about half an hour.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {
    "network.architecture": "sngan-cnn",
    "training.batch_size": 64,
}
PRESETS: dict[str, dict[str, Any]] = {
    # One run of 24 kimg costs a core 20 to 40 s, so 126 runs half an hour of two cores. Batches
    # of 64 would leave settings A, D, E and F with 75 generator steps.
    "laptop": {
        "network.width": 0.125,
        "training.batch_size": 16,
        "training.budget_images": 24_000,
        "evaluation.every_images": 4_000,
    },
}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """One rate and one pair of betas for both players, as in every setting of the paper.

    Without a normalisation the critic is a Wasserstein one with the gradient penalty of Gulrajani
    et al. 2017 or the clipped weights of Arjovsky et al. 2017; the others play the paper's
    standard loss, the generator's in its non-saturating form (Goodfellow et al. 2014, section 3).
    """
    norm = trial.suggest_categorical(
        "network.critic_norm", ["spectral", "batch", "layer", "weight", "orthonormal", "none"]
    )
    rate = trial.suggest_float("optimizer.generator.lr", 1e-5, 1e-2, log=True)
    beta1 = trial.suggest_categorical("optimizer.generator.beta1", [0.0, 0.5, 0.9])
    beta2 = trial.suggest_categorical("optimizer.generator.beta2", [0.9, 0.999])
    values = {
        "loss": "wasserstein" if norm == "none" else "non-saturating",
        "network.critic_norm": norm,
        "optimizer.generator.lr": rate,
        "optimizer.critic.lr": rate,
        "optimizer.generator.beta1": beta1,
        "optimizer.critic.beta1": beta1,
        "optimizer.generator.beta2": beta2,
        "optimizer.critic.beta2": beta2,
        "training.critic_steps": trial.suggest_categorical("training.critic_steps", [1, 5]),
        "penalty.kind": "none",
    }
    if norm != "none":
        return values
    values["penalty.kind"] = trial.suggest_categorical("penalty.kind", ["wgan-gp", "none"])
    if values["penalty.kind"] == "none":
        values["penalty.clip"] = trial.suggest_float("penalty.clip", 1e-3, 1.0, log=True)
    else:
        values["penalty.weight"] = trial.suggest_float("penalty.weight", 0.1, 100.0, log=True)
    return values


SETTINGS: dict[str, tuple[float, float, float, int]] = {
    "a": (1e-4, 0.5, 0.9, 5),
    "b": (1e-4, 0.5, 0.999, 1),
    "c": (2e-4, 0.5, 0.999, 1),
    "d": (1e-3, 0.5, 0.9, 5),
    "e": (1e-3, 0.5, 0.999, 5),
    "f": (1e-3, 0.9, 0.999, 5),
}
"""Miyato et al. 2018, Table 1: learning rate, beta1, beta2, critic steps a generator step."""

METHODS: dict[str, dict[str, Any]] = {
    "spectral": {"network.critic_norm": "spectral"},
    # Weight 10: Gulrajani et al. 2017, Algorithm 1.
    "wgan-gp": {
        "network.critic_norm": "none",
        "penalty.kind": "wgan-gp",
        "penalty.weight": 10.0,
    },
    # Arjovsky et al. 2017, Algorithm 1.
    "clipping": {"network.critic_norm": "none", "penalty.kind": "none", "penalty.clip": 0.01},
    "batch": {"network.critic_norm": "batch"},
    "layer": {"network.critic_norm": "layer"},
    "weight": {"network.critic_norm": "weight"},
    "orthonormal": {"network.critic_norm": "orthonormal"},
}


def _point(setting: str, method: str) -> dict[str, Any]:
    rate, beta1, beta2, critic_steps = SETTINGS[setting]
    return {
        **METHODS[method],
        "optimizer.generator.lr": rate,
        "optimizer.generator.beta1": beta1,
        "optimizer.generator.beta2": beta2,
        "training.critic_steps": critic_steps,
    }


KNOWN_POINTS = {
    f"{setting}-{method}": _point(setting, method) for setting in SETTINGS for method in METHODS
}
