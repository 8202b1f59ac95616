"""One game, its update rules as choices: order of updates, optimizer, lookahead, rates.

The critic has no normalisation and no penalty: the undamped game that simultaneous updates cannot
bring to rest, so that what an update rule does for stability is not done by anything else. Rules:
alternating, simultaneous, extragradient (ExtraAdam), consensus, unrolled; Adam, optimistic Adam,
RMSProp; lookahead over both players.
"""

from __future__ import annotations

from typing import Any

import optuna

BASE: dict[str, Any] = {
    "loss": "non-saturating",
    "network.critic_norm": "none",
    "penalty.kind": "none",
    "training.critic_steps": 1,
}

PRESETS: dict[str, dict[str, Any]] = {"laptop": {"training.batch_size": 16}}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Both players share kind and betas; games that look ahead themselves are played with Adam."""
    games = ["alternating", "simultaneous", "extragradient", "consensus", "unrolled"]
    game = trial.suggest_categorical("training.game", games)
    kind = "adam"
    if game in ("alternating", "simultaneous"):
        kinds = ["adam", "optimistic-adam", "rmsprop"]
        kind = trial.suggest_categorical("optimizer.generator.kind", kinds)
    beta1 = trial.suggest_categorical("optimizer.generator.beta1", [0.0, 0.5])
    beta2 = trial.suggest_categorical("optimizer.generator.beta2", [0.9, 0.99])
    values = {
        "training.game": game,
        "optimizer.generator.kind": kind,
        "optimizer.critic.kind": kind,
        "optimizer.generator.beta1": beta1,
        "optimizer.critic.beta1": beta1,
        "optimizer.generator.beta2": beta2,
        "optimizer.critic.beta2": beta2,
        "optimizer.generator.lr": trial.suggest_float(
            "optimizer.generator.lr", 5e-5, 1e-2, log=True
        ),
        "optimizer.critic.lr": trial.suggest_float("optimizer.critic.lr", 5e-5, 1e-2, log=True),
        "optimizer.lookahead.steps": trial.suggest_categorical(
            "optimizer.lookahead.steps", [0, 5, 50]
        ),
    }
    if game == "consensus":
        values["penalty.consensus_weight"] = trial.suggest_float(
            "penalty.consensus_weight", 1e-3, 10.0, log=True
        )
    if game == "unrolled":
        values["training.unrolled_steps"] = trial.suggest_int("training.unrolled_steps", 1, 5)
    return values


def _point(
    game: str, kind: str = "adam", lookahead: int = 0, rate: float = 1e-3
) -> dict[str, Any]:
    values = {
        "training.game": game,
        "optimizer.generator.beta1": 0.0,
        "optimizer.generator.beta2": 0.99,
        "optimizer.generator.lr": rate,
        "optimizer.critic.lr": rate,
        "optimizer.lookahead.steps": lookahead,
    }
    if game in ("alternating", "simultaneous"):
        values["optimizer.generator.kind"] = kind
    return values


KNOWN_POINTS = {
    "laptop": _point("alternating"),
    "simultaneous": _point("simultaneous"),
    "extra-adam": _point("extragradient"),
    "optimistic": _point("simultaneous", "optimistic-adam"),
    "lookahead": _point("alternating", lookahead=5),
    "consensus": _point("consensus") | {"penalty.consensus_weight": 0.1},
    "unrolled": _point("unrolled") | {"training.unrolled_steps": 2},
}
