"""The games of the world-size tests, and what a few steps of each leave behind."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lab.config import CriticNorm, LossName, PenaltyKind, choices
from lab.gan.ranks import Ranks
from tests.gan.games import real_images, small_game

BATCH = 8

NARROW = 1 / 64
"""Width of the networks with most channels: eight of them."""
LOSSES = choices(LossName)
PENALTIES = choices(PenaltyKind)
NORMS = choices(CriticNorm)
EXTRAS: tuple[dict[str, Any], ...] = (
    {},
    {"network.conditional": True},
    {"training.critic_steps": 2, "penalty.every_steps": 3},
    {"training.generator_batch_multiplier": 2},
    {"penalty.clip": 0.05, "optimizer.schedule": "linear"},
)
"""What else changes a step, dealt out over the games in turn."""

MAPPED = f"{Path(__file__).parent / 'terms' / 'mapped_pair.py'}:PAIR"
OWN = f"{Path(__file__).parent / 'terms' / 'own_terms.py'}:Balance"

Values = dict[str, Any]


class Played(NamedTuple):
    """What a game holds after its steps."""

    tensors: dict[str, Tensor]
    """Weights, buffers, averages and Adam's moments."""
    observed: Tensor
    """[steps, signals] float64: losses, logits, accuracy, gradient norms."""


def every_game() -> list[Values]:
    """Every loss with every penalty and every norm, with and without accumulation."""
    return [
        _game(index, loss, kind, norm, passes)
        for index, (loss, kind, norm) in enumerate(product(LOSSES, PENALTIES, NORMS))
        for passes in (1, 2)
        if not (loss == "relativistic" and norm == "batch")
    ]


def some_games() -> list[Values]:
    """Every pair of a loss, a penalty and a norm."""
    chosen = []
    for i, j in product(range(len(LOSSES)), range(len(PENALTIES))):
        norm = NORMS[(i + j) % len(NORMS)]
        if LOSSES[i] == "relativistic" and norm == "batch":
            norm = "spectral"
        chosen.append(_game(i + 2 * j, LOSSES[i], PENALTIES[j], norm, 1 + j % 2))
    # Instead of the one that relativistic and batch norm cannot make.
    chosen.append(_game(0, "hinge", "zero-gp", "batch", 2))
    return chosen


def _game(index: int, loss: str, kind: str, norm: str, passes: int) -> Values:
    values = {"loss": loss, "penalty.kind": kind, "network.critic_norm": norm}
    return {**values, **EXTRAS[index % len(EXTRAS)], "training.accumulate": passes}


def uneven_games() -> list[Values]:
    """Batches that neither the workers nor the passes divide."""
    return [
        {"training.batch_size": 7, "training.accumulate": 3, "penalty.kind": "dragan"},
        {"training.batch_size": 5, "network.critic_norm": "batch", "penalty.kind": "r1-r2"},
        {"training.batch_size": 7, "loss": "relativistic", "penalty.kind": "zero-gp"},
    ]


def styled_and_growing() -> list[Values]:
    """Networks with draws of their own, groups of samples, and stages that fade in."""
    grouped = {"network.minibatch_std": 2, "network.critic_norm": "none"}
    return [
        {
            "network.architecture": "stylegan2-cifar",
            "network.width": NARROW,
            "network.conditional": True,
            "network.style_mixing": 0.9,
            "penalty.kind": "r1",
            "training.accumulate": 2,
            **grouped,
        },
        {
            "network.architecture": "stylegan2",
            "network.width": NARROW,
            "network.mapping_layers": 3,
            "loss": "non-saturating",
        },
        {
            "network.architecture": "progan",
            "network.grow_images": 40,
            "penalty.kind": "wgan-gp",
            "training.accumulate": 2,
            **grouped,
        },
        {"network.architecture": "progan", "network.conditional": True},
        {
            "network.architecture": "stylegan2-cifar",
            "network.width": NARROW,
            "penalty.kind": "r1",
            "penalty.every_steps": 2,
            "terms.path_length.weight": 2,
            "terms.path_length.every_steps": 3,
            "training.lazy": "own",
            "training.accumulate": 2,
            **grouped,
        },
    ]


def other_architectures() -> list[Values]:
    return (
        [
            {"network.architecture": architecture, "network.critic_norm": norm, **extra}
            for architecture in ("sngan-cnn", "sngan-resnet")
            for norm, extra in (
                ("spectral", {}),
                ("batch", {"network.conditional": True}),
                ("weight", {"penalty.kind": "wgan-gp"}),
            )
        ]
        + [
            {"network.architecture": "sagan", "network.conditional": True},
            {"network.architecture": "sagan", "penalty.kind": "r1", "training.accumulate": 2},
            {"network.architecture": "biggan", "training.accumulate": 2},
            {
                "network.architecture": "biggan",
                "network.conditional": True,
                "terms.orthogonal.weight": 1e-4,
            },
        ]
        + new_architectures()
    )


def other_rounds() -> list[Values]:
    """Games by name, lookahead and optimistic descent."""
    unrolled = {"training.game": "unrolled", "training.unrolled_steps": 2}
    return [
        {"training.game": "simultaneous", "training.accumulate": 2},
        {"training.game": "extragradient", "training.accumulate": 2, "penalty.kind": "r1"},
        {"training.game": "extragradient", "network.critic_norm": "batch"},
        {"training.game": "consensus", "penalty.kind": "r1", "penalty.consensus_weight": 0.1},
        {"training.game": "consensus", "network.critic_norm": "batch", "training.batch_size": 7},
        {**unrolled, "penalty.kind": "wgan-gp", "training.critic_steps": 2},
        {**unrolled, "network.critic_norm": "batch", "network.conditional": True},
        {"optimizer.lookahead.steps": 3, "training.accumulate": 2},
        {"optimizer.critic.kind": "optimistic-adam", "optimizer.generator.kind": "optimistic-sgd"},
    ]


def term_games() -> list[Values]:
    """Each term, and packs of images."""
    accumulated = {"training.accumulate": 2}
    doubled = {"training.generator_batch_multiplier": 2}
    fading = {"start": 0.0, "end": 1.0, "until_images": 100}
    falling = {"start": 1.0, "end": 0.5, "until_images": 100}
    return [
        {"terms.lecam.weight": 0.3, "terms.lecam.from_step": 2, **accumulated},
        {"terms.drift.weight": 0.1, "loss": "wasserstein", **accumulated},
        {"terms.label_smoothing.weight": 0.1, "loss": "least-squares", **accumulated},
        {"terms.mode_seeking.weight": 1, "terms.mode_seeking.every_steps": 2, **doubled},
        {"terms.mode_seeking.weight": 0.1, "network.conditional": True, **accumulated},
        {"terms.content.weight": 1, "network.critic_norm": "none", **accumulated},
        {"terms.content.weight": 1, "terms.content.paired": 1, "network.conditional": True},
        {"terms.content.weight": 1, "terms.content.kind": 1, "training.batch_size": 7, **doubled},
        {"terms.path_length.weight": 2, "network.architecture": MAPPED, **doubled},
        {"terms.path_length.weight": 2, "network.architecture": MAPPED, **accumulated},
        {"terms.top_k.weight": 1, "terms.top_k.share": falling, "training.batch_size": 7},
        {"terms.top_k.weight": 0.5, "loss": "relativistic", **doubled},
        {"terms.ac_gan.weight": fading, "network.conditional": True, "network.projection": False},
        {"terms.ac_gan.weight": 1, "network.conditional": True, **accumulated},
        {"terms.own.weight": 1, "terms.own.kind": OWN, **accumulated},
        {"network.pack": 2, "penalty.kind": "r1", **accumulated},
        {"network.pack": 2, "penalty.kind": "wgan-gp", "loss": "relativistic", **doubled},
        {"network.pack": 3, "penalty.kind": "r1-r2", "training.batch_size": 9},
    ]


def variational_games() -> list[Values]:
    """Games with an encoder."""
    vae, vae_gan = {"training.game": "vae"}, {"training.game": "vae-gan"}
    return [
        vae,
        {**vae, "network.conditional": True, "training.accumulate": 2, "training.batch_size": 7},
        {**vae, "vae.likelihood": "gaussian", "vae.encoder_norm": "spectral"},
        {**vae, "training.generator_batch_multiplier": 2, "optimizer.schedule": "linear"},
        {**vae_gan, "training.critic_steps": 2, "training.accumulate": 2},
        {**vae_gan, "network.conditional": True, "penalty.kind": "dragan", "loss": "relativistic"},
        {
            **vae_gan,
            "network.critic_norm": "batch",
            "training.batch_size": 7,
            "training.accumulate": 2,
            "training.generator_batch_multiplier": 2,
            "terms.lecam.weight": 0.3,
        },
    ]


def augmented_games() -> list[Values]:
    """Augmentations, instance noise that decays, and consistency terms.

    A consistency term does not depend on the head's bias. Of the hinge loss neither does the loss
    at first, and Adam would divide what rounding leaves of that gradient by itself.
    """
    twice: Values = {"training.accumulate": 2}
    smooth: Values = {"loss": "non-saturating"}
    return [
        {"augmentation.kind": "diffaugment", "penalty.kind": "r1-r2", **twice},
        {"augmentation.kind": "diffaugment", "augmentation.probability": 0.5},
        {"augmentation.kind": "pipeline", "augmentation.probability": 0.6, "penalty.kind": "r1"},
        {
            "augmentation.kind": "ada",
            "augmentation.adjust_images": 200,
            "augmentation.target_sign": 0.1,
            **twice,
        },
        {
            "augmentation.instance_noise.start": 0.3,
            "augmentation.instance_noise.end": 0.0,
            "augmentation.instance_noise.until_images": 100,
            "penalty.kind": "wgan-gp",
            **twice,
        },
        {**smooth, "terms.bcr.weight": 10.0, "training.critic_steps": 2},
        {**smooth, "terms.zcr.weight": 5.0, "network.conditional": True, **twice},
        {
            **smooth,
            "terms.icr.weight": 10.0,
            "training.generator_batch_multiplier": 2,
            "augmentation.kind": "diffaugment",
        },
    ]


def text_games() -> list[Values]:
    """Texts as conditions: each network that takes them where a class goes, each term on them."""
    plain, augmented = ({"network.text_conditioning": kind} for kind in ("plain", "augmented"))
    twice: Values = {"training.accumulate": 2}
    return [
        {**plain, "terms.matching.weight": 0.5, "penalty.kind": "r1", **twice},
        {
            **augmented,
            "terms.conditioning.weight": 2,
            "text.interpolated": 0.5,
            "training.generator_batch_multiplier": 2,
        },
        {**augmented, "terms.alignment.weight": 1, "terms.alignment.num_wrong": 5, **twice},
        {**plain, "loss": "relativistic", "terms.matching.weight": 0.3, "training.batch_size": 7},
        {**augmented, "network.architecture": "sngan-resnet", "terms.conditioning.weight": 2},
        {
            **augmented,
            "network.architecture": "stylegan2-cifar",
            "network.width": NARROW,
            "network.minibatch_std": 2,
            "network.critic_norm": "none",
            "terms.path_length.weight": 2,
            "terms.path_length.every_steps": 2,
        },
        {
            **augmented,
            "network.architecture": "r3gan",
            "network.width": 0.01,
            "network.critic_norm": "none",
            "loss": "relativistic",
            "penalty.kind": "r1-r2",
        },
    ]


def built_in_games() -> list[Values]:
    """The games of all lists without those of test files, networks first."""
    lists = (
        other_architectures(),
        styled_and_growing(),
        other_rounds(),
        variational_games(),
        augmented_games(),
        term_games(),
        text_games(),
        uneven_games(),
        some_games(),
    )
    every = [values for games in lists for values in games]
    return [one for one in every if not any(".py:" in str(value) for value in one.values())]


def new_architectures() -> list[Values]:
    ramp = {"penalty.weight.start": 1.0, "penalty.weight.end": 0.1}
    r3gan: Values = {
        "network.architecture": "r3gan",
        "network.width": 0.01,
        "network.critic_norm": "none",
        "loss": "relativistic",
        "penalty.kind": "r1-r2",
        "penalty.weight.until_images": 100.0,
        **ramp,
    }
    return [r3gan, {**r3gan, "network.conditional": True, "training.accumulate": 2}]


def name_of(values: Values) -> str:
    return "-".join(str(value).rpartition("/")[2] for value in values.values())


def play(ranks: Ranks, games: list[Values], precision: str, num_steps: int) -> list[Played]:
    """Play so many rounds of every game on these ranks."""
    torch.set_num_threads(1)
    return [_played(ranks, values, precision, num_steps) for values in games]


def _played(ranks: Ranks, values: Values, precision: str, num_steps: int) -> Played:
    game = small_game({"training.batch_size": BATCH, **values}, precision=precision, ranks=ranks)
    source = real_images(game)
    rows = [torch.stack(list(game.step(source).observed)).double() for _ in range(num_steps)]
    ranks.require_agreement(game.tensors())
    tensors = {name: value.clone() for name, value in game.tensors().items()}
    return Played(tensors, torch.stack(rows))


def worst_difference(one: Played, other: Played) -> float:
    """Largest difference of a tensor or observed column, over that column's largest value."""
    assert one.tensors.keys() == other.tensors.keys()
    pairs = [(value, other.tensors[name]) for name, value in one.tensors.items()]
    pairs += zip(one.observed.unbind(1), other.observed.unbind(1), strict=True)
    return max(
        float((a - b).abs().max() / a.abs().max().clamp_min(1e-30))
        for a, b in ((a.double(), b.double()) for a, b in pairs)
    )
