"""Which remedy makes a failing game stable, and at what cost?

Two games that fail for different reasons, `fast` (a plain critic, both rates far too high) and
`few` (500 training images), each alone and with one remedy at a time: `--known-only --seeds 3`.
The page answers with a table of remedies by games: share of stable runs, quality, seconds a run.
At the published sizes: `--preset gpu`.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {}
PRESETS: dict[str, dict[str, Any]] = {
    "laptop": {
        "network.width": 0.25,
        "training.budget_images": 12_000,
        "evaluation.every_images": 2_000,
    },
}
FAST = 8e-3
"""A rate of both players at which the plain game breaks within the budget."""
FADES_UNTIL = 9_000
"""Images seen at which instance noise has gone, at laptop size."""
BASE |= {
    "augmentation.instance_noise.start": 0.0,
    "augmentation.instance_noise.end": 0.0,
    "augmentation.instance_noise.until_images": FADES_UNTIL,
    "augmentation.adjust_images": 20_000,
    "terms.lecam.from_step": 50,
}

PLAIN: dict[str, Any] = {
    "data.limit": None,
    "network.architecture": "dcgan",
    "network.critic_norm": "none",
    "training.batch_size": 16,
    "training.game": "alternating",
    "optimizer.generator.lr": 1e-3,
    "optimizer.critic.lr": 1e-3,
    "optimizer.schedule": "constant",
    "optimizer.lookahead.steps": 0,
    "optimizer.critic.max_grad_norm": None,
    "penalty.kind": "none",
    "augmentation.kind": "none",
    "augmentation.instance_noise.start": 0.0,
    "terms.label_smoothing.weight": 0.0,
    "terms.bcr.weight": 0.0,
    "terms.lecam.weight": 0.0,
    "loss": "non-saturating",
}
GAMES: dict[str, dict[str, Any]] = {
    "fast": {"optimizer.generator.lr": FAST, "optimizer.critic.lr": FAST},
    "few": {"data.limit": 500},
}
REMEDIES: dict[str, dict[str, Any]] = {
    "none": {},
    "low-rates": {"optimizer.generator.lr": 2e-4, "optimizer.critic.lr": 2e-4},
    "two-rates": {"optimizer.generator.lr": 2e-4, "optimizer.critic.lr": 8e-4},
    "decay": {"optimizer.schedule": "linear"},
    "large-batch": {"training.batch_size": 64},
    "spectral-norm": {"network.critic_norm": "spectral"},
    "gradient-clipping": {"optimizer.critic.max_grad_norm": 1.0},
    "wgan-gp": {"penalty.kind": "wgan-gp", "penalty.weight": 10.0},
    "r1": {"penalty.kind": "r1", "penalty.weight": 10.0},
    "r1-r2": {"loss": "relativistic", "penalty.kind": "r1-r2", "penalty.weight": 1.0},
    "instance-noise": {"augmentation.instance_noise.start": 0.5},
    "label-smoothing": {"terms.label_smoothing.weight": 0.1},
    "diffaugment": {"augmentation.kind": "diffaugment"},
    "ada": {"augmentation.kind": "ada"},
    "consistency": {"terms.bcr.weight": 10.0},
    "lecam": {"terms.lecam.weight": 0.3},
    "extragradient": {"training.game": "extragradient"},
    "lookahead": {"optimizer.lookahead.steps": 5},
    "progressive": {"network.architecture": "progan", "network.grow_images": 2_000},
}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Every remedy as a choice of its own, in any combination."""
    choices: dict[str, list[Any]] = {
        "data.limit": [None, 500],
        "network.architecture": ["dcgan", "progan"],
        "network.critic_norm": ["none", "spectral"],
        "training.batch_size": [16, 64],
        "training.game": ["alternating", "extragradient"],
        "optimizer.schedule": ["constant", "linear"],
        "optimizer.lookahead.steps": [0, 5],
        "optimizer.critic.max_grad_norm": [None, 1.0],
        "penalty.kind": ["none", "r1", "r1-r2", "wgan-gp"],
        "augmentation.kind": ["none", "diffaugment", "ada"],
        "augmentation.instance_noise.start": [0.0, 0.5],
        "terms.label_smoothing.weight": [0.0, 0.1],
        "terms.bcr.weight": [0.0, 10.0],
        "terms.lecam.weight": [0.0, 0.3],
    }
    values = {path: trial.suggest_categorical(path, of) for path, of in choices.items()}
    for path in ("optimizer.generator.lr", "optimizer.critic.lr"):
        values[path] = trial.suggest_float(path, 1e-4, 1e-2, log=True)
    values["optimizer.generator.max_grad_norm"] = values["optimizer.critic.max_grad_norm"]
    if values["network.architecture"] == "progan":
        values["network.grow_images"] = trial.suggest_categorical(
            "network.grow_images", [0, 2_000]
        )
    if values["penalty.kind"] != "none":
        values["penalty.weight"] = trial.suggest_float("penalty.weight", 0.1, 100.0, log=True)
    # ADA steers by the sign of a logit, and a smoothed label is a logit's: both need its meaning.
    needs_sign = values["augmentation.kind"] == "ada" or values["terms.label_smoothing.weight"]
    values["loss"] = (
        "non-saturating"
        if needs_sign
        else trial.suggest_categorical("loss", ["non-saturating", "relativistic"])
    )
    return values


def _point(game: str, remedy: str) -> dict[str, Any]:
    point = {**PLAIN, **GAMES[game], **REMEDIES[remedy]}
    if remedy in ("ada", "label-smoothing"):
        del point["loss"]
    return point


KNOWN_POINTS = {f"{game}-{remedy}": _point(game, remedy) for game in GAMES for remedy in REMEDIES}
