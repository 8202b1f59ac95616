"""Which remedy makes a failing game stable, and at what cost?

Two games that fail for different reasons, `fast` (a plain critic, both rates far too high) and
`few` (500 training images), each alone and with one remedy at a time: `--known-only --seeds 3`.
The page answers with a table of remedies by games: share of stable runs, quality, seconds a run.
At the published sizes: `--preset gpu`.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {
    "network.architecture": "dcgan",
    "network.critic_norm": "none",
    "loss": "non-saturating",
    "training.batch_size": 16,
}
PRESETS: dict[str, dict[str, Any]] = {
    "laptop": {"training.budget_images": 12_000, "evaluation.every_images": 2_000},
}
FAST = 8e-3
"""A rate of both players at which the plain game breaks within the budget."""

GAMES: dict[str, dict[str, Any]] = {
    "fast": {"optimizer.generator.lr": FAST, "optimizer.critic.lr": FAST},
    "few": {"data.limit": 500, "optimizer.generator.lr": 1e-3, "optimizer.critic.lr": 1e-3},
}
REMEDIES: dict[str, dict[str, Any]] = {
    "none": {},
    "low-rates": {"optimizer.generator.lr": 2e-4, "optimizer.critic.lr": 2e-4},
    "two-rates": {"optimizer.generator.lr": 2e-4, "optimizer.critic.lr": 8e-4},
    "cosine": {
        "optimizer.generator.lr": {
            "start": 1e-3,
            "end": 1e-5,
            "until_images": 12_000,
            "shape": "cosine",
        },
        "optimizer.critic.lr": {
            "start": 1e-3,
            "end": 1e-5,
            "until_images": 12_000,
            "shape": "cosine",
        },
    },
    "large-batch": {"training.batch_size": 64},
    "spectral-norm": {"network.critic_norm": "spectral"},
    "wgan-gp": {"loss": "wasserstein", "penalty.kind": "wgan-gp"},
    "r1": {"penalty.kind": "r1"},
    "relativistic-r1-r2": {
        "loss": "relativistic",
        "penalty.kind": "r1-r2",
        "penalty.weight": 1.0,
    },
    "gradient-clipping": {
        "optimizer.generator.max_grad_norm": 1.0,
        "optimizer.critic.max_grad_norm": 1.0,
    },
    "instance-noise": {
        "augmentation.instance_noise": {"start": 0.5, "end": 0.0, "until_images": 9_000}
    },
    "label-smoothing": {"terms.label_smoothing.weight": 0.1},
    "diffaugment": {"augmentation.kind": "diffaugment"},
    "ada": {"augmentation.kind": "ada", "augmentation.adjust_images": 20_000},
    "consistency": {"terms.bcr.weight": 10.0},
    "lecam": {"terms.lecam.weight": 0.3, "terms.lecam.from_step": 50},
    "extragradient": {"training.game": "extragradient"},
    "lookahead": {"optimizer.lookahead.steps": 5},
    "progressive": {"network.architecture": "progan", "network.grow_images": 2_000},
}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """A game and a remedy; the remedy's own settings win over the game's."""
    game = trial.suggest_categorical("data.limit", [None, 500])
    values: dict[str, Any] = {**GAMES["fast" if game is None else "few"], "data.limit": game}
    values["optimizer.generator.lr"] = trial.suggest_float(
        "optimizer.generator.lr", 1e-4, 1e-2, log=True
    )
    values["optimizer.critic.lr"] = trial.suggest_float(
        "optimizer.critic.lr", 1e-4, 1e-2, log=True
    )
    choices: dict[str, list[Any]] = {
        "training.batch_size": [16, 64],
        "network.critic_norm": ["none", "spectral"],
        "penalty.kind": ["none", "r1", "wgan-gp"],
        "augmentation.kind": ["none", "diffaugment", "ada"],
        "terms.bcr.weight": [0.0, 10.0],
        "terms.lecam.weight": [0.0, 0.3],
        "training.game": ["alternating", "extragradient"],
    }
    return values | {path: trial.suggest_categorical(path, of) for path, of in choices.items()}


KNOWN_POINTS = {
    f"{game}-{remedy}": {**GAMES[game], **REMEDIES[remedy]}
    for game in GAMES
    for remedy in REMEDIES
}
